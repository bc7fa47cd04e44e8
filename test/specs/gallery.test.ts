/** The gallery is what this tree gives, and every counterexample in it can be taken again. */
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CACHED, run } from "../cli/mmrace.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const gallery = join("counterexamples", "gallery");
const files = readdirSync(join(root, gallery)).filter((f) => f.endsWith(".json"));

const VERDICT = new RegExp(
  [
    "violated at step",
    "violated at rest",
    "deadlock after step",
    "repeat for ever",
    "nothing more has to happen",
  ].join("|"),
);

describe("the gallery", () => {
  it("holds the counterexample of every mutant", () => {
    expect(files.length).toBeGreaterThan(20);
    expect(run(root, ["gallery", "--check"], CACHED).code).toBe(0);
  });

  for (const file of files) {
    it(`replays ${file}`, () => {
      const { code, out, err } = run(root, ["replay", join(gallery, file)]);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toMatch(VERDICT);
    });
  }
});
