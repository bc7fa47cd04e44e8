/** The GPU's retry fault with XNACK: svm_range_restore_pages(), and the range that it creates. */
import {
  actor,
  choose,
  type Expr,
  either,
  goto,
  idle,
  none,
  type Ref,
  type Routine,
  ret,
  retry,
  routine,
  set,
  size,
  when,
} from "mmrace";
import {
  down_read,
  down_write,
  downgrade_write,
  mmu_interval_notifier_insert,
  mutex_lock,
  mutex_unlock,
  Page,
  type PageOf,
  up_read,
} from "mmrace/kernel";
import { xnack_on } from "./invalidate.ts";
import { ram_to_vram, vram_to_ram } from "./migrate.ts";
import { k } from "./state.ts";
import { result, skip_recover, validate_and_map } from "./validate.ts";

/**
 * svm_range_create_unregistered_range(): under mmap_lock for write and svms->lock. `created` is
 * false when there is no VMA.
 */
export function create_range(page: Expr<PageOf>): Routine {
  const range = k.range.at(page);
  return routine("svm_range_create_unregistered_range", {}, () => ({
    add_to_svms: [
      "svm_range_new(); svm_range_add_to_svms(prange)",
      when(k.mm.vma.at(page).not(), [ret()]),
      set(range.in_svms, true),
    ],
    add_notifier: [
      "svm_range_add_notifier_locked(mm, prange)",
      mmu_interval_notifier_insert(k.mm.subs, range.notifier),
    ],
  }));
}

/** The range of the page, with mmap_lock for read and svms->lock; none when there is no VMA. */
function lookup(page: Expr<PageOf>): Routine {
  const range = k.range.at(page);
  return routine("svm_range_from_addr", {}, () => ({
    mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
    svms_lock: ["mutex_lock(&svms->lock)", mutex_lock(k.svms_lock)],
    from_addr: [
      "prange = svm_range_from_addr(svms, addr, NULL)",
      when(range.in_svms, [ret()]),
      mutex_unlock(k.svms_lock),
    ],
    mmap_read_unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
    mmap_write_lock: down_write(k.mm.mmap_lock),
    svms_lock_again: ["mutex_lock(&svms->lock)", mutex_lock(k.svms_lock)],
    from_addr_again: [
      "prange = svm_range_from_addr(svms, addr, NULL)",
      when(range.in_svms, [goto("downgrade")]),
    ],
    create: create_range(page),
    downgrade: ["mmap_write_downgrade(mm)", downgrade_write(k.mm.mmap_lock)],
  }));
}

const locals = { page: Page, err: result };

/** What differs between a fault of the GPU that has the VRAM and one of another GPU. */
interface Kind {
  gpu: "owner" | "other";
  raised: (page: Expr<PageOf>) => Expr<boolean>;
  migrate: (page: Ref<PageOf>) => Routine;
}

function restore_pages(name: string, { gpu, raised, migrate }: Kind) {
  return actor(name, locals, (me) => {
    const range = k.range.at(me.page);
    return {
      raise: [
        "a retry fault: the GPU's table has no entry",
        idle(),
        choose(me.page, raised(me.page)),
      ],
      lookup: lookup(me.page),
      found: [
        "if (!prange) return -EFAULT",
        set(me.err, "efault"),
        when(range.in_svms.not(), [goto("svms_unlock")]),
      ],
      migrate_lock: ["mutex_lock(&prange->migrate_mutex)", mutex_lock(range.migrate_mutex)],
      skip_recover: [
        "if (svm_range_skip_recover(prange) || !vma_lookup()) return 0",
        when(skip_recover(me.page).or(k.mm.vma.at(me.page).not()), [goto("migrate_unlock")]),
      ],
      migrate: migrate(me.page),
      validate: validate_and_map(me.page, gpu, me.err),
      migrate_unlock: ["mutex_unlock(&prange->migrate_mutex)", mutex_unlock(range.migrate_mutex)],
      svms_unlock: ["mutex_unlock(&svms->lock)", mutex_unlock(k.svms_lock)],
      mmap_read_unlock: [
        "mmap_read_unlock(mm); -EAGAIN: the GPU raises the fault again",
        up_read(k.mm.mmap_lock),
        when(me.err.eq("eagain"), [retry(), goto("lookup")]),
      ],
    };
  });
}

/** best_loc is the faulting GPU, or system memory: the policy is the user's. */
function to_best_location(page: Ref<PageOf>): Routine {
  return routine("svm_range_best_restore_location", {}, () => ({
    best_loc: ["best_loc = the GPU, or system memory", either({ vram: [], ram: [goto("to_ram")] })],
    to_vram: ram_to_vram(page, xnack_on(page)),
    is_in_vram: ["return", ret()],
    to_ram: vram_to_ram(page, xnack_on(page)),
  }));
}

export const gpu_fault = restore_pages("gpu_fault", {
  gpu: "owner",
  raised: (page) => k.gpu.pte.at(page).eq(none),
  migrate: to_best_location,
})
  .times(size("gpu_faults"))
  .as("svm_range_restore_pages()");

/** The other GPU can't map this one's VRAM: the page goes to system memory. */
export const other_gpu_fault = restore_pages("other_gpu_fault", {
  gpu: "other",
  raised: (page) => k.other_gpu_pte.at(page).eq(none),
  migrate: (page) => vram_to_ram(page, xnack_on(page)),
})
  .times(0)
  .as("svm_range_restore_pages()");
