/** Reductions, threads and engines say of every spec, if it is small, what the full search says. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { type CheckOptions, type CheckResult, check } from "../../checker/index.ts";
import { prepare } from "../../cli/prepare.ts";
import { specFiles } from "../support/spec-files.ts";

const root = join(import.meta.dirname, "../..");

/** States beyond which a spec is left to the command line. */
const MOST = 130_000;
/** The same with locals that are not read again. */
const MANY = 20 * MOST;
/** States that the interpreter takes a moment for. */
const FEW = 600;

const WAYS: [string, CheckOptions][] = [
  ["symmetry", { symmetry: true }],
  ["partial order", { partialOrder: true }],
  ["both", { symmetry: true, partialOrder: true }],
  ["all locals", { deadReset: false, maxStates: MANY }],
  ["both, all locals", { symmetry: true, partialOrder: true, deadReset: false, maxStates: MANY }],
  ["two threads", { workers: 2, parallelFrom: 1_000, maxMemory: 2 ** 28 }],
];

function meaning({ verdict, findings, reachable, moves }: CheckResult) {
  return { verdict, findings, reachable, moves };
}

it("every spec means the same under every reduction", async () => {
  const { tasks } = await prepare(
    specFiles(join(root, "specs")),
    { altered: "none" },
    { typecheck: false },
  );
  let compared = 0;
  for (const { spec, config, model } of tasks) {
    const full = check(model, { maxStates: MOST, liveness: false });
    if (full.verdict.kind === "incomplete") continue;
    compared++;
    const slow: typeof WAYS = [["interpreter", { engine: "interpreted" }]];
    for (const [way, options] of [...WAYS, ...(full.states <= FEW ? slow : [])]) {
      const other = check(model, { maxStates: MOST, liveness: false, ...options });
      const name = `${spec.name} (${config}), ${way}`;
      expect({ name, ...meaning(other) }).toEqual({ name, ...meaning(full) });
    }
  }
  expect(compared).toBeGreaterThan(7);
}, 300_000);
