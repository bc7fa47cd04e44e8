/** The device page table and the TLB in front of it. */
import { actor, choose, goto, idle, none, set } from "mmrace";
import {
  complete_tlb_flush,
  fill_tlb,
  no_stale_gpu_pte,
  Page,
  pte_clear,
  submit_tlb_flush,
  wait_tlb_flush,
  zap_device_pte,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";
import { is_mapped, k, setup, sizes } from "./world.ts";

const map = actor("map", { page: Page }, (me) => ({
  map: [
    "write the device PTE",
    choose(me.page, is_mapped(me.page)),
    set(k.gpu.pte.at(me.page), k.mm.pte.at(me.page).frame),
  ],
}));
const fill = actor("fill", { page: Page }, (me) => ({
  fill: [
    "the TLB caches a translation",
    idle(),
    fill_tlb(k.gpu, me.page),
    set(k.gpu.tlb.at(me.page), k.gpu.pte.at(me.page)),
    goto("fill"),
  ],
}));
const flush = actor("flush", {}, () => ({
  flush: ["the flush completes", idle(), complete_tlb_flush(k.gpu), goto("flush")],
}));
const locals = { page: Page };
const zap = actor("zap", locals, (me) => ({
  zap: [
    "clear the device PTE",
    choose(me.page, k.gpu.pte.at(me.page).ne(none)),
    zap_device_pte(k.gpu, me.page),
  ],
  submit: ["submit the flush", submit_tlb_flush(k.gpu)],
  wait: ["wait for the flush", wait_tlb_flush(k.gpu)],
  unmap: ["ptep_get_and_clear()", pte_clear(k.mm.pte.at(me.page))],
}));
const hasty = actor("hasty", locals, (me) => ({
  zap: [
    "clear the device PTE",
    choose(me.page, k.gpu.pte.at(me.page).ne(none)),
    zap_device_pte(k.gpu, me.page),
  ],
  submit: ["submit the flush", submit_tlb_flush(k.gpu)],
  unmap: ["ptep_get_and_clear()", pte_clear(k.mm.pte.at(me.page))],
}));
const always = { no_stale_gpu_pte: no_stale_gpu_pte(k.gpu, k.mm) };
const one_frame = { ...sizes, sys_frames: 1 };

describe("device MMU", () => {
  it("zap, flush, wait: nothing is left behind", () => {
    const actors = [setup("present"), map, fill, flush, zap];
    // Nothing; set up. Mapped, zapped, submitted: each with and without a TLB entry. Flushed,
    // waited, unmapped: without.
    const chain = 2 + 3 * 2 + 3;
    const outcome = run({ shared: k, sizes: one_frame, actors, always });
    expect(outcome).toMatchObject({ verdict: "holds", states: chain, findings: [] });
  });

  it("a translation that is cached survives a flush that nobody waits for", () => {
    const actors = [setup("present"), map, fill, flush, hasty];
    const outcome = run({ shared: k, sizes: one_frame, actors, always });
    expect(outcome).toMatchObject({
      verdict: "no_stale_gpu_pte",
      steps: ["setup.map", "map.map", "fill.fill", "hasty.zap", "hasty.submit", "hasty.unmap"],
    });
  });

  it("a device that never answers: deadlock", () => {
    const actors = [setup("present"), map, zap];
    expect(run({ shared: k, sizes: one_frame, actors, always }).verdict).toBe("deadlock");
  });

  it("a fill needs an entry, and happens once", () => {
    const actors = [setup("present"), fill];
    const outcome = run({ shared: k, sizes: one_frame, actors, always });
    expect(outcome).toMatchObject({ ...holds(2, 1), findings: ["label_never_fired fill.fill"] });
  });
});
