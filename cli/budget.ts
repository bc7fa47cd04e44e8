/** How long all searches of one spec may take together. */
import type { LoadedSpec } from "./loader/load.ts";
import type { Limits } from "./search.ts";

export interface Budget {
  /** A search of the spec begins: its limits, with what is left. */
  begin(spec: LoadedSpec, limits: Limits): Allowance;
  end(spec: LoadedSpec): void;
}

interface Allowance {
  limits: Limits;
  /** It will be the budget that ends the search, not a limit of its own. */
  isTight: boolean;
}

/**
 * Time counts while at least one search of the spec runs, once for all that do.
 *
 * @param total in milliseconds
 * @param now the clock, in milliseconds
 */
export function startBudget(total: number, now: () => number = () => performance.now()): Budget {
  const clocks = new Map<LoadedSpec, { running: number; since: number; spent: number }>();
  return {
    begin(spec, limits) {
      const clock = clocks.get(spec) ?? { running: 0, since: 0, spent: 0 };
      clocks.set(spec, clock);
      if (clock.running++ === 0) clock.since = now();
      const left = Math.max(1, total - clock.spent - (now() - clock.since));
      const isTight = left < (limits.timeLimit ?? Number.POSITIVE_INFINITY);
      return { limits: isTight ? { ...limits, timeLimit: left } : limits, isTight };
    },
    end(spec) {
      const clock = clocks.get(spec);
      if (clock && --clock.running === 0) clock.spent += now() - clock.since;
    },
  };
}
