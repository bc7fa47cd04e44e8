/**
 * Reductions, threads, stores and engines say of every spec, if it is small, what the full search
 * says; and the reductions say of a larger one what is promoted.
 */
import { join } from "node:path";
import { expect, it } from "vitest";
import { type CheckOptions, type CheckResult, check } from "../../checker/index.ts";
import { tierOf } from "../../cli/plan.ts";
import { prepare } from "../../cli/prepare.ts";
import type { Model } from "../../model/ir/index.ts";
import { specFiles } from "../support/spec-files.ts";

const root = join(import.meta.dirname, "../..");

/** States beyond which a spec is searched once, with all reductions. */
const MOST = 130_000;
/** For this one search. */
const MOST_REDUCED = 1_000_000;
/** The same with locals that are not read again. */
const MANY = 20 * MOST;
/** States that the interpreter takes a moment for, and those for the rest of the slow ways. */
const FEW = 600;
const SOME = 15_000;

const WAYS: [string, CheckOptions][] = [
  ["symmetry", { symmetry: true }],
  ["partial order", { partialOrder: true }],
  ["both", { symmetry: true, partialOrder: true }],
  ["all locals", { deadReset: false, maxStates: MANY }],
  ["both, all locals", { symmetry: true, partialOrder: true, deadReset: false, maxStates: MANY }],
  ["two threads", { workers: 2, parallelFrom: 1_000, maxMemory: 2 ** 28 }],
];

const SLOW_WAYS: typeof WAYS = [
  ["JavaScript", { engine: "javascript" }],
  ["compressed", { compress: true }],
  ["three threads", { workers: 3, parallelFrom: 300, maxMemory: 2 ** 28 }],
];

function waysFor(states: number): typeof WAYS {
  const interpreter: typeof WAYS = [["interpreter", { engine: "interpreted" }]];
  return [...WAYS, ...(states <= SOME ? SLOW_WAYS : []), ...(states <= FEW ? interpreter : [])];
}

function meaning({ verdict, findings, reachable, moves }: CheckResult) {
  return { verdict, findings, reachable, moves };
}

/** The name, if the reduced search has an end; fails unless it finds nothing. */
function holdsReduced(name: string, model: Model): string[] {
  const reduced = { symmetry: true, partialOrder: true, maxStates: MOST_REDUCED };
  const { verdict, findings } = check(model, { ...reduced, liveness: false });
  if (verdict.kind === "incomplete") return [];
  expect({ name, verdict, findings }).toEqual({ name, verdict: { kind: "holds" }, findings: [] });
  return [name];
}

it("every spec means the same under every reduction", async () => {
  const { tasks } = await prepare(
    specFiles(join(root, "specs")),
    { altered: "none" },
    { typecheck: false },
  );
  let compared = 0;
  const larger: string[] = [];
  for (const task of tasks) {
    const { spec, config, breaks, model } = task;
    const full = check(model, { maxStates: MOST, liveness: false });
    if (full.verdict.kind === "incomplete") {
      if (tierOf(task) !== "deep" && breaks === undefined)
        larger.push(...holdsReduced(spec.name, model));
      continue;
    }
    compared++;
    for (const [way, options] of waysFor(full.states)) {
      const other = check(model, { maxStates: MOST, liveness: false, ...options });
      const name = `${spec.name} (${config}), ${way}`;
      expect({ name, ...meaning(other) }).toEqual({ name, ...meaning(full) });
    }
  }
  expect(compared).toBeGreaterThan(7);
  expect(larger.length).toBeGreaterThan(4);
}, 300_000);
