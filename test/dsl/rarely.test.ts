/** rarely(): which steps of a call need not be reached, and which still must. */
import { actor, bool, goto, type Routine, rarely, ret, routine, set, shared, when } from "mmrace";
import { describe, expect, it } from "vitest";
import { build, run } from "../kernel/run.ts";

const k = shared({ flag: bool, done: bool });

/** `inner.never` and `never` are out of reach, `last` is not. */
const inner = routine("inner", {}, () => ({
  look: ["if (!flag) return", when(k.flag.not(), [ret()])],
  never: ["never"],
}));
const call = routine("outer", {}, () => ({
  inner,
  look: ["if (!flag) goto last", when(k.flag.not(), [goto("last")])],
  never: ["never"],
  last: ["last", set(k.done, true)],
}));
const made = (routine: Routine) => ({
  shared: k,
  actors: [actor("a", {}, () => ({ call: routine }))],
});
const rare = (routine: Routine) =>
  build(made(routine)).actors.flatMap((a) => a.steps.filter((s) => s.rare).map((s) => s.label));
const unreached = (routine: Routine) => run(made(routine)).findings;

describe("rarely()", () => {
  it("without it, every step must be reached", () => {
    expect(rare(call)).toEqual([]);
    expect(unreached(call)).toEqual([
      "label_never_fired a.call.inner.never",
      "label_never_fired a.call.never",
    ]);
  });

  it("the labels that are named, and all below them", () => {
    expect(rare(rarely(call, "never"))).toEqual(["call.never"]);
    expect(unreached(rarely(call, "never"))).toEqual(["label_never_fired a.call.inner.never"]);
    expect(rare(rarely(call, "inner"))).toEqual(["call.inner.look", "call.inner.never"]);
    expect(unreached(rarely(call, "inner"))).toEqual(["label_never_fired a.call.never"]);
    expect(unreached(rarely(call, "inner", "never"))).toEqual([]);
    expect(rare(rarely(call, "inner.never"))).toEqual(["call.inner.never"]);
  });

  it("no labels: all of them", () => {
    const all = ["inner.look", "inner.never", "look", "never", "last"];
    expect(rare(rarely(call))).toEqual(all.map((label) => `call.${label}`));
  });

  it("changes nothing else: the same states, whether or not the steps are taken", () => {
    const plain = run(made(call));
    const marked = run(made(rarely(call)));
    expect(marked).toEqual({ ...plain, findings: [] });
  });
});
