/**
 * Random IR programs: the same number of states and transitions in the interpreter, SPIN, Rumur
 * and the exported C. A fixed seed here; `npm run crosscheck:all` takes many more.
 */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exportModel, TARGETS } from "../../model/export/index.ts";
import { anyModel } from "../support/random-model.ts";
import { explored, explorePins, has, hasGcc, isKnown, through } from "./support/check.ts";
import { relaxed } from "./support/relax.ts";

const SEED = 20260101;
const few = fc.sample(anyModel, { numRuns: 15, seed: SEED });
/** Random properties mostly fail at once; without them the counts say more. */
const relaxedFew = fc.sample(anyModel, { numRuns: 15, seed: SEED + 1 }).map(relaxed);
const programs = [...few, ...relaxedFew].map((model, i) => [i, model] as const);

describe.each(programs)("random program %i", (_, model) => {
  const found = explored(model, 4000);
  const starts = found.interpreter.initialStates().length;

  it.skipIf(starts > 0)("without initial states is refused", () => {
    for (const target of ["promela", "murphi", "pins-c"] as const) {
      expect(exportModel(model, target, { name: "m", header: [] }).refusals).toHaveLength(1);
    }
  });

  for (const tool of ["spin", "rumur"] as const) {
    it.skipIf(starts === 0 || found.cut || !has(tool))(`agrees with ${tool}`, async () => {
      const row = await through(tool, model, found);
      expect(row.agree).toBe(true);
      if (row.verdict === "violated") expect(isKnown(row.claim, found)).toBe(true);
    });
  }
});

describe.skipIf(!hasGcc())("the exported C", () => {
  const models = fc.sample(anyModel, { numRuns: 20, seed: SEED + 2 }).map(relaxed);

  it.each(models.map((model, i) => [i, model] as const))(
    "agrees, random program %i",
    (_, model) => {
      const found = explored(model, 4000);
      if (found.cut || found.interpreter.initialStates().length === 0) return;
      const { extra } = exportModel(model, "pins-c", { name: "m", header: [] });
      const pins = explorePins(model);
      if (found.verdicts.length > 0) expect(pins.violating).toBeGreaterThan(0);
      else {
        expect(pins).toMatchObject({
          states: found.states.length + extra.states,
          transitions: found.transitions + extra.transitions,
          violating: 0,
        });
      }
    },
  );
});

describe("any program", () => {
  it("can be exported to every target, deterministically", () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        for (const target of TARGETS) {
          const once = exportModel(model, target, { name: "m", header: ["head"] });
          const again = exportModel(structuredClone(model), target, {
            name: "m",
            header: ["head"],
          });
          expect(again).toEqual(once);
        }
      }),
      { numRuns: 60, seed: SEED },
    );
  });
});
