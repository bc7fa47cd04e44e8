/**
 * The upstream races of `specs/races`: each bug is found, on the documented way; the fix holds with
 * and without reductions; some further mistake near the fix is caught; docs/races.md is current.
 */
import { readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Spec } from "mmrace";
import { type Model, replay, resetDeadLocals } from "mmrace/ir";
import { describe, expect, it } from "vitest";
import { type CheckOptions, check, speaksOfProgress } from "../../checker/index.ts";
import { firstOutOfOrder } from "../../cli/documented-order.ts";
import { run } from "../cli/mmrace.ts";
import { specFiles } from "../support/spec-files.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const files = specFiles(join(root, "specs", "races"));

/** As `mmrace check` searches it, and as its moves are replayed: a loop closes in this one. */
const built = (spec: Spec, variant?: string): Model => {
  return resetDeadLocals(spec.build(variant ? { variant } : {}));
};

function checked(model: Model, options: CheckOptions = {}) {
  const result = check(model, { liveness: speaksOfProgress(model), ...options });
  const { verdict } = result;
  return { result, says: verdict.kind === "violated" ? verdict.violation.property : verdict.kind };
}

for (const file of files) {
  const spec = ((await import(file)) as { default: Spec }).default;
  const bugs = spec.variants.filter((v) => v.kind === "bug");
  const folder = basename(dirname(file));

  describe(relative(root, file), () => {
    it("says which race it is, and where it is known from", () => {
      const header = readFileSync(file, "utf8").split("*/")[0] as string;
      expect(spec.name).toBe(folder);
      expect(spec.race).toBeDefined();
      expect(bugs.length).toBeGreaterThan(0);
      expect(spec.variants.some((v) => v.kind === "mutant")).toBe(true);
      for (const section of ["Claim", "Source", "Omits"]) expect(header).toContain(`* ${section}`);
      for (const { order = [] } of bugs) expect(order.length).toBeGreaterThan(1);
    });

    it("holds when fixed, also with reductions", () => {
      const model = built(spec);
      expect(checked(model).says).toBe("holds");
      expect(checked(model, { symmetry: true, partialOrder: true }).says).toBe("holds");
    });

    for (const { name, breaks, order = [] } of bugs) {
      it(`has the bug ${name}, in the documented order`, () => {
        const model = built(spec, name);
        const { result, says } = checked(model);
        expect(says).toBe(breaks);
        if (result.verdict.kind !== "violated") return;
        const { moves = [], start, loopFrom, verdict } = result;
        const trace = replay(model, "", name, moves, verdict.violation, start, loopFrom);
        expect(firstOutOfOrder(order, trace)).toBeUndefined();
        expect(checked(model, { symmetry: true, partialOrder: true }).says).toBe(breaks);
      });
    }
  });
}

describe("docs/races.md", () => {
  const status = (...more: string[]) =>
    run(root, ["status", "specs/races", "--races", "--write", "docs/races.md", ...more]);

  it("is what the specs give", () => {
    if (process.env.PROMOTE === "1") status();
    expect(status("--check")).toEqual({ code: 0, out: "", err: "" });
  });
});
