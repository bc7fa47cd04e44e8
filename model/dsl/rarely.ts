/** Calls of which a configuration may not reach every step. */
import type { Routine, Steps } from "./actor.ts";
import { rare } from "./effect.ts";

/**
 * The routine, in which these labels, and all that is called there, may be out of reach in some
 * configuration: `rarely(hmm_range_fault(...), "entry_wait", "swap.wait")`. They count as `rare()`.
 * No labels: all.
 */
export function rarely(call: Routine, ...labels: string[]): Routine {
  const mark = (steps: Steps, at: string, all: boolean): Steps =>
    Object.fromEntries(
      Object.entries(steps).map(([label, step]) => {
        const is_rare = all || labels.includes(at + label);
        if ("kind" in step) return [label, wrap(step, `${at}${label}.`, is_rare)];
        return [label, is_rare ? [...step, rare()] : step];
      }),
    );
  const wrap = (r: Routine, at: string, all: boolean): Routine => ({
    ...r,
    instantiate: (prefix, declared) => mark(r.instantiate(prefix, declared), at, all),
  });
  return wrap(call, "", labels.length === 0);
}
