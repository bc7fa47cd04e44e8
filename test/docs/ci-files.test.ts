/** The ready-made files for continuous integration say only what the command line knows. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseInput } from "../../cli/args.ts";
import { checkCommand } from "../../cli/commands/check.ts";
import { reporterFrom } from "../../cli/reporters/choose.ts";
import { repositoryRoot } from "../support/repository.ts";

const read = (file: string): string => readFileSync(repositoryRoot + file, "utf8");

/** Words of each `mmrace check ...` in the text, with `$VARIABLES` as they would be replaced. */
function commandsIn(text: string): string[][] {
  const values: Record<string, string> = {
    CI_NODE_INDEX: "1",
    CI_NODE_TOTAL: "4",
    SARIF: "mmrace.sarif",
  };
  // A command goes on in lines that begin with an option, or with a variable of more options.
  const found = text.matchAll(/mmrace\S* check((?:[^\n]|\n\s+(?=--|\$))*)/g);
  return [...found].map(([, words = ""]) =>
    words
      .replace(/\$(\w+)/g, (_, name) => values[name] ?? "")
      .replaceAll(/["`\\]/g, "")
      .split(/\s+/)
      .filter((word) => word !== ""),
  );
}

describe.each(["action.yml", "docs/ci/gitlab.yml", ".pre-commit-hooks.yaml"])("%s", (file) => {
  it("runs mmrace check with options that exist", () => {
    const text = read(file).replace(/^[- ]*(name|description):.*$/gm, "");
    const commands = commandsIn(text);
    expect(commands).toHaveLength(1);
    for (const words of commands) {
      expect(words).toContain("--expect");
      const { lists } = parseInput(checkCommand, words);
      for (const reporter of lists.get("reporter") ?? []) reporterFrom(reporter);
    }
  });

  it("is indented as YAML wants it", () => {
    for (const line of read(file).split("\n")) {
      expect(line).not.toContain("\t");
      expect((/^ */.exec(line)?.[0].length ?? 0) % 2).toBe(0);
    }
  });

  it("is what docs/ci.md refers to", () => {
    expect(read("docs/ci.md")).toContain(
      `(${file.startsWith("docs/") ? file.slice(5) : `../${file}`})`,
    );
  });
});

it("the inputs of the action are all used, and none is used that is not there", () => {
  const text = read("action.yml");
  const block = /^inputs:\n((?: .*\n)+)/m.exec(text)?.[1] ?? "";
  const declared = [...block.matchAll(/^ {2}(\w+):$/gm)].map(([, name]) => name);
  const used = [...text.matchAll(/\$\{\{ inputs\.(\w+) \}\}/g)].map(([, name]) => name);
  expect(declared.length).toBeGreaterThan(2);
  expect([...used].sort()).toEqual([...declared].sort());
});
