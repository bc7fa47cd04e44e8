/**
 * An invalidation takes mmu_lock, and counts itself, only where a memslot is hit; a memslot that
 * goes or comes between its start and its end unbalances the count.
 *
 * Claim    mmu_invalidate_in_progress goes up and down in pairs, and a fault of the guest ends:
 *          memslots change only while no invalidation is between its start and its end.
 * Source   commit 52ac8b358b0c "KVM: Block memslot updates across range_start() and range_end()",
 *          without which 071064f14d87 "KVM: Don't take mmu_lock for range invalidation unless
 *          necessary" would do this; virt/kvm/kvm_main.c: kvm_handle_hva_range,
 *          kvm_mmu_notifier_invalidate_range_start, kvm_mmu_notifier_invalidate_range_end,
 *          kvm_swap_active_memslots; include/linux/kvm_host.h: mmu_invalidate_retry.
 * Omits    mn_invalidate_lock (a section under it is one step), rcuwait (the wait for a condition);
 *          slots_lock: one updater, who deletes a memslot and creates it again; the range that
 *          mmu_invalidate_retry_gfn() compares; gfn_to_pfn caches; obsolete roots, which x86
 *          checks besides since 5.16; the first form of the fix, an rwsem from start to end, which
 *          deadlocks as in odp-nested-start-rwsem.
 */
import {
  actor,
  assert,
  claim,
  eventually,
  every,
  goto,
  move_after,
  oneOf,
  progress,
  range,
  remove,
  replace,
  retry,
  set,
  shared,
  some,
  spec,
  wait,
  when,
} from "mmrace";
import {
  forget_mmu_seq,
  kvm_mmu,
  kvm_mmu_invalidate_range_end,
  kvm_mmu_invalidate_range_start,
  mmu_invalidate_retry,
  read_mmu_seq,
  srcu_read_lock,
  srcu_read_unlock,
  srcu_struct,
  synchronize_srcu,
} from "mmrace/kernel";

const Pte = oneOf("none", "old_page", "new_page");

const k = shared({
  kvm: kvm_mmu(2),
  srcu: srcu_struct(), // kvm->srcu
  memslot: oneOf("valid", "invalid", "none"), // invalid ones are found by notifiers
  mn_active_invalidate_count: range(0, 2),
  cpu_pte: Pte.init("old_page"),
  spte: Pte,
});

const active = k.mn_active_invalidate_count;
const in_progress = k.kvm.mmu_invalidate_in_progress;
const zap = set(k.spte, "none");

const start = kvm_mmu_invalidate_range_start(k.kvm, [zap]);
const never_negative = assert("count_underflows", in_progress.gt(0), "an end without a start");
const end = [never_negative, kvm_mmu_invalidate_range_end(k.kvm)];

const invalidate = actor("invalidate", {}, () => ({
  inc: ["invalidate_range_start(): mn_active_invalidate_count++", set(active, active.plus(1))],
  start: [
    "  kvm_handle_hva_range(): under mmu_lock, if there is a memslot",
    when(k.memslot.ne("none"), [start]),
  ],
  set_pte: ["the mm changes its entry", set(k.cpu_pte, "new_page")],
  end: [
    "invalidate_range_end(): kvm_handle_hva_range(): the same",
    when(k.memslot.ne("none"), end),
  ],
  dec: ["  --mn_active_invalidate_count; rcuwait_wake_up()", set(active, active.minus(1))],
}))
  .times(2)
  .as("mm: invalidation");

const swap = (memslot: "valid" | "invalid" | "none") => set(k.memslot, memslot);

const update = actor("update", {}, () => ({
  invalid: [
    "kvm_invalidate_memslot(): kvm_swap_active_memslots(): wait, rcu_assign_pointer()",
    wait(active.eq(0)),
    swap("invalid"),
  ],
  synchronize: synchronize_srcu(k.srcu),
  flush: ["kvm_arch_flush_shadow_memslot()", zap],
  delete: [
    "kvm_delete_memslot(): kvm_swap_active_memslots(): wait, rcu_assign_pointer()",
    wait(active.eq(0)),
    swap("none"),
  ],
  create: [
    "kvm_create_memslot(): kvm_swap_active_memslots(): wait, rcu_assign_pointer()",
    wait(active.eq(0)),
    swap("valid"),
  ],
})).as("KVM_SET_USER_MEMORY_REGION");

const vcpu = actor("vcpu", { page: Pte }, (me) => ({
  srcu_lock: ["vcpu_run(): kvm_vcpu_srcu_read_lock()", srcu_read_lock(k.srcu)],
  read_seq: ["kvm_mmu_faultin_pfn(): mmu_seq = mmu_invalidate_seq", read_mmu_seq(k.kvm)],
  find_slot: [
    "  kvm_vcpu_gfn_to_memslot(): a valid memslot, or no page",
    when(k.memslot.ne("valid"), [goto("again")]),
  ],
  get_pfn: ["  hva_to_pfn()", set(me.page, k.cpu_pte)],
  map: [
    "under mmu_lock: mmu_invalidate_retry(), or write the SPTE",
    when(mmu_invalidate_retry(k.kvm), [goto("again")]),
    set(k.spte, me.page),
    progress(),
    forget_mmu_seq(k.kvm),
  ],
  srcu_unlock: ["kvm_vcpu_srcu_read_unlock()", srcu_read_unlock(k.srcu), goto("done")],
  again: [
    "RET_PF_RETRY, or MMIO without a memslot: kvm_vcpu_srcu_read_unlock(); the guest tries again",
    srcu_read_unlock(k.srcu),
    forget_mmu_seq(k.kvm),
    retry(),
    goto("srcu_lock"),
  ],
})).as("vCPU");

export default spec({
  name: "kvm-lock-elision-unbalanced",
  doc: "a memslot is deleted between the start and the end of an invalidation",
  race: { year: 2021, subsystem: "KVM", class: "leaked count or reference (hang)" },
  configs: { ci: {} },
  shared: k,
  actors: { invalidate, update, vcpu },
  always: {
    no_stale_spte: claim(
      "when the invalidations have ended, the guest does not map the old page",
      every(invalidate, (i) => i.at("done")).implies(k.spte.ne("old_page")),
    ),
    spte_only_of_a_memslot: k.memslot.eq("none").implies(k.spte.eq("none")),
  },
  reachable: {
    update_waits: some(update, (u) => u.at("delete")).and(active.gt(0)),
    invalidation_without_a_lock: k.memslot.eq("none").and(some(invalidate, (i) => i.at("end"))),
    guest_maps_the_old_page: k.spte.eq("old_page"),
    fault_tries_again: some(vcpu, (v) => v.at("map")).and(in_progress.gt(0)),
  },
  liveness: {
    fault_ends: eventually(
      every(vcpu, (v) => v.at("done")),
      "the fault of the guest maps the page",
    ),
  },
  bugs: {
    deleted_between_start_and_end: {
      doc: "the deletion does not wait: the end finds no memslot, and the count stays raised",
      from: "52ac8b358b0c",
      breaks: "fault_ends",
      order: ["invalidate.start", "update.delete", "invalidate.end", "update.create", "vcpu.again"],
      change: [
        replace(update, "invalid", ["install_new_memslots()", swap("invalid")]),
        replace(update, "delete", ["install_new_memslots()", swap("none")]),
      ],
    },
    created_between_start_and_end: {
      doc: "the creation does not wait: the end counts down what the start has not counted",
      from: "52ac8b358b0c",
      breaks: "count_underflows",
      order: ["invalidate.start", "update.create", "invalidate.end"],
      change: [replace(update, "create", ["install_new_memslots()", swap("valid")])],
    },
  },
  mutants: {
    waits_for_one_of_two: {
      doc: "the update goes on while one invalidation is left",
      from: "kvm_swap_active_memslots()",
      breaks: "fault_ends",
      change: [
        replace(update, "delete", ["kvm_swap_active_memslots()", wait(active.lt(2)), swap("none")]),
      ],
    },
    counted_after_the_walk: {
      doc: "an update comes between the walk and the count that should block it",
      from: "kvm_mmu_notifier_invalidate_range_start()",
      breaks: "count_underflows",
      change: [move_after(invalidate, "inc", "start")],
    },
    does_not_synchronize: {
      doc: "a fault that has found the memslot maps it when it is gone",
      from: "kvm_swap_active_memslots()",
      breaks: "spte_only_of_a_memslot",
      change: [remove(update, "synchronize.start"), remove(update, "synchronize.wait")],
    },
  },
  variants: {
    lock_is_always_taken: {
      doc: "before locks were elided: the count changes whether or not there is a memslot",
      from: "071064f14d87",
      change: [
        replace(invalidate, "start", ["invalidate_range_start(): under mmu_lock", start]),
        replace(invalidate, "end", ["invalidate_range_end(): under mmu_lock", ...end]),
        replace(update, "invalid", ["install_new_memslots()", swap("invalid")]),
        replace(update, "delete", ["install_new_memslots()", swap("none")]),
        replace(update, "create", ["install_new_memslots()", swap("valid")]),
      ],
    },
  },
});
