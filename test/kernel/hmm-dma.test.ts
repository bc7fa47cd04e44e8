/** hmm_dma_map_pfn() and hmm_dma_unmap_pfn(). */
import { actor, choose, type Effect, forall, none, set, shared } from "mmrace";
import { Frame, hmm_dma_map, hmm_dma_map_pfn, hmm_dma_unmap_pfn, Page } from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";

const sizes = { pages: 1, sys_frames: 1, vram_frames: 0, versions: 0 };
const k = shared({ map: hmm_dma_map() });

const user = (between: (pfn: ReturnType<typeof entry>) => Effect[]) =>
  actor("user", { page: Page, frame: Frame }, (me) => {
    const pfn = entry(me.page);
    return {
      found: [
        "hmm_range_fault() found a frame",
        choose(me.page),
        choose(me.frame),
        set(pfn.frame, me.frame),
        set(pfn.valid, true),
      ],
      map: ["hmm_dma_map_pfn()", hmm_dma_map_pfn(k.map, me.page, [])],
      between: ["something happens to the entry", ...between(pfn)],
      again: ["hmm_dma_map_pfn()", hmm_dma_map_pfn(k.map, me.page, [])],
      unmap: ["hmm_dma_unmap_pfn()", hmm_dma_unmap_pfn(k.map, me.page, [])],
    };
  });
const entry = (page: Parameters<typeof k.map.pfn_list.at>[0]) => k.map.pfn_list.at(page);

const nothing_linked = forall(Page, (p) => k.map.iova.at(p).eq(none));
const told = (between: Parameters<typeof user>[0]) =>
  run({ shared: k, sizes, actors: [user(between)], at_rest: { nothing_linked } });

describe("hmm_dma_map", () => {
  it("a page that is mapped is not linked again", () => {
    expect(told((pfn) => [set(pfn.valid, true)])).toMatchObject(holds(6, 5));
  });

  it("a lost HMM_PFN_DMA_MAPPED links twice", () => {
    expect(told((pfn) => [set(pfn.dma_mapped, false)]).verdict).toBe("dma_linked_twice");
  });

  it("a lost HMM_PFN_VALID leaves the address linked", () => {
    expect(told((pfn) => [set(pfn.valid, false)]).verdict).toBe("nothing_linked");
  });
});
