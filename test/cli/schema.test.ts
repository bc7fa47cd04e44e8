/** What programs read is what docs/ci publishes: reports, expect.json, counterexamples. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CHANGES } from "../../cli/diff/change.ts";
import { readCounterexample } from "../../counterexamples/file.ts";
import { MUTATIONS } from "../../model/mutation/index.ts";
import { specFiles } from "../support/spec-files.ts";
import { check, folderWith } from "./mmrace.ts";
import { mistakesIn } from "./schemas.ts";
import { deadlock, race, walkers } from "./specs.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

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

it.each([
  ["diff.schema.json", Object.keys(CHANGES), ["kind", "enum"]],
  ["necessity.schema.json", MUTATIONS, ["mutation", "properties", "kind", "enum"]],
])("%s knows all kinds", (schema, kinds, path) => {
  const { $defs } = JSON.parse(readFileSync(join(root, "docs/ci", schema), "utf8"));
  expect(path.reduce((at, key) => at[key], $defs)).toEqual(kinds);
});

describe("counterexample.schema.json", () => {
  const SCHEMA = "counterexample.schema.json";
  const read = (folder: string, name: string) =>
    JSON.parse(readFileSync(join(folder, name), "utf8"));

  it("describes every counterexample of the gallery", () => {
    const gallery = join(root, "counterexamples/gallery");
    const names = readdirSync(gallery).filter((name) => name.endsWith(".json"));
    expect(names.length).toBeGreaterThan(100);
    for (const name of names) {
      expect([name, mistakesIn(SCHEMA, read(gallery, name))]).toEqual([name, []]);
    }
  });

  it("refuses what replay refuses, and nothing else", () => {
    const folder = folderWith({ "d.spec.ts": deadlock });
    expect(check(folder, ".", "--draw").code).toBe(1);
    const good = { ...read(folder, "out/deadlock.json"), loopFrom: 1 };
    const step = good.steps[0];
    const isRefused = (file: unknown) =>
      readCounterexample(JSON.stringify(file)).error !== undefined;
    const agree = (what: string, file: unknown) => {
      const mistakes = mistakesIn(SCHEMA, file) as unknown[];
      expect([what, mistakes.length > 0]).toEqual([what, isRefused(file)]);
    };
    agree("good", good);
    for (const key of Object.keys(good)) {
      const { [key]: _, ...rest } = good;
      agree(`without ${key}`, rest);
      for (const value of [null, 1.5, -1, "text", []])
        agree(`${key}: ${value}`, { ...good, [key]: value });
    }
    for (const key of Object.keys(step)) {
      const { [key]: _, ...rest } = step;
      agree(`steps without ${key}`, { ...good, steps: [rest] });
      for (const value of [null, "text", [1.5]]) {
        agree(`steps ${key}: ${value}`, { ...good, steps: [{ ...step, [key]: value }] });
      }
    }
    for (const spec of ["/a.spec.ts", "C:\\a.spec.ts", "\\a.spec.ts"])
      agree(spec, { ...good, spec });
    agree("kind", { ...good, violation: { ...good.violation, kind: "nothing" } });
  });
});
