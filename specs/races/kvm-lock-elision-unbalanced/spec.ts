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
import { claim, eventually, every, move_after, remove, replace, some, spec, wait } from "mmrace";
import { active, end, in_progress, invalidate, k, start, swap, update, vcpu } from "./scheme.ts";

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
