/**
 * In which order a spec takes its locks, as `expect.json` keeps it. The search for it costs as much
 * as the search for races, so it is made once for a model, and again when the model is another one.
 */
import { type LockOrder, orderPairs } from "../../checker/index.ts";
import type { Src } from "../../model/ir/index.ts";
import type { Finding } from "../finding.ts";
import type { Config } from "../loader/load.ts";
import type { Job } from "../plan.ts";
import type { Task } from "../prepare.ts";
import { type Expectations, SCHEME } from "./format.ts";
import { stepsHash } from "./record.ts";

/** Is it kept of this search? A mutant is broken on purpose, and a deep size too dear. */
export function isKept(kind: Job["kind"], tier: Config["tier"] | undefined): boolean {
  return (kind === "scheme" || kind === "variant") && tier !== "deep";
}

/** What was promoted of this search. */
export function orderIn(before: Expectations, task: Task): LockOrder | undefined {
  const { spec, config, variant } = task;
  return before[spec.name]?.configs[config]?.lock_order?.[variant || SCHEME];
}

/** Hash of the model, unless it is the one that the order is known of. */
export function dueOf({ model }: Task, known: LockOrder | undefined): string | undefined {
  const hash = stepsHash(model);
  return known?.model === hash ? undefined : hash;
}

/** What is taken inside what, and was not; what closes a circle, and did not; what is gone. */
export function compareLockOrder(expected: LockOrder, found: LockOrder, src: Src): Finding[] {
  const [before, now] = [orderPairs(expected), orderPairs(found)];
  const fresh = now.filter((order) => !before.includes(order));
  const gone = before.filter((order) => !now.includes(order));
  const cycles = Object.entries(found.cycles).filter(([c, what]) => expected.cycles[c] !== what);
  const broken = Object.keys(expected.cycles).filter((cycle) => !(cycle in found.cycles));
  return [
    ...cycles.map(([cycle, what]): Finding => {
      return { rule: "lock_cycle_new", text: `${cycle}: ${what}`, src };
    }),
    ...fresh.map((order): Finding => {
      return { rule: "lock_order_new", text: `this order was not there: ${order}`, src };
    }),
    ...[...gone, ...broken].map((what): Finding => {
      return { rule: "lock_order_gone", text: `this is not there any more: ${what}`, src };
    }),
  ];
}
