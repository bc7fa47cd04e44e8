/**
 * mmu_interval_read_begin() waits for the end of an epoch, and an epoch lasts while any
 * invalidation of the address space is active.
 *
 * Claim    With finitely many invalidations from outside, every GPU fault ends, and so does every
 *          bind that waits for the lock that the fault holds meanwhile. Without that assumption
 *          invalidations that overlap keep the epoch open for ever (mutant `storm`).
 * Source   mm/mmu_notifier.c: mmu_interval_read_begin, mn_itree_inv_end;
 *          drivers/gpu/drm/drm_gpusvm.c: drm_gpusvm_get_pages, called under the lock of the VM.
 * Omits    what the invalidations do; several intervals (any overlap opens the epoch for all);
 *          mmap_lock: MADV_DONTNEED takes it for read or not at all.
 */
import {
  actor,
  all,
  any,
  eventually,
  every,
  goto,
  idle,
  routine,
  schedule_of,
  shared,
  size,
  some,
  spec,
} from "mmrace";
import {
  mmu_interval_notifier,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_set_seq,
  mmu_notifier_invalidate_range_end,
  mmu_notifier_invalidate_range_start,
  mmu_notifier_subscriptions,
  mutex,
  mutex_lock,
  mutex_unlock,
} from "mmrace/kernel";

const k = shared({
  subs: mmu_notifier_subscriptions(2),
  sub: mmu_interval_notifier(),
  vm_lock: mutex(), // vm->lock
});

const invalidate = routine("invalidate", {}, () => ({
  set_seq: ["mmu_interval_set_seq(); zap, flush", mmu_interval_set_seq(k.sub)],
}));

const gpu_fault = actor("gpu_fault", {}, () => ({
  vm_lock: ["down_write(&vm->lock)", mutex_lock(k.vm_lock)],
  read_begin: mmu_interval_read_begin(k.sub),
  get_pages: [
    "hmm_range_fault(); bind; (the retry is in hmm-range-fault-starvation)",
    mmu_interval_read_end(k.sub),
  ],
  unlock: ["up_write(&vm->lock)", mutex_unlock(k.vm_lock)],
})).as("GPU fault worker");

const bind = actor("bind", {}, () => ({
  vm_lock: ["vm_bind ioctl: down_write(&vm->lock)", mutex_lock(k.vm_lock)],
  unlock: ["up_write(&vm->lock)", mutex_unlock(k.vm_lock)],
})).as("VM_BIND ioctl");

const dontneed = actor("dontneed", {}, () => ({
  call: ["madvise(MADV_DONTNEED)", idle()],
  start: mmu_notifier_invalidate_range_start(k.subs, "MMU_NOTIFY_CLEAR", [invalidate]),
  zap: ["zap_page_range_single()"],
  end: [
    "mmu_notifier_invalidate_range_end()",
    mmu_notifier_invalidate_range_end(k.subs, [k.sub]),
    goto("call"),
  ],
}))
  .times(size("dontneeds"))
  .finite()
  .as("a thread that frees and frees");

export default spec({
  name: "epoch-starvation",
  doc: "GPU faults under a stream of invalidations",
  configs: { ci: { dontneeds: 2 } },
  shared: k,
  actors: { gpu_fault, bind, dontneed },
  always: {
    one_holds_the_vm_lock: any(
      every(gpu_fault, (f) => f.at("get_pages", "unlock").not()),
      every(bind, (b) => b.at("unlock").not()),
    ),
  },
  reachable: {
    fault_waits_under_the_vm_lock: all(
      some(gpu_fault, (f) => f.at("read_begin.wait_event")),
      some(bind, (b) => b.at("vm_lock")),
    ),
  },
  liveness: {
    every_bind_ends: eventually(
      every(bind, (b) => b.at("done")),
      "a bind that waits for the lock of the VM gets it",
    ),
    every_fault_ends: eventually(
      every(gpu_fault, (f) => f.at("done")),
      "every GPU fault ends",
    ),
  },
  mutants: {
    storm: {
      doc: "invalidations that never end",
      from: "C11",
      breaks: "every_bind_ends",
      change: [schedule_of(dontneed, { finite: false })],
    },
  },
});
