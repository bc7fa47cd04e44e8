/**
 * Reclaim takes a page away, and tells the secondary MMU only after it has dropped the page-table
 * lock.
 *
 * Claim    The CPU and the secondary MMU never see different pages at one address, because the
 *          notifier window opens before the page-table entry is cleared.
 * Source   commits 369ea8242c0f "mm/rmap: update to new mmu_notifier semantic v2" and ea25c4317946
 *          (merge "mmu_notifier fixes"), for c7ab0d2fdc84; mm/rmap.c: try_to_unmap_one;
 *          virt/kvm/kvm_main.c. The documented interleaving ends with the late invalidate_page();
 *          the counterexample ends before it, at the moment when two pages are visible.
 * Omits    the folio lock and the rmap walk; the TLB of the CPU, which is flushed with the entry;
 *          what becomes of the old page.
 */
import {
  actor,
  all,
  claim,
  goto,
  idle,
  insert_after,
  move_before,
  oneOf,
  remove,
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
  kvm_mmu_invalidate_page,
  kvm_mmu_invalidate_range_end,
  kvm_mmu_invalidate_range_start,
  mmu_invalidate_retry,
  page_table_lock,
  read_mmu_seq,
  spin_lock,
  spin_unlock,
} from "mmrace/kernel";

/** What an entry leads to. */
const Pte = oneOf("none", "old_page", "new_page");

const k = shared({
  kvm: kvm_mmu(),
  ptl: page_table_lock(),
  pte: Pte.init("old_page"),
  spte: Pte.init("old_page"),
});

const zap_spte = set(k.spte, "none");

const reclaim = actor("reclaim", {}, () => ({
  start: [
    "mmu_notifier_invalidate_range_start()",
    kvm_mmu_invalidate_range_start(k.kvm, [zap_spte]),
  ],
  ptl_lock: ["page_vma_mapped_walk(): spin_lock(ptl)", spin_lock(k.ptl)],
  clear: ["ptep_clear_flush()", set(k.pte, "none")],
  ptl_unlock: ["page_vma_mapped_walk_done(): spin_unlock(ptl)", spin_unlock(k.ptl)],
  end: ["mmu_notifier_invalidate_range_end()", kvm_mmu_invalidate_range_end(k.kvm)],
})).as("try_to_unmap_one()");

const cpu_fault = actor("cpu_fault", {}, () => ({
  fault: ["the CPU faults", idle(), wait(k.pte.eq("none"))],
  ptl_lock: ["do_anonymous_page(): spin_lock(ptl)", spin_lock(k.ptl)],
  set_pte: ["set_pte_at() of a new page", set(k.pte, "new_page")],
  ptl_unlock: ["spin_unlock(ptl)", spin_unlock(k.ptl)],
}));

const guest_fault = actor("guest_fault", { pfn: Pte }, (me) => ({
  fault: ["the guest faults", idle(), wait(k.spte.eq("none"))],
  read_seq: ["mmu_seq = kvm->mmu_invalidate_seq", read_mmu_seq(k.kvm)],
  gup: ["__kvm_faultin_pfn()", set(me.pfn, k.pte)],
  map: [
    "under mmu_lock: if (mmu_invalidate_retry()) try again; set the spte",
    when(mmu_invalidate_retry(k.kvm), [retry(), goto("fault")]),
    set(k.spte, me.pfn),
    forget_mmu_seq(k.kvm),
  ],
})).as("vCPU");

export default spec({
  name: "invalidate-page-after-ptl",
  doc: "the secondary MMU hears of a cleared entry only after the page-table lock was dropped",
  race: {
    year: 2017,
    subsystem: "mm/rmap, mmu_notifier",
    class: "stale device PTE / stale TLB",
  },
  configs: { ci: {} },
  shared: k,
  actors: { reclaim, cpu_fault, guest_fault },
  always: {
    one_page_at_one_address: claim(
      "the CPU and the secondary MMU do not lead to different pages",
      all(k.pte.eq("new_page"), k.spte.eq("old_page")).not(),
    ),
  },
  reachable: {
    guest_maps_the_new_page: k.spte.eq("new_page"),
    guest_loses_the_race: some(guest_fault, (g) =>
      g.at("map").and(k.kvm.read.at(g.proc).eq("stale")),
    ),
  },
  bugs: {
    invalidate_page_after_the_ptl: {
      doc: "mmu_notifier_invalidate_page() instead of a window, after the lock was dropped",
      from: "ea25c4317946, c7ab0d2fdc84",
      breaks: "one_page_at_one_address",
      order: ["reclaim.clear", "reclaim.ptl_unlock", "cpu_fault.set_pte"],
      change: [
        remove(reclaim, "start"),
        remove(reclaim, "end"),
        insert_after(reclaim, "ptl_unlock", {
          invalidate_page: [
            "mmu_notifier_invalidate_page()",
            kvm_mmu_invalidate_page(k.kvm, [zap_spte]),
          ],
        }),
      ],
    },
  },
  mutants: {
    window_closes_before_the_clear: {
      doc: "the guest maps the old page again before its entry is cleared",
      from: "Documentation/mm/mmu_notifier.rst",
      breaks: "one_page_at_one_address",
      change: [move_before(reclaim, "end", "ptl_lock")],
    },
    guest_maps_without_retry: {
      doc: "the page may be gone since it was looked up",
      from: "mmu_invalidate_retry()",
      breaks: "one_page_at_one_address",
      change: [
        remove(guest_fault, "map"),
        insert_after(guest_fault, "gup", {
          map: ["set the spte", set(k.spte, guest_fault.me.pfn)],
        }),
      ],
    },
  },
});
