/** Style is a test: sizes, banned words, dead files, broken paths in Markdown. */
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { importsOf, reachable } from "../support/imports.ts";
import { brokenPaths } from "../support/markdown.ts";
import { repositoryFiles, repositoryRoot, sourceFiles } from "../support/repository.ts";
import { functionsIn, longLines, styleViolations } from "../support/style-rules.ts";

/** Files that something other than an import starts: people, npm, vitest, a worker's URL. */
const entryPoints = [
  /^(?:cli\/main|model\/index|model\/kernel\/index|model\/ir\/index)\.ts$/,
  /^(?:specs|test|bench|scripts)\//,
  /\.worker\.ts$/,
  /^[^/]+$/,
];

const deadFiles = (files: readonly { path: string; text: string }[]) => {
  const paths = files.map((file) => file.path);
  const entries = paths.filter((path) => entryPoints.some((kind) => kind.test(path)));
  const alive = reachable(entries, files.flatMap(importsOf));
  return paths.filter((path) => !alive.has(path));
};

describe("this repository", () => {
  const sources = sourceFiles();
  const pages = repositoryFiles(/\.md$/);

  it("keeps files, functions and lines short and says nothing banned", () => {
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.flatMap(styleViolations)).toEqual([]);
  });

  it("has no source file that nothing uses", () => {
    expect(deadFiles(sources)).toEqual([]);
  });

  it("keeps Markdown lines short", () => {
    expect(pages.length).toBeGreaterThan(0);
    expect(pages.flatMap(longLines)).toEqual([]);
  });

  it("names only existing paths in Markdown", () => {
    const exists = (path: string) => existsSync(repositoryRoot + path);
    expect(pages.flatMap((page) => brokenPaths(page, exists))).toEqual([]);
  });
});

describe("the style rules", () => {
  const check = (text: string, path = "checker/a.ts") => styleViolations({ path, text });
  const lines = (count: number) => "step();\n".repeat(count);

  it("limit a file to 500 lines", () => {
    expect(check(lines(500))).toEqual([]);
    expect(check(lines(501))).toEqual(["checker/a.ts has 501 lines"]);
  });

  it("limit a line to 100 columns, addresses aside", () => {
    expect(check("x".repeat(100))).toEqual([]);
    expect(check(`\n${"x".repeat(101)}`)).toEqual(["checker/a.ts:2 has 101 columns"]);
    expect(check(`// See https://example.org/${"x".repeat(100)}`)).toEqual([]);
  });

  it("ban words in code or in comments, wherever they mean it", () => {
    expect(check("f(x as any);")).toEqual(["checker/a.ts:1 says as any"]);
    expect(check("\n// @ts-ignore")).toEqual(["checker/a.ts:2 says @ts-ignore"]);
    expect(check("/* TODO: FIXME */ // XXX")).toHaveLength(3);
    expect(check('// good as any\nconst s = "TODO as any";')).toEqual([]);
  });

  it("limit a function to 70 lines, except in specs and test files", () => {
    const long = `function f() {\n${lines(69)}}\n`;
    expect(check(`function f() {\n${lines(68)}}\n`)).toEqual([]);
    expect(check(`\n${long}`)).toEqual(["checker/a.ts:2 is a function of 71 lines"]);
    expect(check(long, "specs/zap/zap.ts")).toEqual([]);
    expect(check(long, "test/a.test.ts")).toEqual([]);
    expect(check(long, "test/support/a.ts")).toHaveLength(1);
  });
});

describe("the function finder", () => {
  const found = (text: string) => functionsIn(text).map(({ line, lines }) => `${line}+${lines}`);

  it.each([
    ["a declaration", "export function f(a: { b: 1 }): void {\n}", ["1+2"]],
    ["an object as return type", "function f(): { a: 1 } {\n}\nfunction g() {}", ["1+2", "3+1"]],
    ["parameters on lines of their own", "function f(\n  a = {},\n): number {\n}", ["1+4"]],
    ["an arrow", "const f = async (a: number): Promise<void> => {\n};", ["1+2"]],
    ["an argument", "each(list, (a) => {\n}, function (b) {});", ["1+2", "2+1"]],
    ["methods", "class A {\n  constructor() {}\n  get b() {\n  }\n}", ["2+1", "3+2"]],
    ["a method with a default", "const a = {\n  async *b<T>(c = 1) {\n  },\n};", ["2+2"]],
    ["what is after a case block", "switch (a) {\n case 1: {\n }\n}\nfunction f() {}", ["5+1"]],
  ])("finds %s", (_, text, spans) => {
    expect(found(text)).toEqual(spans);
  });

  it.each([
    "if (a) {\n} else if (b) {\n} else {\n}",
    "for (const a of b()) {\n}",
    "do {\n} while (a());",
    "try {\n} catch (e) {\n} finally {\n}",
    "const a = { b: { c: 1 } };",
    "class A extends B {\n}",
    "const a = actor((me) => ({ b: [me] }));",
  ])("does not take this for a function: %s", (text) => {
    expect(found(text)).toEqual([]);
  });
});

describe("the dead file finder", () => {
  const file = (path: string, text = "") => ({ path, text });

  it("follows imports from the entry points only", () => {
    const files = [
      file("cli/main.ts", 'import "./options.ts";'),
      file("cli/options.ts"),
      file("checker/pool.worker.ts", 'import "./bfs.ts";'),
      file("checker/bfs.ts"),
      file("checker/old.ts", 'import "./older.ts";'),
      file("checker/older.ts"),
    ];
    expect(deadFiles(files)).toEqual(["checker/old.ts", "checker/older.ts"]);
  });
});

describe("the Markdown path finder", () => {
  const exists = (path: string) => ["docs", "docs/a.md", "model/ir/eval.ts"].includes(path);
  const broken = (text: string, path = "docs/page.md") => brokenPaths({ path, text }, exists);

  it("follows links from the folder of the file", () => {
    expect(broken("[a](a.md#part) [b](../model/ir/eval.ts) [c](https://example.org/x)")).toEqual(
      [],
    );
    expect(broken("\n![b](b.png)")).toEqual([
      "docs/page.md:2 names docs/b.png, which does not exist",
    ]);
    expect(broken("[a]: gone.md")).toHaveLength(1);
    expect(broken("```\n[a](gone.md)\n```\n`[a](gone.md)`")).toEqual([]);
  });

  it("checks our own paths in back quotes, not the kernel's and not patterns", () => {
    expect(broken("`model/ir/eval.ts`, `docs/`, `mm/memory.c`, `specs/*.ts`")).toEqual([]);
    expect(broken("`model/ir/gone.ts`")).toHaveLength(1);
    expect(broken("`model/ir/gone.ts`", "docs/adr/0001-x.md")).toEqual([]);
  });
});
