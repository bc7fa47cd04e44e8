/** The language end to end: a small spec becomes IR that means what was written. */
import {
  actor,
  array,
  choose,
  every,
  forall,
  goto,
  insert_before,
  move_before,
  none,
  oneOf,
  proc,
  range,
  remove,
  replace,
  ret,
  routine,
  scalarset,
  self,
  set,
  shared,
  size,
  spec,
  wait,
  when,
} from "mmrace";
import { interpret } from "mmrace/ir";
import { describe, expect, it } from "vitest";

const Page = scalarset("Page", size("pages"));
const Pte = oneOf("present", "none");
const k = shared({
  cpu_pte: array(Page, Pte),
  gpu_pte: array(Page, oneOf("none", "mapped")),
  owner: proc,
});
const lock = [wait(k.owner.eq(none)), set(k.owner, self)] as const;
const callee = (x: typeof k.owner) =>
  routine("callee", { n: range(0, 3) }, (me) => ({
    one: ["n = 1", set(me.n, 1), when(x.eq(none), [ret()])],
    two: ["n = 2", set(me.n, 2), goto("one")],
  }));
const fault = actor("fault", { page: Page, pte: Pte }, (me) => ({
  start: ["fault", choose(me.page)],
  take: ["lock", ...lock],
  read: ["read", set(me.pte, k.cpu_pte.at(me.page))],
  map: [
    "map",
    when(me.pte.eq("present"), [set(k.gpu_pte.at(me.page), "mapped")]).otherwise([goto("drop")]),
  ],
  drop: ["unlock", set(k.owner, none)],
  call: callee(k.owner),
}));
const zap = actor("zap", { page: Page }, (me) => ({
  start: ["zap", choose(me.page)],
  take: ["lock", ...lock],
  clear: ["clear", set(k.gpu_pte.at(me.page), "none"), set(k.cpu_pte.at(me.page), "none")],
  drop: ["unlock", set(k.owner, none)],
})).times(size("zappers"));
const s = spec({
  name: "tiny",
  configs: { ci: { pages: 1, zappers: 1 }, deep: { pages: 2, zappers: 2 } },
  shared: k,
  actors: { fault, zap },
  always: {
    safe: forall(Page, (p) => k.gpu_pte.at(p).eq("mapped").implies(k.cpu_pte.at(p).eq("present"))),
    held: every(fault, (t) => t.at("read", "map").implies(k.owner.eq(t.proc))),
  },
  mutants: {
    no_lock: { breaks: "held", change: [remove(fault, "take")] },
    moved: { breaks: "held", change: [move_before(fault, "drop", "read")] },
    ins: { breaks: "held", change: [insert_before(fault, "call.two", { x: ["x", goto("two")] })] },
    rep: { breaks: "held", change: [replace(fault, "map", ["x", set(fault.me.page, none)])] },
  },
});
describe("language", () => {
  it("lowers", () => {
    const m = s.build();
    expect(m.actors[0]?.steps.map((x) => x.label)).toEqual([
      "start",
      "take",
      "read",
      "map",
      "drop",
      "call.one",
      "call.two",
    ]);
    const i = interpret(m);
    expect(i.initialStates().length).toBe(1);
    for (const v of s.variants) s.build({ variant: v.name });
  });
});
