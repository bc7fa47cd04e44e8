/** Loading specs: places in the source, fresh modules, valid models. */
import { join } from "node:path";
import { modelHash, printModel } from "mmrace/ir";
import { describe, expect, it } from "vitest";
import { loadSpec } from "../../cli/loader/load.ts";
import { folderWith } from "./mmrace.ts";
import { lineOf, race } from "./specs.ts";

const load = (text: string, name = "race.spec.ts") =>
  loadSpec(join(folderWith({ [name]: text }), name));

describe("a spec file", () => {
  it("gives its configurations, variants and models", async () => {
    const spec = await load(race);
    expect(spec.name).toBe("race");
    expect(spec.configs.map((c) => `${c.tier} ${c.name}`)).toEqual(["ci ci", "deep deep"]);
    expect(spec.variants).toMatchObject([
      { name: "no_recheck_under_lock", kind: "mutant", breaks: "no_stale_gpu_pte" },
    ]);
    const hashes = [
      spec.build("ci", ""),
      spec.build("deep", ""),
      spec.build("ci", "no_recheck_under_lock"),
    ].map(modelHash);
    expect(new Set(hashes).size).toBe(3);
    expect(modelHash(spec.build("ci", ""))).toBe(hashes[0]);
  });

  it("puts every property and every step at its place in the source", async () => {
    const model = (await load(race)).build("ci", "");
    const lines = (text: string) => lineOf(race, text);
    expect(model.always[0]?.src).toMatchObject({ line: lines("no_stale_gpu_pte: "), column: 23 });
    expect(model.reachable[0]?.src?.line).toBe(lines("gpu_maps_a_page: "));
    const actor = model.actors.find((a) => a.name === "munmap");
    const step = actor?.steps.find((s) => s.label === "clear");
    expect(step?.body[0]?.src?.line).toBe(lines("ptep_clear_flush()"));
    // An effect of the language's own kernel functions belongs to the line that calls them.
    const lock = model.actors[0]?.steps.find((s) => s.label === "take_lock");
    expect(lock?.body.map((stmt) => stmt.src?.line)).toEqual(
      lock?.body.map(() => lines("take_lock: [")),
    );
  });

  it("that changes is another module when it is loaded again", async () => {
    const [one, two] = [await load(race), await load(race.replace("put_page()", "free it"))];
    const text = (spec: typeof one) => printModel(spec.build("ci", ""));
    expect(text(one)).toContain("put_page()");
    expect(text(two)).toContain("free it");
  });
});
