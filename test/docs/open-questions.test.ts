/** docs/open-questions.md: each question has a row and a section, and says what was promoted. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { EXPECT_FILE, type Expectations, SCHEME } from "../../cli/expect/format.ts";
import { readExpectations } from "../../cli/expect/review.ts";
import { specFiles } from "../support/spec-files.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const page = readFileSync(join(root, "docs", "open-questions.md"), "utf8");

const numbered = (letter: string, last: number) =>
  Array.from({ length: last }, (_, i) => `${letter}${i + 1}`);
const ids = [...numbered("C", 12), ...numbered("H", 10), "K1"];

const folders = new Set(specFiles(join(root, "specs")).map((file) => dirname(file)));
const promoted: Expectations = Object.assign(
  {},
  ...[...folders].map((folder) => readExpectations(join(folder, EXPECT_FILE)) ?? {}),
);

/** What the searches of a variant came to, in all configurations that have one. */
function verdictsOf(spec: string, variant: string): string[] {
  const configs = Object.values(promoted[spec]?.configs ?? {});
  return configs.flatMap(({ runs }) => runs[variant]?.verdict ?? []);
}

const row = (id: string) =>
  page
    .split("\n")
    .find((line) => line.startsWith(`| [${id}](#${id.toLowerCase()}) |`))
    ?.split("|")
    .map((cell) => cell.trim());

const SEARCH = /^`([\w-]+)(?:\.(\w+))?` (?:(holds)|violates `(\w+)`)$/;

describe.each(ids)("%s", (id) => {
  const [, , question = "", answer = "", searches = ""] = row(id) ?? [];

  it("has a row, and a section that asks something", () => {
    expect(question).toMatch(/\?$/);
    expect(["reachable", "not reachable"]).toContain(answer);
    const section = page.split(`\n## ${id}\n`)[1]?.split("\n## ")[0];
    expect(section).toContain("**Question**");
    if (answer === "reachable") expect(section).toContain("**Assumes**");
  });

  it("says what the searches came to", () => {
    const said = searches.split("; ").map((text) => SEARCH.exec(text) ?? [text]);
    expect(said.length).toBeGreaterThan(0);
    for (const [text, spec = "", variant = SCHEME, holds, property] of said) {
      const verdicts = verdictsOf(spec, variant);
      expect(verdicts.length, text).toBeGreaterThan(0);
      expect(new Set(verdicts), text).toEqual(new Set([holds ?? `violated ${property}`]));
    }
    // What is reachable is shown by a run; what is not, by a complete search that comes first.
    expect(said[0]?.[3]).toBe(answer === "reachable" ? undefined : "holds");
  });

  it("names variants that exist", () => {
    const section = page.split(`\n## ${id}\n`)[1]?.split("\n## ")[0] ?? "";
    const spec = promoted[/^`([\w-]+)/.exec(searches)?.[1] ?? ""];
    const runs = Object.values(spec?.configs ?? {}).flatMap((config) => Object.keys(config.runs));
    for (const [, name = ""] of section.matchAll(/`((?:as_in|exact|with_page|opposite)_\w+)`/g)) {
      expect(runs).toContain(name);
    }
  });
});
