import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCounterexample, writeCounterexample } from "../../counterexamples/file.ts";

const example = {
  spec: "../specs/hmm-mirror/spec.ts",
  config: "small",
  variant: "retry_checked_outside_lock",
  hash: "0123abcd",
  initial: 0,
  violation: { kind: "always" as const, property: "no_stale_gpu_pte" },
  steps: [
    { process: "gpu_fault", label: "fault", choices: [1], text: "GPU faults on some page" },
    { process: "zap[1]", label: "callback.lock", choices: [], text: 'puts("\u00e9\\n")' },
  ],
};

describe("counterexample files", () => {
  it("have this form", () => {
    expect(writeCounterexample(example)).toBe(`{
  "format": "mmrace-counterexample",
  "version": 1,
  "spec": "../specs/hmm-mirror/spec.ts",
  "config": "small",
  "variant": "retry_checked_outside_lock",
  "hash": "0123abcd",
  "initial": 0,
  "violation": {
    "kind": "always",
    "property": "no_stale_gpu_pte"
  },
  "steps": [
    {"process":"gpu_fault","label":"fault","choices":[1],"text":"GPU faults on some page"},
    {"process":"zap[1]","label":"callback.lock","choices":[],"text":"puts(\\"\u00e9\\\\n\\")"}
  ]
}
`);
  });

  it("come back as they were written", () => {
    const step = fc.record({
      process: fc.string(),
      label: fc.string(),
      choices: fc.array(fc.integer()),
      text: fc.string({ unit: "binary", maxLength: 40 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), fc.string(), (steps, variant) => {
        const { file } = readCounterexample(writeCounterexample({ ...example, steps, variant }));
        expect(file).toEqual({
          format: "mmrace-counterexample",
          version: 1,
          ...example,
          steps,
          variant,
        });
      }),
    );
  });

  const broken: [string, string, (json: Record<string, unknown>) => unknown, string][] = [
    ["a foreign file", "format", () => ({ version: "2.1.0", runs: [] }), "not a counterexample"],
    ["an array", "top level", () => [], "an object is expected, not an array"],
    ["a newer file", "version", (j) => ({ ...j, version: 2 }), "a newer mmrace wrote it"],
    ["no version", "version", (j) => ({ ...j, version: "1" }), 'version "1" is not version 1'],
    ["no steps", "steps", (j) => ({ ...j, steps: undefined }), "an array is expected, not nothing"],
    [
      "a step without a label",
      "steps[1].label",
      (j) => ({ ...j, steps: [example.steps[0], { ...example.steps[1], label: null }] }),
      "a string is expected, not null",
    ],
    [
      "a choice that is no integer",
      "steps[0].choices[0]",
      (j) => ({ ...j, steps: [{ ...example.steps[0], choices: [0.5] }] }),
      "an integer is expected, not a number",
    ],
    [
      "an unknown kind",
      "violation.kind",
      (j) => ({ ...j, violation: { kind: "toString", property: "x" } }),
      '"toString" is none of always',
    ],
    ["an absolute path", "spec", (j) => ({ ...j, spec: "/root/spec.ts" }), "a relative path"],
    ["a loop out of range", "loopFrom", (j) => ({ ...j, loopFrom: 3 }), "3 is not the number"],
  ];
  for (const [what, place, change, message] of broken) {
    it(`are refused: ${what}`, () => {
      const json: unknown = change(JSON.parse(writeCounterexample(example)));
      const { error, file } = readCounterexample(JSON.stringify(json));
      expect(file).toBeUndefined();
      expect(error?.place).toBe(place);
      expect(error?.message).toContain(message);
    });
  }

  it("are refused when cut off, wherever that is", () => {
    const text = writeCounterexample(example);
    for (let end = 0; end < text.length - 2; end++) {
      const { error } = readCounterexample(text.slice(0, end));
      expect(error?.place).toMatch(/^line \d+, column \d+$/);
    }
  });

  it("never throw, whatever is in them", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(readCounterexample(text).error?.message).toBeTruthy();
      }),
    );
  });
});
