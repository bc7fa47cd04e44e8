/** Hand-written models: the interpreter, SPIN, Rumur and the exported C count the same. */
import { describe, expect, it } from "vitest";
import { exportModel } from "../../model/export/index.ts";
import { explored, explorePins, has, hasGcc, through } from "./support/check.ts";
import { CASES } from "./support/models.ts";

const cases = CASES.map((c) => [`${c.model.name}: ${c.violates ?? "holds"}`, c] as const);

describe.each(cases)("%s", (_, { model, violates }) => {
  const found = explored(model);

  it("has the expected verdict", () => {
    expect(found.cut).toBe(false);
    if (violates) expect(found.verdicts).toContain(violates);
    else expect(found.verdicts).toEqual([]);
  });

  it.skipIf(!has("spin"))("agrees with SPIN", async () => {
    const row = await through("spin", model, found);
    expect(row).toMatchObject({ agree: true, claim: violates });
  });

  it.skipIf(!has("rumur"))("agrees with Rumur", async () => {
    const row = await through("rumur", model, found);
    expect(row).toMatchObject({ agree: true, claim: violates });
  });

  it.skipIf(!has("tlc"))("agrees with TLC", async () => {
    expect(await through("tlc", model, found)).toMatchObject({ agree: true });
  });

  it.skipIf(!has("ltsmin"))("agrees with LTSmin", async () => {
    expect(await through("ltsmin", model, found)).toMatchObject({ agree: true });
  });

  it.skipIf(!hasGcc())("agrees with its own C", () => {
    const { extra } = exportModel(model, "pins-c", { name: "model", header: [] });
    const pins = explorePins(model);
    if (violates) expect(pins.violating).toBeGreaterThan(0);
    else {
      expect(pins).toMatchObject({
        states: found.states.length + extra.states,
        transitions: found.transitions + extra.transitions,
        violating: 0,
      });
    }
  });
});
