/**
 * Every spec comes to what its expect.json says, in its smallest configuration, with each bug,
 * mutant and variant: verdict, states, transitions, depth, claims, sizes. `npm run promote` writes
 * the files anew; a change in them is reviewed like code.
 */
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { CACHED, run } from "../cli/mmrace.ts";
import { specFiles } from "../support/spec-files.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** One process for each folder; races and questions are many and small, and share one. */
const families = ["races", "questions"].map((name) => join(root, "specs", name));
const folders = [...new Set(specFiles(join(root, "specs")).map((file) => dirname(file)))];
const runs = [
  ...folders.filter((f) => !families.includes(dirname(f))).map((f) => [f]),
  ...families.map((family) => folders.filter((f) => dirname(f) === family)),
];

it("there are specs", () => {
  expect(folders.length).toBeGreaterThan(0);
});

for (const together of runs.filter((list) => list.length > 0)) {
  const [first = ""] = together;
  const title = relative(root, together.length === 1 ? first : dirname(first));
  it(`${title} is as it was promoted`, () => {
    const args = ["check", ...together, "--mutants", "--expect", "--no-typecheck"];
    const { code, out, err } = run(root, args, CACHED);
    expect(code, out + err).toBe(0);
  });
}
