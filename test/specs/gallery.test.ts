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

describe("the gallery", { timeout: 600_000 }, () => {
  it("holds the counterexample of every mutant", () => {
    expect(files.length).toBeGreaterThan(20);
    expect(run(root, ["gallery", "--check"], CACHED).code).toBe(0);
  });

  it("replays, every file", () => {
    const { code, out, err } = run(root, ["replay", ...files.map((file) => join(gallery, file))]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const lines = out.trimEnd().split("\n");
    expect(lines).toHaveLength(files.length);
    for (const line of lines) expect(line).toMatch(VERDICT);
  });
});
