/** In no picture does anything lie on something else, stick out of its box, or of the page. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toDot } from "../../counterexamples/render/index.ts";
import type { Flow, Trace } from "../../model/ir/trace.ts";
import { anyTrace } from "./arbitrary.ts";
import { defectsOf } from "./geometry.ts";
import { allTraces, stalePte } from "./traces.ts";

const gallery = fileURLToPath(new URL("../../counterexamples/gallery/", import.meta.url));

describe("the geometry of a picture", () => {
  it("is sound in the whole gallery", () => {
    const files = readdirSync(gallery).filter((name) => name.endsWith(".dot"));
    expect(files.length).toBeGreaterThan(300);
    const found = files.flatMap((name) =>
      defectsOf(readFileSync(gallery + name, "utf8")).map((defect) => `${name}: ${defect}`),
    );
    expect(found).toEqual([]);
  });

  it("is sound in the recorded traces, and for any text", () => {
    for (const trace of Object.values(allTraces)) expect(defectsOf(toDot(trace))).toEqual([]);
    fc.assert(
      fc.property(anyTrace, (trace) => {
        expect(defectsOf(toDot(trace))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it("is sound for a title that is wider than everything below it", () => {
    const variant = "checked_before_the_reservation_and_not_again_behind_it";
    const { violation: _, ...endless } = allTraces["one-step"] as Trace;
    expect(defectsOf(toDot({ ...endless, model: "a-long-name-of-a-scheme", variant }))).toEqual([]);
  });

  it("is sound for arrows that share a step at either end", () => {
    const flow = (kind: Flow["kind"], from: number, to: number): Flow => {
      return { kind, from, to, text: "pfn = P1" };
    };
    const { steps } = stalePte;
    for (const [a, b, c] of [
      [2, 5, 9],
      [3, 8, 14],
      [1, 6, 12],
    ] as const) {
      for (const flows of [
        [flow("value", a, b), flow("check", a, c)],
        [flow("value", a, c), flow("check", b, c)],
      ]) {
        expect(steps.length).toBeGreaterThanOrEqual(c);
        expect(defectsOf(toDot({ ...stalePte, why: { flows } }))).toEqual([]);
      }
    }
  });

  it("is found to be unsound where it is", () => {
    const dot = toDot(stalePte);
    const [, place] = /number_2 \[pos="([-\d.,]+)"/.exec(dot) ?? [];
    const moved = dot.replace(/(number_3 \[pos=")[-\d.,]+/, `$1${place}`);
    expect(defectsOf(moved)).toEqual(["number_2 lies on number_3"]);
    const longer = dot.replace(/(number_3 .*label=")3/, "$1step number three");
    expect(defectsOf(longer)).toContain("number_3: its text is larger than it");
    const outside = dot.replace(/(changes_14 \[pos=")[-\d.]+/, "$15000");
    expect(defectsOf(outside)).toContain("changes_14: beyond the edge of the picture");
  });
});
