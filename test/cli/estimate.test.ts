/** `mmrace estimate`: a range that holds the true number, or the admission that nobody knows. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { promoted } from "../support/spec-files.ts";
import { folderWith, run } from "./mmrace.ts";
import { race, walkers } from "./specs.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** `about 1.1M to 2M states`, as numbers. */
function rangeIn(out: string): number[] {
  const [, low = "", high = ""] = /about (\S+) to (\S+) states/.exec(out) ?? [];
  const units: Record<string, number> = { k: 1e3, M: 1e6, G: 1e9 };
  return [low, high].map((text) => Number.parseFloat(text) * (units[text.slice(-1)] ?? 1));
}

describe("mmrace estimate", () => {
  it("says a range that the whole search confirms, and what it would cost", () => {
    const spec = join(root, "specs/hmm-mirror");
    const args = ["estimate", spec, "--sample", "800k"];
    const { code, out } = run(folderWith(), args);
    const [low, high] = rangeIn(out) as [number, number];
    const { states: known } = promoted(spec, "ci");
    expect(low).toBeLessThanOrEqual(known);
    expect(high).toBeGreaterThanOrEqual(known);
    expect(high / low).toBeLessThan(5);
    expect(out).toMatch(/ {2}memory {2}\S+ to \S+, \d+ bytes each\n {2}time/);
    expect(code).toBe(0);
  });

  it("gives the number itself when the sample was the whole", () => {
    const { code, out } = run(folderWith({ "race.spec.ts": race }), ["estimate", "race.spec.ts"]);
    expect({ code, out }).toEqual({ code: 0, out: "race (ci): 40 states, all of them searched\n" });
  });

  it("admits that too little was searched", () => {
    const at = folderWith({ "walkers.spec.ts": walkers });
    const args = ["estimate", "walkers.spec.ts", "--config", "deep", "--sample", "50"];
    const { code, out } = run(at, args);
    expect(out).toContain("cannot be told yet");
    expect(code).toBe(3);
  });
});
