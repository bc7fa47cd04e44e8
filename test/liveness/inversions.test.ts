/**
 * The ten inversions of the lock order: what lockdep would say of each, whether it deadlocks, and
 * what lockdep cannot see of it. NOTES.md of the spec explains where this is not what was expected.
 */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { lockOrderOf, lockReport } from "../../checker/index.ts";
import { parseExpectations, SCHEME } from "../../cli/expect/format.ts";
import { isKept } from "../../cli/expect/lock-order.ts";
import { stepsHash } from "../../cli/expect/record.ts";
import { replay } from "../../model/ir/index.ts";
import lockOrder from "../../specs/lock-order/spec.ts";

const FILE = new URL("../../specs/lock-order/expect.json", import.meta.url);
const promoted = parseExpectations(readFileSync(FILE, "utf8"), FILE.pathname)["lock-order"];
const orders = promoted?.configs.ci?.lock_order ?? {};

function told(variant?: string) {
  const built = lockOrder.build(variant ? { variant } : {});
  const report = lockReport(built);
  expect(report.complete).toBe(true);
  const kind = lockOrder.variants.find((v) => v.name === variant)?.kind ?? "scheme";
  // Whoever changes what lockdep would say promotes anew: mmrace promote --lock-order.
  const kept = isKept(kind, "ci") ? lockOrderOf(report, stepsHash(built)) : undefined;
  expect(orders[variant ?? SCHEME]).toEqual(kept);
  const { model, edges, cycles, other } = report;
  const runs = [...edges.map((e) => e.witness), ...cycles.map((c) => c.deadlock), other];
  for (const run of runs) if (run) replay(model, "", "", run.moves, undefined, run.start);
  return {
    warns: cycles.filter((c) => c.warns).map((c) => c.edges.map((e) => e.outer).join(" -> ")),
    deadlock: cycles.some((c) => c.deadlock) || other !== undefined,
    blind: [...new Set(cycles.flatMap((c) => (c.deadlock ? c.blind : [])))],
    offCycle: other !== undefined,
  };
}

const NOTIFIER = "mmu_notifier_invalidate_range_start";
const silent = { warns: [], blind: [], offCycle: false };

const PREDICTED: Record<string, Partial<ReturnType<typeof told>>> = {
  m1_mmap_lock_under_resv: { warns: ["resv -> mmap_lock"], deadlock: true },
  m2_alloc_under_notifier_lock: { warns: ["notifier_lock"], deadlock: true },
  m4_resv_in_migrate_to_ram: { ...silent, deadlock: false },
  m5_folio_lock_in_evict: { ...silent, deadlock: false },
  m4_and_m5_resv_and_folio: { warns: [], deadlock: true, blind: ["folio"] },
  m6_alloc_under_signalling_lock: {
    warns: ["hw_lock -> fs_reclaim -> dma_fence_map"],
    deadlock: true,
  },
  m6_not_annotated: { ...silent, deadlock: true, offCycle: true },
  m7_remove_under_notifier_lock: { warns: [`${NOTIFIER} -> notifier_lock`], deadlock: true },
  m8_flush_under_vm_lock: { warns: ["vm_lock -> gc_work"], deadlock: true },
  m9_svms_lock_in_migrate_to_ram: { warns: [], deadlock: true, blind: ["folio"] },
  m10_mmput_under_resv: { warns: ["resv -> mmap_lock"], deadlock: false },
  m10_never_last: { ...silent, deadlock: false },
};

describe("the lock order of SVM drivers", () => {
  it("has no cycle and no deadlock", () => {
    expect(told()).toEqual({ ...silent, deadlock: false });
  });

  it.each(Object.entries(PREDICTED))("%s", (variant, predicted) => {
    const { warns = [], ...others } = predicted;
    const found = told(variant);
    expect(found).toMatchObject(others);
    expect(found.warns.map(turned)).toEqual(warns.map(turned));
  });

  it("m3_vm_lock_in_notifier: with itself, and with every lock outside of the notifier", () => {
    const found = told("m3_vm_lock_in_notifier");
    expect(found).toMatchObject({ deadlock: true, blind: [] });
    expect(found.warns.map(turned)).toContain("vm_lock");
    expect(found.warns.map(turned)).toContain(turned("notifier_lock -> vm_lock"));
  });

  it("knows all variants of the spec", () => {
    const names = [...Object.keys(PREDICTED), "m3_vm_lock_in_notifier"];
    expect(lockOrder.variants.map((v) => v.name).sort()).toEqual(names.sort());
  });
});

/** A cycle from its least class on. */
function turned(cycle: string): string {
  const classes = cycle.split(" -> ");
  const first = classes.indexOf([...classes].sort()[0] as string);
  return [...classes.slice(first), ...classes.slice(0, first)].join(" -> ");
}
