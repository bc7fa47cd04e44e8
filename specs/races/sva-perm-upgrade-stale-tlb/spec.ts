/**
 * A device writes through an SMMU that has cached a read-only translation, and does not hear of the
 * invalidations that CPUs broadcast: the page is made writable, and the device faults on.
 *
 * Claim    A device write ends: when the page-table entry becomes writable, secondary TLBs are told
 *          together with those of the CPUs.
 * Source   series "mmu_notifiers: call invalidate_range() when invalidating TLBs" (2023), kvm list;
 *          include/linux/mmu_notifier.h: mmu_notifier_arch_invalidate_secondary_tlbs;
 *          arch/arm64/include/asm/tlbflush.h: __flush_tlb_page_nosync; mm/memory.c:
 *          handle_pte_fault; drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3-sva.c.
 * Omits    the queue of page requests; the TLBs of CPUs; other entries. That the TLB may drop its
 *          entry by itself, which in practice ended the loop sooner or later.
 */
import {
  actor,
  bool,
  eventually,
  every,
  goto,
  idle,
  not,
  oneOf,
  progress,
  remove,
  retry,
  set,
  shared,
  some,
  spec,
  swap,
  wait,
  when,
} from "mmrace";

const k = shared({
  pte_write: bool,
  smmu_tlb: oneOf("read_only", "none", "writable"),
  page_request: bool,
});

/** A table walk. */
const fill = when(k.pte_write, [set(k.smmu_tlb, "writable")]).otherwise([
  set(k.smmu_tlb, "read_only"),
]);

const device = actor("device", {}, () => ({
  translate: [
    "the SMMU translates a write: from its TLB, or by a table walk",
    when(k.smmu_tlb.eq("none"), [fill]),
    when(k.smmu_tlb.eq("writable"), [progress(), goto("done")]),
  ],
  fault: ["permission fault: the transaction stalls", set(k.page_request, true)],
  resume: [
    "CMD_RESUME: the SMMU tries again",
    wait(not(k.page_request)),
    retry(),
    goto("translate"),
  ],
})).as("a device that writes");

const reader = actor("reader", {}, () => ({
  fill: [
    "another access of the device fills the TLB",
    idle(),
    wait(k.smmu_tlb.eq("none")),
    fill,
    goto("fill"),
  ],
})).fair("none");

const iopf = actor("iopf", { changed: bool }, (me) => ({
  request: ["iommu_sva_handle_mm()", idle(), wait(k.page_request)],
  look: ["handle_pte_fault(): !pte_write(entry)?", set(me.changed, not(k.pte_write))],
  set_access_flags: ["ptep_set_access_flags(): writable", set(k.pte_write, true)],
  flush: [
    "  flush_tlb_page(): mmu_notifier_arch_invalidate_secondary_tlbs()",
    when(me.changed, [set(k.smmu_tlb, "none")]),
  ],
  respond: ["iopf_group_response(): success", set(k.page_request, false), goto("request")],
})).as("I/O page fault handler");

export default spec({
  name: "sva-perm-upgrade-stale-tlb",
  doc: "a page becomes writable, and a device goes on faulting on its cached translation",
  race: {
    year: 2023,
    subsystem: "arm64 SMMU SVA, mmu_notifier",
    class: "livelock / starvation",
  },
  configs: { ci: {} },
  shared: k,
  actors: { device, reader, iopf },
  always: {
    tlb_is_not_ahead_of_the_page_table: k.smmu_tlb.eq("writable").implies(k.pte_write),
  },
  reachable: {
    device_writes: some(device, (d) => d.at("done")),
    reader_fills_in_between: k.smmu_tlb.eq("writable").and(some(iopf, (i) => i.at("respond"))),
  },
  liveness: {
    device_write_ends: eventually(
      every(device, (d) => d.at("done")),
      "the write of the device ends",
    ),
  },
  bugs: {
    secondary_tlb_is_not_told: {
      doc: "the architecture flushes the TLBs of CPUs only; no notifier is called on an upgrade",
      from: "mmu_notifiers: call invalidate_range() when invalidating TLBs",
      breaks: "device_write_ends",
      order: ["device.fault", "iopf.set_access_flags", "iopf.respond", "device.translate"],
      change: [remove(iopf, "flush")],
    },
  },
  mutants: {
    told_before_the_upgrade: {
      doc: "the old entry is cached again, and next time nothing changes, so nobody is told",
      from: "include/linux/pgtable.h: ptep_set_access_flags()",
      breaks: "device_write_ends",
      change: [swap(iopf, "set_access_flags", "flush")],
    },
  },
});
