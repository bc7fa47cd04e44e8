/**
 * khugepaged takes page-table entries of a file mapping away without a word to secondary MMUs.
 * Later the page is freed through the rmap, which knows nothing of that mapping any more.
 *
 * Claim    A guest never reaches a freed page, because whoever clears page-table entries, also
 *          khugepaged, does it inside a notifier window.
 * Source   commit f268f6cf875f "mm/khugepaged: invoke MMU notifiers in shmem/file collapse paths"
 *          (CVE-2022-48991); mm/khugepaged.c: collapse_and_free_pmd, retract_page_tables;
 *          mm/rmap.c: try_to_unmap; virt/kvm/kvm_main.c. How the page is freed is not in the
 *          message, which speaks of the use after free only.
 * Omits    mmap_lock, i_mmap_rwsem and the folio lock; the huge page that is mapped instead; the
 *          page table that is freed as well; a page-table-lock section is one step.
 */
import {
  actor,
  bool,
  goto,
  idle,
  insert_after,
  move_before,
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
  kvm_mmu_invalidate_range_end,
  kvm_mmu_invalidate_range_start,
  mmu_invalidate_retry,
  read_mmu_seq,
} from "mmrace/kernel";

const k = shared({
  kvm: kvm_mmu(2),
  pte: bool.init(true), // maps the page
  spte: bool.init(true), // and so does this one
  page_freed: bool,
});

const start = kvm_mmu_invalidate_range_start(k.kvm, [set(k.spte, false)]);
const end = kvm_mmu_invalidate_range_end(k.kvm);

const collapse = actor("collapse", {}, () => ({
  start: ["mmu_notifier_invalidate_range_start()", start],
  clear_pmd: ["collapse_and_free_pmd(): pmdp_collapse_flush()", set(k.pte, false)],
  end: ["mmu_notifier_invalidate_range_end()", end],
})).as("khugepaged");

const reclaim = actor("reclaim", {}, () => ({
  rmap_walk: ["try_to_unmap(): who maps the page?", when(k.pte.not(), [goto("free")])],
  start: ["mmu_notifier_invalidate_range_start()", start],
  clear: ["ptep_clear_flush()", set(k.pte, false)],
  end: ["mmu_notifier_invalidate_range_end()", end],
  free: ["free the page", set(k.page_freed, true)],
}));

const vcpu = actor("vcpu", { present: bool }, (me) => ({
  fault: ["the guest faults", idle(), wait(k.spte.not().and(k.pte))],
  read_seq: ["mmu_seq = kvm->mmu_invalidate_seq", read_mmu_seq(k.kvm)],
  gup: ["__kvm_faultin_pfn()", set(me.present, k.pte)],
  map: [
    "under mmu_lock: if (mmu_invalidate_retry()) try again; set the spte",
    when(mmu_invalidate_retry(k.kvm), [retry(), goto("fault")]),
    set(k.spte, me.present),
    forget_mmu_seq(k.kvm),
    goto("fault"),
  ],
}));

export default spec({
  name: "khugepaged-skips-notifier",
  doc: "khugepaged clears entries that a secondary MMU mirrors",
  race: { year: 2022, subsystem: "mm/khugepaged", class: "use-after-free / lifetime" },
  configs: { ci: {} },
  shared: k,
  actors: { collapse, reclaim, vcpu },
  always: {
    spte_leads_to_no_freed_page: k.spte.and(k.page_freed).not(),
  },
  reachable: {
    page_is_freed_after_the_collapse: k.page_freed.and(some(collapse, (c) => c.at("done"))),
    guest_loses_the_race: some(vcpu, (v) => v.at("map").and(k.kvm.read.at(v.proc).eq("stale"))),
  },
  bugs: {
    collapse_without_a_notifier: {
      doc: "khugepaged clears the entries without a notifier window",
      from: "f268f6cf875f",
      breaks: "spte_leads_to_no_freed_page",
      order: ["collapse.clear_pmd", "reclaim.rmap_walk", "reclaim.free"],
      change: [remove(collapse, "start"), remove(collapse, "end")],
    },
  },
  mutants: {
    window_closes_before_the_clear: {
      doc: "the guest maps the page again before its entry is cleared",
      from: "Documentation/mm/mmu_notifier.rst",
      breaks: "spte_leads_to_no_freed_page",
      change: [move_before(collapse, "end", "clear_pmd")],
    },
    guest_maps_without_retry: {
      doc: "the page may be gone since it was looked up",
      from: "mmu_invalidate_retry()",
      breaks: "spte_leads_to_no_freed_page",
      change: [
        remove(vcpu, "map"),
        insert_after(vcpu, "gup", { map: ["set the spte", set(k.spte, vcpu.me.present)] }),
      ],
    },
  },
});
