/** docs/kernel-objects.md says what the sources say. One writer: PROMOTE=1. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as kernel from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { repositoryRoot } from "../support/repository.ts";
import { kernelObjects, kernelObjectsPage } from "./object-docs.ts";
import { type Shown, vocabulary } from "./vocabulary.ts";

const path = `${repositoryRoot}docs/kernel-objects.md`;

describe("docs/kernel-objects.md", () => {
  it("is what the sources say", () => {
    const page = kernelObjectsPage();
    if (process.env.PROMOTE === "1") writeFileSync(path, page);
    const found = existsSync(path) ? readFileSync(path, "utf8") : "";
    expect(found, "write it: PROMOTE=1 npx vitest run test/kernel/docs.test.ts").toBe(page);
  });

  it.each(kernelObjects().map((o) => [o.file, o] as const))(
    "%s has a header that says what it omits",
    (_, o) => {
      expect(o.header[0]?.kind).toBe("text");
      const omits = o.header.filter((p) => p.kind === "margin" && p.name === "Omits");
      if (o.hasState) expect(omits).toHaveLength(1);
    },
  );

  it("finds operations, parameters and rules", () => {
    const rwsem = kernelObjects().find((o) => o.file.endsWith("/rwsem.ts"));
    const trylock = rwsem?.operations.find((o) => o.name === "down_read_trylock");
    expect(trylock?.parameters).toBe("(sem, got, busy)");
    expect(trylock?.text).toMatch(/^down_read_trylock\(\): never blocks/);
    expect(rwsem?.rules).toEqual([
      "lock_held_on_exit",
      "mmap_lock_under_folio_lock",
      "recursive_lock",
      "sleep_in_atomic",
      "unlock_by_stranger",
    ]);
  });
});

/**
 * The text of the test of that title, up to the next one; or the expectation of a mutant. Nothing
 * when several tests of the file have the title.
 */
function textOf(shown: Shown): string {
  const [where = "", title = ""] = shown.split(/: (.*)/s);
  const spec = where.startsWith("specs/");
  const file = spec ? `${where}/expect.json` : `test/kernel/${where}.test.ts`;
  const text = readFileSync(repositoryRoot + file, "utf8");
  const head = spec ? `"${title}": {` : `("${title}", `;
  const from = text.indexOf(head);
  if (from < 0 || (!spec && from !== text.lastIndexOf(head))) return "";
  const next = text.slice(from).search(spec ? /\n/ : /\n {2}it[.(]|\ndescribe\(/);
  return text.slice(from, next < 0 ? undefined : from + next);
}

describe("the words of the kernel", () => {
  const words = vocabulary.flatMap(([, group]) => group.map((word) => [word.word, word] as const));
  const exports = new Set(Object.keys(kernel));

  it.each(words)("%s is something that mmrace/kernel has", (_, { where }) => {
    expect(where.filter((name) => !exports.has(name))).toEqual([]);
  });

  it.each(words)("%s: a test counts its states", (_, { counted }) => {
    expect(textOf(counted), counted).toMatch(/states\b(?!_)(?=:|,|\)| \})|holds\(|counts\(/);
  });

  it.each(words)("%s: a test shows its misuse", (_, { misused }) => {
    expect(textOf(misused), misused).toMatch(/verdict|toThrow|findings|deadlock/);
  });
});
