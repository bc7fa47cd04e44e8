/**
 * A driver mirrors an address space: its faults race with the kernel taking pages away.
 *
 * Claim    The collision-retry pattern is enough: an entry of the device page table, or of its TLB,
 *          never outlives the CPU page-table entry that it was copied from, whoever invalidates and
 *          however many.
 * Source   Documentation/mm/hmm.rst, "Address space mirroring implementation and API"; mm/hmm.c;
 *          mm/mmu_notifier.c; include/linux/mmu_notifier.h.
 * Omits    device-private memory (see xe-svm), fork and permissions, huge pages, the CPU TLB,
 *          reclaim, errors other than -EBUSY and -EFAULT, removal of the notifier.
 */
import {
  actor,
  array,
  choose,
  exists,
  goto,
  idle,
  insert_before,
  move_after,
  move_before,
  none,
  remove,
  replace,
  retry,
  routine,
  self,
  set,
  shared,
  size,
  some,
  spec,
  wait,
  when,
} from "mmrace";
import {
  compaction_actor,
  cpu_store,
  device_mmu,
  dontneed_actor,
  down_read,
  Frame,
  folio,
  gpu_flush,
  gpu_store,
  gpu_tlb,
  hmm_range_fault,
  hmm_result,
  migration_entry_is_locked,
  mm_struct,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mmu_interval_set_seq,
  munmap_actor,
  mutex,
  mutex_lock,
  mutex_unlock,
  no_free_while_mapped,
  no_leaked_reference,
  no_lost_page,
  no_stale_gpu_pte,
  Page,
  submit_tlb_flush,
  up_read,
  wait_tlb_flush,
  zap_device_pte,
} from "mmrace/kernel";

const k = shared({
  mm: mm_struct(3),
  folio: array(Frame, folio()),
  gpu: device_mmu(),
  update: mutex(), // driver->update
});

/** driver_mmu_interval_notifier_ops.invalidate() */
const driver_invalidate = (page: Parameters<typeof zap_device_pte>[1]) =>
  routine("driver_invalidate", {}, () => ({
    take_lock: ["take_lock(driver->update)", mutex_lock(k.update)],
    set_seq: ["mmu_interval_set_seq(sub, cur_seq)", mmu_interval_set_seq(k.mm.sub)],
    zap: ["clear the device PTEs of the range", zap_device_pte(k.gpu, page)],
    flush: ["submit the device TLB flush", submit_tlb_flush(k.gpu)],
    flush_wait: ["wait for the device TLB flush", wait_tlb_flush(k.gpu)],
    drop_lock: ["release_lock(driver->update)", mutex_unlock(k.update)],
  }));

/** driver_populate_range(), for the page that the device faulted on. */
const gpu_fault = actor("gpu_fault", { page: Page, pfn: Frame, ret: hmm_result }, (me) => ({
  fault: [
    "the device faults on a page it has no entry for",
    idle(),
    choose(me.page, k.gpu.pte.at(me.page).eq(none)),
  ],
  again: mmu_interval_read_begin(k.mm.sub),
  mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
  range_fault: hmm_range_fault(k.mm, k.folio, me.page, me.pfn, me.ret),
  mmap_read_unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
  check_ret: [
    "if (ret == -EBUSY) goto again; if (ret) return ret",
    when(me.ret.eq("ebusy"), [retry(), goto("again")]),
    when(me.ret.eq("efault"), [mmu_interval_read_end(k.mm.sub), goto("done")]),
  ],
  take_lock: ["take_lock(driver->update)", mutex_lock(k.update)],
  read_retry: [
    "if (mmu_interval_read_retry(sub, seq)) { release_lock(); goto again; }",
    when(mmu_interval_read_retry(k.mm.sub), [mutex_unlock(k.update), goto("again")]),
  ],
  map: ["write the device PTE", set(k.gpu.pte.at(me.page), me.pfn)],
  drop_lock: [
    "release_lock(driver->update)",
    mutex_unlock(k.update),
    mmu_interval_read_end(k.mm.sub),
  ],
}))
  .times(size("gpu_faults"))
  .as("driver_populate_range()");

const munmap = munmap_actor(k.mm, k.folio, driver_invalidate).times(size("munmaps"));

const dontneed = dontneed_actor(k.mm, k.folio, driver_invalidate).times(size("dontneeds"));

const compaction = compaction_actor(k.mm, k.folio, driver_invalidate).times(size("compactions"));

const cpu = cpu_store(k.mm, k.folio);
const tlb = gpu_tlb(k.gpu);
const flush = gpu_flush(k.gpu);
const device = gpu_store(k.gpu, k.mm, k.folio);

export default spec({
  name: "hmm-mirror",
  doc: "a device mirrors an address space with hmm_range_fault()",
  configs: {
    ci: {
      pages: 1,
      sys_frames: 3,
      vram_frames: 0,
      versions: 1,
      gpu_faults: 1,
      munmaps: 1,
      dontneeds: 1,
      compactions: 1,
    },
    deep: {
      pages: 1,
      sys_frames: 3,
      vram_frames: 0,
      versions: 1,
      gpu_faults: 2,
      munmaps: 1,
      dontneeds: 1,
      compactions: 1,
    },
  },
  shared: k,
  actors: { gpu_fault, munmap, dontneed, compaction, cpu, tlb, flush, device },
  always: {
    no_stale_gpu_pte: no_stale_gpu_pte(k.gpu, k.mm),
    migration_entry_is_locked: migration_entry_is_locked(k.mm, k.folio),
    no_free_while_mapped: no_free_while_mapped(k.mm, k.folio),
    no_lost_page: no_lost_page(k.mm, k.folio),
  },
  at_rest: {
    no_leaked_reference: no_leaked_reference(k.mm, k.folio),
  },
  reachable: {
    gpu_maps_a_page: exists(Page, (p) => k.gpu.pte.at(p).ne(none)),
    fault_loses_the_race: some(gpu_fault, (t) =>
      t.at("read_retry").and(k.mm.sub.read.at(t.proc).eq("stale")),
    ),
    fault_waits_for_the_invalidation: some(gpu_fault, (t) => t.at("again.wait_event")),
    fault_meets_a_migration_entry: some(gpu_fault, (t) => t.at("range_fault.entry_wait")),
  },
  mutants: {
    retry_not_checked: {
      from: "M4",
      breaks: "no_stale_gpu_pte",
      change: [remove(gpu_fault, "read_retry")],
    },
    retry_checked_outside_lock: {
      from: "M4",
      breaks: "no_stale_gpu_pte",
      change: [
        remove(gpu_fault, "read_retry"),
        insert_before(gpu_fault, "take_lock", {
          unlocked_retry: [
            "if (mmu_interval_read_retry(sub, seq)) goto again; /* no lock */",
            when(mmu_interval_read_retry(k.mm.sub), [goto("again")]),
          ],
        }),
      ],
    },
    seq_set_after_unlock: {
      from: "M5",
      breaks: "no_stale_gpu_pte",
      change: [move_after(dontneed, "zap.zap.start.cb.set_seq", "zap.zap.start.cb.drop_lock")],
    },
    read_begin_after_snapshot: {
      from: "M6",
      breaks: "no_stale_gpu_pte",
      change: [
        remove(gpu_fault, "again.read_seq"),
        remove(gpu_fault, "again.wait_event"),
        remove(gpu_fault, "range_fault.check_retry"),
        insert_before(gpu_fault, "take_lock", {
          late_read_seq: [
            "seq = mmu_interval_read_begin(sub) /* after hmm_range_fault() */",
            wait(k.mm.sub.seq_is_current.not()),
            set(k.mm.sub.read.at(self), "fresh"),
          ],
        }),
      ],
    },
    tlb_flush_not_awaited: {
      from: "M7",
      breaks: "no_stale_gpu_pte",
      change: [remove(dontneed, "zap.zap.start.cb.flush_wait")],
    },
    zap_before_invalidate_range_start: {
      from: "mm/memory.c: unmap_vmas()",
      breaks: "no_stale_gpu_pte",
      change: [move_before(munmap, "munmap.unmap.zap", "munmap.unmap.start.itree_start")],
    },
    read_begin_under_the_lock: {
      from: "M13",
      breaks: "deadlock",
      change: [
        remove(gpu_fault, "take_lock"),
        insert_before(gpu_fault, "again.read_seq", {
          early_lock: ["take_lock(driver->update) /* too early */", mutex_lock(k.update)],
        }),
        replace(gpu_fault, "check_ret", [
          "if (ret) { release_lock(); goto again or return ret; }",
          when(gpu_fault.me.ret.ne("ok"), [mutex_unlock(k.update)]),
          when(gpu_fault.me.ret.eq("ebusy"), [goto("again")]),
          when(gpu_fault.me.ret.eq("efault"), [mmu_interval_read_end(k.mm.sub), goto("done")]),
        ]),
      ],
    },
    callback_waits_for_the_folio: {
      from: "M12",
      breaks: "deadlock",
      change: [
        insert_before(munmap, "munmap.unmap.start.cb.set_seq", {
          folio_wait: [
            "folio_wait_locked(pfn_folio(pte)) /* under driver->update */",
            wait(
              k.mm.pte
                .at(munmap.me.page)
                .frame.eq(none)
                .or(k.folio.at(k.mm.pte.at(munmap.me.page).frame).lock.owner.eq(none)),
            ),
          ],
        }),
      ],
    },
    entry_restored_before_the_copy: {
      from: "M20",
      breaks: "no_lost_page",
      change: [
        move_after(compaction, "migrate.finalize.copy_write", "migrate.finalize.remove_ptes"),
      ],
    },
    migration_entry_left_behind: {
      from: "M15",
      breaks: "migration_entry_is_locked",
      change: [remove(compaction, "migrate.finalize.remove_ptes")],
    },
    lock_leaked_on_retry: {
      from: "M15",
      breaks: "lock_held_on_exit",
      change: [
        replace(gpu_fault, "read_retry", [
          "if (mmu_interval_read_retry(sub, seq)) goto again; /* lock kept */",
          when(mmu_interval_read_retry(k.mm.sub), [goto("again")]),
        ]),
      ],
    },
  },
});
