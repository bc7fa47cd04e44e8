/** Arrows go one way: the table in test/support/import-rules.ts, and no import cycles. */
import { describe, expect, it } from "vitest";
import { importViolations } from "../support/import-rules.ts";
import { cyclesIn, importsOf } from "../support/imports.ts";
import { sourceFiles } from "../support/repository.ts";

const imports = sourceFiles().flatMap(importsOf);

describe("imports of this repository", () => {
  it("follow the table", () => {
    expect(imports.length).toBeGreaterThan(0);
    expect(importViolations(imports)).toEqual([]);
  });

  it("form no cycle", () => {
    expect(cyclesIn(imports)).toEqual([]);
  });
});

describe("the import reader", () => {
  const targets = (text: string) =>
    importsOf({ path: "checker/search/bfs.ts", text }).map((each) => `${each.line} ${each.to}`);

  it("finds every form of import", () => {
    const text = [
      'import { a } from "./queue.ts";',
      "import type {",
      "  B,",
      "} from '../../model/ir/index.ts';",
      'import "node:v8";',
      'export * from "../trace.ts";',
      'const lazy = await import("graphviz-wasm");',
      'type T = import("./queue.ts").T;',
    ].join("\n");
    expect(targets(text)).toEqual([
      "1 checker/search/queue.ts",
      "4 model/ir/index.ts",
      "5 node:v8",
      "6 checker/trace.ts",
      "7 graphviz-wasm",
      "8 checker/search/queue.ts",
    ]);
  });

  it("is not fooled by comments, strings, templates and regular expressions", () => {
    const text = [
      '// import "./commented.ts"',
      "const s = 'import \"./quoted.ts\"';",
      "const t = `import x from './template.ts' ${f('}', `${1}`)} from './tail.ts'`;",
      'const r = /["\'`/]/; import "./real.ts";',
      "const half = total / 2; /* from './block.ts' */",
    ].join("\n");
    expect(targets(text)).toEqual(["4 checker/search/real.ts"]);
  });
});

describe("the table", () => {
  const allows = (from: string, to: string) =>
    importViolations([{ from, line: 1, to }]).length === 0;

  it.each([
    ["model/ir/eval.ts", "model/ir/expr.ts"],
    ["model/actor.ts", "model/ir/index.ts"],
    ["model/kernel/mutex.ts", "model/index.ts"],
    ["model/export/promela.ts", "ts-pattern"],
    ["specs/zap/zap.ts", "mmrace/kernel"],
    ["specs/zap/zap.ts", "specs/zap/driver.ts"],
    ["checker/search/pool.ts", "node:worker_threads"],
    ["counterexamples/render/ladder.ts", "model/ir/trace.ts"],
    ["cli/main.ts", "model/export/index.ts"],
    ["test/ir/eval.test.ts", "checker/search/bfs.ts"],
    ["vitest.config.ts", "vitest/config"],
  ])("lets %s import %s", (from, to) => {
    expect(allows(from, to)).toBe(true);
  });

  it.each([
    ["model/ir/eval.ts", "model/actor.ts"],
    ["model/ir/eval.ts", "ts-pattern"],
    ["model/actor.ts", "model/kernel/mutex.ts"],
    ["model/actor.ts", "node:fs"],
    ["model/kernel/mutex.ts", "model/ir/index.ts"],
    ["model/kernel/mutex.ts", "model/actor.ts"],
    ["model/kernel/mutex.ts", "mmrace"],
    ["model/export/promela.ts", "checker/trace.ts"],
    ["specs/zap/zap.ts", "specs/fault/fault.ts"],
    ["specs/zap/zap.ts", "specs/zap-huge/zap.ts"],
    ["specs/zap.ts", "specs/fault.ts"],
    ["specs/zap/zap.ts", "model/index.ts"],
    ["specs/zap/zap.ts", "mmrace/ir"],
    ["specs/zap/zap.ts", "node:fs"],
    ["checker/search/bfs.ts", "model/index.ts"],
    ["checker/search/bfs.ts", "specs/zap/zap.ts"],
    ["checker/search/bfs.ts", "node:fs"],
    ["checker/search/bfs.ts", "ts-pattern"],
    ["counterexamples/render/dot.ts", "checker/search/bfs.ts"],
    ["cli/main.ts", "specs/zap/zap.ts"],
    ["cli/main.ts", "test/support/imports.ts"],
    ["cli/main.ts", "vitest"],
    ["lib/helper.ts", "node:fs"],
    ["cli/main.ts", "lib/helper.ts"],
  ])("keeps %s from importing %s", (from, to) => {
    expect(allows(from, to)).toBe(false);
  });

  it("names the place", () => {
    expect(importViolations([{ from: "model/ir/a.ts", line: 7, to: "vitest" }])).toEqual([
      "model/ir/a.ts:7 may not import vitest",
    ]);
  });
});

describe("the cycle finder", () => {
  const edge = (from: string, to: string) => ({ from, line: 1, to });

  it("reports a cycle as the files on it", () => {
    const edges = [edge("a", "b"), edge("b", "c"), edge("c", "b"), edge("c", "d")];
    expect(cyclesIn(edges)).toEqual([["b", "c"]]);
  });

  it("reports a file that imports itself", () => {
    expect(cyclesIn([edge("a", "a")])).toEqual([["a"]]);
  });

  it("accepts a diamond", () => {
    expect(cyclesIn([edge("a", "b"), edge("a", "c"), edge("b", "d"), edge("c", "d")])).toEqual([]);
  });
});
