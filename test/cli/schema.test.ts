/** What programs read is what docs/ci publishes: JSON reports and expect.json. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { specFiles } from "../support/spec-files.ts";
import { check, folderWith } from "./mmrace.ts";
import { deadlock, race, walkers } from "./specs.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

function mistakesIn(schema: string, value: unknown): unknown {
  const ajv = new Ajv({ strict: true, strictRequired: false, allErrors: true });
  const validate = ajv.compile(JSON.parse(readFileSync(join(root, "docs/ci", schema), "utf8")));
  validate(value);
  return validate.errors ?? [];
}

describe("report.schema.json", () => {
  const report = (specs: Record<string, string>, ...args: string[]) =>
    JSON.parse(check(folderWith(specs), ".", "--json", ...args).out);

  it.each<[string, Record<string, string>, string[]]>([
    ["holds, and a mutant", { "r.spec.ts": race }, ["--mutants"]],
    ["findings", { "r.spec.ts": race }, ["--expect"]],
    [
      "more races, and limits",
      { "d.spec.ts": deadlock, "w.spec.ts": walkers },
      ["--more", "2", "--max-states", "300"],
    ],
  ])("describes %s", (_, specs, args) => {
    expect(mistakesIn("report.schema.json", report(specs, ...args))).toEqual([]);
  });

  it("describes infinite runs", () => {
    const spec = join(root, "specs/do-swap-page/spec.ts");
    const { out } = check(root, spec, "--variant", "trylock_spins", "--json");
    const parsed = JSON.parse(out);
    expect(parsed.results[0].loopFrom).toBe(4);
    expect(mistakesIn("report.schema.json", parsed)).toEqual([]);
  });

  it("refuses another version, and what it does not know", () => {
    const good = report({ "r.spec.ts": race });
    expect(mistakesIn("report.schema.json", { ...good, version: 2 })).not.toEqual([]);
    expect(mistakesIn("report.schema.json", { ...good, more: 1 })).not.toEqual([]);
  });
});

it("expect.schema.json describes every expect.json here", () => {
  const folders = new Set(specFiles(join(root, "specs")).map((file) => dirname(file)));
  for (const folder of folders) {
    const sheet = JSON.parse(readFileSync(join(folder, "expect.json"), "utf8"));
    expect([folder, mistakesIn("expect.schema.json", sheet)]).toEqual([folder, []]);
  }
});
