import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseModel, stringifyModel } from "../../model/ir/json.ts";
import { bfs } from "../support/bfs.ts";
import { testAndSet } from "../support/classics.ts";
import { anyModel } from "../support/random-model.ts";

const EXAMPLE = new URL("./fixtures/gpu-fault.ir.json", import.meta.url);

describe("the JSON form", () => {
  it("keeps everything", () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        expect(parseModel(stringifyModel(model))).toEqual({ model });
      }),
      { numRuns: 200 },
    );
  });

  it("is written in one way", () => {
    const text = readFileSync(EXAMPLE, "utf8");
    const { model } = parseModel(text);
    expect(model && stringifyModel(model)).toBe(text);
  });

  it("stays within 100 columns as far as it can", () => {
    const lines = stringifyModel(testAndSet(3)).split("\n");
    expect(Math.max(...lines.map((l) => l.length))).toBeLessThanOrEqual(100);
  });

  it("has an example that holds, with the events that must be possible", () => {
    const { model } = parseModel(readFileSync(EXAMPLE, "utf8"));
    if (!model) throw new Error("the example does not parse");
    const { states, transitions, verdicts, interpreter } = bfs(model);
    expect({ states: states.length, transitions, verdicts }).toEqual({
      states: 125,
      transitions: 180,
      verdicts: [],
    });
    for (const { name, expr } of model.reachable) {
      const found = states.some((s) => interpreter.evaluate(expr, s) === true);
      expect([name, found]).toEqual([name, true]);
    }
  });
});

describe("a text that is not JSON", () => {
  it.each([
    ["", 1, 1, "a value"],
    ["{", 1, 2, "a field name in double quotes"],
    ['{\n  "a" 1}', 2, 7, "a colon"],
    ['{"a": 1,}', 1, 9, "a field name in double quotes"],
    ['{"a": [1 2]}', 1, 10, "a comma or ]"],
    ['{"a": 1 "b": 2}', 1, 9, "a comma or }"],
    ['\n\n{"a": tru}', 3, 7, "a value"],
    ['{"a": 01}', 1, 8, "a comma or }"],
    ['"abc', 1, 5, 'the end of the string: "'],
    ['"a\tb"', 1, 3, 'the end of the string: "'],
    ["{} {}", 1, 4, "nothing more"],
    ["[".repeat(100_000), 1, 2001, "fewer levels"],
  ])("%j", (text, line, column, expected) => {
    const { diagnostics } = parseModel(text, "model.ir.json");
    const message = `this is not JSON: line ${line}, column ${column}: expected ${expected}`;
    const src = { file: "model.ir.json", line, column };
    expect(diagnostics).toMatchObject([{ code: "MR001", message, path: "", src }]);
  });

  it("is found wherever JSON.parse finds one", () => {
    const good = stringifyModel(testAndSet(1));
    fc.assert(
      fc.property(
        fc.nat(good.length - 1),
        fc.constantFrom("", "}", "]", ",", '"', "\\", "x", "-", "\n"),
        (at, insert) => {
          const text = good.slice(0, at) + insert + good.slice(at + 1);
          let isJson = true;
          try {
            JSON.parse(text);
          } catch {
            isJson = false;
          }
          const { diagnostics = [] } = parseModel(text);
          expect(diagnostics.some((d) => d.code === "MR001")).toBe(!isJson);
          if (!isJson) expect(diagnostics[0]?.message).not.toContain("expected JSON");
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("JSON of another shape", () => {
  it("never throws and never passes", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseModel(text).diagnostics?.length).toBeGreaterThan(0);
      }),
    );
  });

  it("is told field by field", () => {
    const model = JSON.parse(stringifyModel(testAndSet(1)));
    model.actors[0].steps[1].body[0].cond.left.ref.kind = "gobal";
    delete model.shared[0].init;
    model.actors[0].cout = 3;
    model.actors[0].count = "2";
    const { diagnostics = [] } = parseModel(JSON.stringify(model));
    expect(diagnostics.map(({ code, path, message }) => `${code} ${path}: ${message}`)).toEqual([
      "MR005 /shared/0: the field init is missing",
      'MR007 /actors/0/count: expected an integer, not "2"',
      'MR004 /actors/0/steps/1/body/0/cond/left/ref/kind: the kind is "gobal"',
      "MR006 /actors/0/cout: there is no field cout",
    ]);
  });
});
