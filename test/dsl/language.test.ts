/** The language end to end: what is written becomes IR that means it. */
import {
  actor,
  array,
  block,
  choose,
  each,
  either,
  every,
  exists,
  forall,
  goto,
  insert_after,
  insert_before,
  move_after,
  move_before,
  none,
  oneOf,
  proc,
  range,
  remove,
  replace,
  ret,
  routine,
  type SpecInput,
  scalarset,
  self,
  set,
  shared,
  size,
  spec,
  struct,
  swap,
  wait,
  when,
} from "mmrace";
import { DONE, type Model, resetDeadLocals, validate } from "mmrace/ir";
import { describe, expect, it } from "vitest";
import { check } from "../../checker/index.ts";

const Page = scalarset("Page", size("pages"));
const lock = struct("lock", { owner: proc }, (l) => l.owner.eq(self));
const k = shared({
  cpu_pte: array(Page, oneOf("present", "none")),
  gpu_pte: array(Page, oneOf("none", "mapped")),
  lock,
  n: range(0, 3),
});
const take = () => block(wait(k.lock.owner.eq(none)), set(k.lock.owner, self));
const drop = () => set(k.lock.owner, none);

/** A kernel function with a local, an early return and a loop. */
const callee = () =>
  routine("callee", { n: range(0, 3) }, (me) => ({
    one: ["n = 1", set(me.n, 1), when(k.lock.owner.eq(none), [ret()])],
    two: ["n++", set(me.n, me.n.plus(1)), when(me.n.lt(3), [goto("two")]), ret()],
    never: ["not reached", set(me.n, 0)],
  }));

const fault = actor("fault", { page: Page }, (me) => ({
  start: ["fault", choose(me.page)],
  take: ["lock", take()],
  map: [
    "map what is present",
    when(k.cpu_pte.at(me.page).eq("present"), [set(k.gpu_pte.at(me.page), "mapped")]).otherwise([
      goto("drop"),
    ]),
  ],
  call: callee(),
  drop: ["unlock", drop()],
}));
const zap = actor("zap", { page: Page }, (me) => ({
  start: ["zap", choose(me.page)],
  take: ["lock", take()],
  clear: ["clear", set(k.gpu_pte.at(me.page), "none"), set(k.cpu_pte.at(me.page), "none")],
  drop: ["unlock", drop()],
})).times(size("zappers"));

const safe = forall(Page, (p) =>
  k.gpu_pte.at(p).eq("mapped").implies(k.cpu_pte.at(p).eq("present")),
);
const base: SpecInput = {
  name: "tiny",
  configs: { ci: { pages: 1, zappers: 1 }, deep: { pages: 2, zappers: 2 } },
  shared: k,
  actors: { fault, zap },
  always: { safe, owned: every(fault, (t) => t.at("map").implies(k.lock.owner.eq(t.proc))) },
  reachable: { inside: every(fault, (t) => t.at("call")) },
};

function labels(model: Model, name = "fault"): string[] {
  return model.actors.find((a) => a.name === name)?.steps.map((s) => s.label) ?? [];
}

function built(change: SpecInput["mutants"] = {}, variant?: string): Model {
  const made = spec({ ...base, mutants: change });
  const model = made.build(variant === undefined ? {} : { variant });
  expect(validate(model).filter((d) => d.code !== "MR050")).toEqual([]);
  return model;
}

describe("lowering", () => {
  it("inlines calls under the label of the call", () => {
    const wanted = ["start", "take", "map", "call.one", "call.two", "call.never", "drop"];
    expect(labels(built())).toEqual(wanted);
  });
  it("returns behind the call and names the routine", () => {
    const call = built().actors[0]?.steps.find((s) => s.label === "call.one");
    expect(call?.routine).toEqual(["callee"]);
    expect(JSON.stringify(call?.body)).toContain('{"kind":"goto","label":"drop"}');
  });
  it("gives each call locals of its own", () => {
    expect(built().actors[0]?.locals.map((l) => l.name)).toEqual(["page", "call.n"]);
  });
  it("fills in sizes by configuration", () => {
    const deep = spec(base).build({ config: "deep" });
    expect(deep.scalarsets).toEqual([{ name: "Page", classes: [{ name: "Page", size: 2 }] }]);
    expect(deep.actors.map((a) => a.count)).toEqual([1, 2]);
  });
  it("is the same text each time it is built", () => {
    const made = spec(base);
    expect(JSON.stringify(made.build())).toBe(JSON.stringify(made.build()));
  });
  it("widens the label of a call in a property", () => {
    const wanted = '"labels":["call.one","call.two","call.never"]';
    expect(JSON.stringify(built().reachable)).toContain(wanted);
  });
});

describe("meaning", () => {
  it("holds, with nobody left holding the lock", () => {
    const result = check(resetDeadLocals(built()));
    expect(result.verdict.kind).toBe("holds");
    expect(result.reachable).toEqual([{ name: "inside", reached: true }]);
  });
  it("finds a lock that is held at the end", () => {
    const mutants = { leak: { breaks: "x", change: [remove(zap, "drop")] } };
    const { verdict } = check(built(mutants, "leak"));
    expect(verdict).toMatchObject({ violation: { property: "lock_held_on_exit" } });
  });
  it("explores both outcomes of either, and each runs over every member", () => {
    const s = shared({ seen: array(Page, range(0, 2)), n: range(0, 1) });
    const who = actor("who", {}, () => ({
      go: ["go", either({ ok: [set(s.n, 1)], no: [goto("done")] })],
      all: ["all", each(Page, (p) => [set(s.seen.at(p), s.seen.at(p).plus(1))])],
    }));
    const model = spec({
      name: "each",
      configs: { ci: { pages: 3 } },
      shared: s,
      actors: [who],
      always: { together: forall(Page, (p) => s.seen.at(p).le(s.n)) },
      reachable: { done: exists(Page, (p) => s.seen.at(p).eq(1)) },
    }).build();
    expect(check(model)).toMatchObject({ verdict: { kind: "holds" }, states: 4, findings: [] });
  });
});

describe("changes", () => {
  const labelsAfter = (change: ReturnType<typeof remove>[]): string[] =>
    labels(built({ m: { breaks: "safe", change } }, "m"));
  const bodies = (change: ReturnType<typeof remove>[], label: string): string =>
    JSON.stringify(
      built({ m: { breaks: "safe", change } }, "m").actors[0]?.steps.find((s) => s.label === label),
    );
  const step = ["new", set(k.n, 1)] as const;

  it("remove a step; who went there goes on behind it", () => {
    expect(labelsAfter([remove(fault, "call.never")])).not.toContain("call.never");
    expect(bodies([remove(fault, "drop")], "map")).toContain(`"label":"${DONE}"`);
    expect(bodies([remove(fault, "call.two")], "call.one")).toContain('"label":"drop"');
  });
  it("replace a step under its label", () => {
    expect(bodies([replace(fault, "drop", step)], "drop")).toContain('"text":"new"');
  });
  it("insert before a step: a goto to the step passes the new one", () => {
    const change = [insert_before(fault, "drop", { extra: step })];
    expect(labelsAfter(change).slice(-2)).toEqual(["extra", "drop"]);
    expect(bodies(change, "map")).toContain('"label":"extra"');
  });
  it("insert after a step", () => {
    expect(labelsAfter([insert_after(fault, "take", { extra: step })])[2]).toBe("extra");
    expect(labelsAfter([insert_after(fault, "call.one", { extra: step })])[4]).toBe("call.extra");
  });
  it("move and swap steps", () => {
    expect(labelsAfter([move_before(fault, "drop", "map")])[2]).toBe("drop");
    expect(labelsAfter([move_after(fault, "take", "map")]).slice(1, 3)).toEqual(["map", "take"]);
    expect(labelsAfter([swap(fault, "take", "map")]).slice(1, 3)).toEqual(["map", "take"]);
  });
  it.each([
    ["when the step behind it moves away", [move_before(fault, "drop", "take")], "done"],
    ["when a step moves behind it", [move_after(fault, "take", "call.never")], "take"],
    ["when the step behind it changes places", [swap(fault, "drop", "take")], "take"],
    ["when the step behind it changes places, named first", [swap(fault, "take", "drop")], "take"],
    ["when a step moves in front of what is behind it", [move_before(fault, "map", "drop")], "map"],
  ])("let a call return to what is behind it, %s", (_, change, label) => {
    const model = built({ m: { breaks: "safe", change } }, "m");
    const call = model.actors[0]?.steps.find((s) => s.label === "call.one");
    expect(JSON.stringify(call?.body)).toContain(`{"kind":"goto","label":"${label}"}`);
  });
});
