/** Small specs for the tests of the command line, as text. */
import { template } from "../../cli/template.ts";

/** The spec that `mmrace new` writes: 40 states; its mutant breaks no_stale_gpu_pte in 10 steps. */
export const race: string = template("race");

/** Line of a text in the race, counting from 1. */
export function lineOf(text: string, part: string): number {
  const at = text.indexOf(part);
  if (at < 0) throw new Error(`no ${part}`);
  return text.slice(0, at).split("\n").length;
}

/** n processes of 6 steps that do not meet: 7^n states. */
export const walkers = `import { actor, range, set, shared, size, spec } from "mmrace";
const k = shared({ unused: range(0, 1) });
const walker = actor("walker", { at: range(0, 6) }, (me) => ({
  one: ["one", set(me.at, 1)],
  two: ["two", set(me.at, 2)],
  three: ["three", set(me.at, 3)],
  four: ["four", set(me.at, 4)],
  five: ["five", set(me.at, 5)],
  six: ["six", set(me.at, 6)],
})).times(size("walkers"));
export default spec({
  name: "walkers",
  configs: { ci: { walkers: 3 }, wide: { walkers: 5 }, deep: { walkers: 12 } },
  shared: k,
  actors: { walker },
  always: { unused_stays: k.unused.eq(0) },
});
`;

/** Two locks in opposite order: a deadlock after 4 steps. */
export const deadlock = `import { actor, bool, shared, spec } from "mmrace";
import { mutex, mutex_lock, mutex_unlock } from "mmrace/kernel";
const k = shared({ a: mutex(), b: mutex(), unused: bool });
const one = actor("one", {}, () => ({
  lock_a: ["mutex_lock(&a)", mutex_lock(k.a)],
  lock_b: ["mutex_lock(&b)", mutex_lock(k.b)],
  unlock_b: ["mutex_unlock(&b)", mutex_unlock(k.b)],
  unlock_a: ["mutex_unlock(&a)", mutex_unlock(k.a)],
}));
const two = actor("two", {}, () => ({
  lock_b: ["mutex_lock(&b)", mutex_lock(k.b)],
  lock_a: ["mutex_lock(&a)", mutex_lock(k.a)],
  unlock_a: ["mutex_unlock(&a)", mutex_unlock(k.a)],
  unlock_b: ["mutex_unlock(&b)", mutex_unlock(k.b)],
}));
export default spec({
  name: "deadlock",
  configs: { ci: {} },
  shared: k,
  actors: { one, two },
  always: { unused_stays: k.unused.not() },
});
`;
