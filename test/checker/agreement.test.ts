/**
 * The same 500 random programs in every way there is to search: engines, dead locals, symmetry,
 * steps taken as one, both, stores, and numbers of threads.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { type CheckOptions, type CheckResult, check } from "../../checker/index.ts";
import { type Model, replay } from "../../model/ir/index.ts";
import { anyProgram } from "../support/random-program.ts";

const LIMIT = 1_000;
/** States from which on the other threads search, too. */
const PARALLEL_FROM = 150;

const pages = { entryBits: 3, slotBits: 4, mostWords: 2 ** 19, mostSlotBits: 15 };
/** Memory that the system gives at once, many times over. */
const maxMemory = 2 ** 26;

/** Ways that have to give the same answer, to the last number. */
const EXACT: Record<string, CheckOptions> = {
  javascript: { engine: "javascript" },
  interpreter: { engine: "interpreted" },
  compression: { compress: true, sizes: pages },
};

/** Ways that search fewer states, and have to come to the same conclusion. */
const REDUCED: Record<string, CheckOptions> = {
  symmetry: { symmetry: true },
  "partial order": { partialOrder: true },
  both: { symmetry: true, partialOrder: true },
};

function search(model: Model, options: CheckOptions): CheckResult {
  const result = check(model, { maxStates: LIMIT, ...options });
  if (result.verdict.kind === "violated") {
    const { moves = [], start, verdict } = result;
    const trace = replay(model, "", "", moves, undefined, start);
    expect(trace.violation).toEqual(verdict.violation);
  }
  return result;
}

function exactly({ engine: _engine, elapsed: _elapsed, bytes: _bytes, ...rest }: CheckResult) {
  return rest;
}

function conclusion({ verdict, moves, findings, reachable }: CheckResult) {
  // Facts that were met before a violation depend on the order of the search.
  return { verdict, moves, findings, ...(verdict.kind === "holds" ? { reachable } : {}) };
}

const met: Record<string, number> = {};

function count(what: string, isMet = true): void {
  if (isMet) met[what] = (met[what] ?? 0) + 1;
}

function compareExact(model: Model, threads: number): CheckResult {
  const all = search(model, { deadReset: false });
  count(all.verdict.kind);
  const threaded = { workers: threads, parallelFrom: PARALLEL_FROM, maxMemory };
  const ways = { ...EXACT, [`${threads} threads`]: threaded };
  for (const [way, options] of Object.entries(ways)) {
    const other = search(model, { deadReset: false, ...options });
    expect({ way, ...exactly(other) }).toEqual({ way, ...exactly(all) });
  }
  count(`${threads} threads`, all.states > PARALLEL_FROM);
  return all;
}

function compareReduced(model: Model, all: CheckResult): void {
  const full = search(model, {});
  expect(full.verdict.kind).toBe(all.verdict.kind);
  expect(full.moves?.length).toBe(all.moves?.length);
  expect(full.states).toBeLessThanOrEqual(all.states);
  if (all.verdict.kind === "holds") expect(full.reachable).toEqual(all.reachable);
  count("dead locals", full.states < all.states);
  for (const [way, options] of Object.entries(REDUCED)) {
    const reduced = search(model, options);
    expect({ way, ...conclusion(reduced) }).toEqual({ way, ...conclusion(full) });
    const slow = way === "both" && search(model, { ...options, engine: "interpreted" });
    if (slow) expect(exactly(slow)).toEqual(exactly(reduced));
    if (full.verdict.kind !== "holds") continue;
    expect(reduced.states).toBeLessThanOrEqual(full.states);
    if (!options.symmetry) expect(reduced.terminalStates).toBe(full.terminalStates);
    count(way, reduced.states < full.states);
  }
}

it("500 random programs have one meaning", () => {
  let programs = 0;
  fc.assert(
    fc.property(anyProgram, (model) => {
      const all = compareExact(model, 2 + (programs++ % 2));
      if (all.verdict.kind !== "incomplete") compareReduced(model, all);
    }),
    { numRuns: 500 },
  );
  // It says something only where there was something to see.
  for (const what of ["violated", "holds", "2 threads", "3 threads", ...Object.keys(REDUCED)]) {
    expect({ what, often: (met[what] ?? 0) >= 20 }).toEqual({ what, often: true });
  }
}, 600_000);
