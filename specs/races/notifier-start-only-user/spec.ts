/**
 * A driver zaps its entries in range_start and has no range_end: a device fault between the
 * callback and the change of the CPU's entry brings the old page back.
 *
 * Claim    After an invalidation has ended, the device does not map the page that was superseded:
 *          the driver's lock is held from start to end, and a device fault looks the page up and
 *          maps it under that lock.
 * Source   merge ea25c4317946 "mmu_notifier fixes" (the general statement); commit 1ed3d2567c80
 *          "drm/amdgpu: keep the MMU lock until the update ends v4": amdgpu_mn_read_lock from
 *          invalidate_range_start to invalidate_range_end, amdgpu_mn_lock in the CS ioctl
 *          (drivers/gpu/drm/amd/amdgpu/amdgpu_mn.c until 5.4).
 * Omits    mmap_lock, which a lookup under the driver's lock wants while others hold it and call
 *          the notifier: why drivers look up before, with a sequence number (mutant
 *          `looks_up_before_the_lock` and variant `looks_up_before_the_lock_and_counts`); nested
 *          starts (see odp-nested-start-rwsem).
 */
import {
  actor,
  claim,
  every,
  goto,
  insert_after,
  insert_before,
  move_before,
  oneOf,
  replace,
  retry,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import {
  down_read,
  down_write,
  kvm_mmu,
  kvm_mmu_invalidate_range_end,
  kvm_mmu_invalidate_range_start,
  mmu_invalidate_retry,
  read_mmu_seq,
  rw_semaphore,
  up_read,
  up_write,
} from "mmrace/kernel";

const Pte = oneOf("none", "old_page", "new_page");

const k = shared({
  mn_lock: rw_semaphore(), // amn->lock
  cpu_pte: Pte.init("old_page"),
  dev_pte: Pte.init("old_page"),
  count: kvm_mmu(), // of one variant only
});

const zap = set(k.dev_pte, "none");

const change = actor("change", {}, () => ({
  lock: ["invalidate_range_start(): amdgpu_mn_read_lock()", down_read(k.mn_lock)],
  zap: ["  wait for the jobs, zap the device PTE", zap],
  set_pte: [
    "wp_page_copy(): ptep_clear_flush(), set_pte_at() of the copy",
    set(k.cpu_pte, "new_page"),
  ],
  end: ["invalidate_range_end(): amdgpu_mn_read_unlock()", up_read(k.mn_lock)],
})).as("mm: copy on write");

const fault = actor("fault", { page: Pte }, (me) => ({
  lock: down_write(k.mn_lock),
  look_up: ["get_user_pages()", set(me.page, k.cpu_pte)],
  map: ["write the device PTE", set(k.dev_pte, me.page)],
  unlock: ["up_write(&amn->lock)", up_write(k.mn_lock)],
})).as("device fault, or CS ioctl");

export default spec({
  name: "notifier-start-only-user",
  doc: "a driver with range_start and without range_end",
  race: {
    year: 2017,
    subsystem: "mmu_notifier users",
    class: "stale device PTE / stale TLB",
  },
  configs: { ci: {} },
  shared: k,
  actors: { change, fault },
  always: {
    superseded_page_is_unmapped: claim(
      "when the invalidation has ended, the device does not map the old page",
      every(change, (c) => c.at("done")).implies(k.dev_pte.ne("old_page")),
    ),
  },
  reachable: {
    fault_waits_for_the_end: some(fault, (f) => f.at("lock.slow")).and(
      some(change, (c) => c.at("set_pte")),
    ),
    fault_maps_the_new_page: k.dev_pte.eq("new_page"),
  },
  bugs: {
    nothing_held_until_the_end: {
      doc: "the callback drops the lock when it returns, and there is no range_end",
      from: "ea25c4317946, 1ed3d2567c80",
      breaks: "superseded_page_is_unmapped",
      order: ["change.zap", "fault.look_up", "fault.map", "change.set_pte", "change.end"],
      change: [
        insert_after(change, "zap", {
          unlock: ["  amdgpu_mn_read_unlock()", up_read(k.mn_lock)],
        }),
        replace(change, "end", ["no invalidate_range_end()"]),
      ],
    },
  },
  mutants: {
    looks_up_before_the_lock: {
      doc: "a page that was looked up before waits for the end of the window, and is mapped",
      from: "Documentation/mm/hmm.rst",
      breaks: "superseded_page_is_unmapped",
      change: [move_before(fault, "look_up", "lock.fast")],
    },
  },
  variants: {
    looks_up_before_the_lock_and_counts: {
      doc: "a count from start to end and a sequence number instead of the lock",
      from: "virt/kvm/kvm_main.c: mmu_invalidate_retry()",
      change: [
        insert_after(change, "zap", { unlock: ["  unlock", up_read(k.mn_lock)] }),
        replace(change, "zap", [
          "invalidate_range_start()",
          kvm_mmu_invalidate_range_start(k.count, [zap]),
        ]),
        replace(change, "end", ["invalidate_range_end()", kvm_mmu_invalidate_range_end(k.count)]),
        move_before(fault, "look_up", "lock.fast"),
        insert_before(fault, "look_up", { read_seq: ["seq", read_mmu_seq(k.count)] }),
        insert_before(fault, "map", {
          retry: [
            "if (mmu_invalidate_retry()) try again",
            when(mmu_invalidate_retry(k.count), [up_write(k.mn_lock), retry(), goto("read_seq")]),
          ],
        }),
      ],
    },
  },
});
