/** retry() and progress(): of which ways out of a step they are, when some come before them. */
import { actor, bool, goto, progress, retry, set, shared, when } from "mmrace";
import { expect, it } from "vitest";
import { marksOf, PROGRESS, RETRY } from "../../model/ir/index.ts";
import { build } from "../kernel/run.ts";

const k = shared({ busy: bool, served: bool });

/** Marks of the step `look` of an actor with the steps look, again, out: to each of them. */
function marks(made: ReturnType<typeof actor>): Record<string, number> {
  const [lowered] = build({ shared: k, actors: [made] }).actors;
  if (!lowered) throw new Error("no actor");
  const found = marksOf(lowered);
  const labels = [...lowered.steps.map((s) => s.label), "done"];
  return Object.fromEntries(labels.map((label, to) => [label, found[to] as number]));
}

it("of all of them, where every way out comes by", () => {
  const made = actor("a", {}, () => ({
    look: ["look", progress(), when(k.busy, [goto("again")]), set(k.served, true), goto("out")],
    again: ["again"],
    out: ["out"],
  }));
  expect(marks(made)).toEqual({ look: PROGRESS, again: PROGRESS, out: PROGRESS, done: PROGRESS });
});

it("not of a goto before it", () => {
  const made = actor("a", {}, () => ({
    look: ["look", when(k.busy, [goto("again")]), set(k.served, true), progress(), goto("out")],
    again: ["again"],
    out: ["out"],
  }));
  expect(marks(made)).toEqual({ look: 0, again: 0, out: PROGRESS, done: 0 });
});

it("nor of one that is a retry", () => {
  const made = actor("a", {}, () => ({
    look: ["look", when(k.busy, [retry(), goto("again")]), progress(), goto("out")],
    again: ["again"],
    out: ["out"],
  }));
  expect(marks(made)).toEqual({ look: 0, again: RETRY, out: PROGRESS, done: 0 });
});

it("of every goto behind it", () => {
  const made = actor("a", {}, () => ({
    look: [
      "look",
      when(k.served, [goto("out")]),
      retry(),
      when(k.busy, [goto("again")]),
      goto("look"),
    ],
    again: ["again"],
    out: ["out"],
  }));
  expect(marks(made)).toEqual({ look: RETRY, again: RETRY, out: 0, done: 0 });
});

it("behind a goto, and with no goto at the end of the step, it can't be said", () => {
  const made = actor("a", {}, () => ({
    look: ["look", when(k.busy, [retry(), goto("out")]), set(k.served, true), progress()],
    out: ["out"],
  }));
  expect(() => marks(made)).toThrow(expect.objectContaining({ code: "MR114" }));
});
