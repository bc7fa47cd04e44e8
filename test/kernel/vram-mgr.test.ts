/** Blocks of VRAM go from one owner to the next. */
import {
  actor,
  array,
  choose,
  forall,
  goto,
  type Member,
  none,
  scalarset,
  shared,
  size,
  some,
} from "mmrace";
import { type VramMgr, vram_access, vram_mgr_del, vram_mgr_new } from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";

const Block = scalarset("Block", size("blocks"));
const Bo = scalarset("Bo", { a: 1, b: 1 });
const k = shared({ owner: array(Block, Bo) });
const mgr: VramMgr<Member<"Block">, Member<"Bo">> = {
  blocks: Block,
  owner: (b) => k.owner.at(b),
};
const locals = { bo: Bo, block: Block };
const client = (name: "a" | "b") =>
  actor(name, locals, (me) => ({
    who: ["the client's buffer object", choose(me.bo, me.bo.is(name))],
    alloc: ["xe_ttm_vram_mgr_new()", vram_mgr_new(mgr, me.bo, me.block, [goto("done")])],
    access: ["the GPU writes", vram_access(mgr, me.bo, me.block)],
    free: ["xe_ttm_vram_mgr_del()", vram_mgr_del(mgr, me.bo, me.block)],
  }));
const at_rest = { free: forall(Block, (b) => k.owner.at(b).eq(none)) };
const two = [client("a"), client("b")];

describe("the VRAM allocator", () => {
  it("alone: a chain for each block", () => {
    // who, alloc; then access and free of either block, and the end.
    const one = run({ shared: k, sizes: { blocks: 1 }, actors: [client("a")], at_rest });
    expect(one).toMatchObject(holds(5, 4));
    const either = run({ shared: k, sizes: { blocks: 2 }, actors: [client("a")], at_rest });
    expect(either).toMatchObject(holds(2 + 2 * 2 + 1, 1 + 2 * 3));
  });

  it("one block for two: the second one gets it after the first, or gets none", () => {
    const [a, b] = two as [ReturnType<typeof client>, ReturnType<typeof client>];
    const outcome = run({
      shared: k,
      sizes: { blocks: 1 },
      actors: two,
      at_rest,
      reachable: {
        reused: some(a, (t) => t.at("done")).and(some(b, (t) => t.at("access"))),
        full: some(a, (t) => t.at("access")).and(some(b, (t) => t.at("done"))),
      },
    });
    // 5 * 5 places without the 2 * 2 in which both have the block.
    expect(outcome).toMatchObject({ verdict: "holds", states: 5 * 5 - 2 * 2, findings: [] });
  });

  it("two blocks for two: nobody waits, and nobody meets", () => {
    const outcome = run({ shared: k, sizes: { blocks: 2 }, actors: two, at_rest });
    // Nothing yet, twice; one of two blocks, at two places; the end.
    expect(outcome).toMatchObject({
      verdict: "holds",
      states: 3 * 3 + 2 * (3 * 2 * 2) + 2 * 2 * 2,
    });
  });

  const early = (name: string, after: "access" | "free") =>
    actor("early", locals, (me) => ({
      who: ["the client's buffer object", choose(me.bo, me.bo.is("a"))],
      alloc: ["xe_ttm_vram_mgr_new()", vram_mgr_new(mgr, me.bo, me.block, [goto("done")])],
      free: ["xe_ttm_vram_mgr_del()", vram_mgr_del(mgr, me.bo, me.block)],
      again: [
        name,
        after === "access" ? vram_access(mgr, me.bo, me.block) : vram_mgr_del(mgr, me.bo, me.block),
      ],
    }));

  it.each([
    ["vram_of_another", "access"],
    ["vram_freed_by_stranger", "free"],
  ] as const)("misuse: %s", (rule, after) => {
    const outcome = run({ shared: k, sizes: { blocks: 1 }, actors: [early("again", after)] });
    expect(outcome.verdict).toBe(rule);
  });
});
