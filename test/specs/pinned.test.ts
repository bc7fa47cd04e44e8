/**
 * Every spec comes to what its expect.json says, or, where there is none yet, what pins.json says:
 * what every spec and every variant comes to in its smallest configuration: verdict, states,
 * transitions, depth. `PROMOTE=1 npx vitest run test/specs` writes the file anew; a change in it is
 * reviewed like code.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Spec } from "mmrace";
import { resetDeadLocals, validate } from "mmrace/ir";
import { describe, expect, it } from "vitest";
import { check, speaksOfProgress } from "../../checker/index.ts";
import { CACHED, run } from "../cli/mmrace.ts";
import { specFiles } from "../support/spec-files.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const pinFile = join(root, "test", "specs", "pins.json");

interface Pin {
  verdict: string;
  states: number;
  transitions: number;
  depth: number;
}

const promote = process.env.PROMOTE === "1";
const pins: Record<string, Pin> = existsSync(pinFile)
  ? JSON.parse(readFileSync(pinFile, "utf8"))
  : {};
const found: Record<string, Pin> = {};

function searched(spec: Spec, variant: string | undefined): Pin {
  const model = spec.build(variant === undefined ? {} : { variant });
  expect(validate(model)).toEqual([]);
  const { verdict, states, transitions, depth, findings } = check(resetDeadLocals(model), {
    maxStates: 25_000_000,
    liveness: speaksOfProgress(model),
  });
  const name = verdict.kind === "violated" ? verdict.violation.property : verdict.kind;
  if (variant === undefined) expect(findings).toEqual([]);
  return { verdict: name, states, transitions, depth };
}

const specs = specFiles(join(root, "specs"));
const isPromoted = (file: string): boolean => existsSync(join(dirname(file), "expect.json"));

/** One process for each folder; the races are many and small, and share one. */
const races = join(root, "specs", "races");
const folders = [...new Set(specs.filter(isPromoted).map((file) => dirname(file)))];
const runs = [
  ...folders.filter((f) => dirname(f) !== races).map((f) => [f]),
  folders.filter((f) => dirname(f) === races),
];

for (const together of runs.filter((list) => list.length > 0)) {
  const [first = ""] = together;
  const title = relative(root, together.length === 1 ? first : dirname(first));
  it(`${title} is as it was promoted`, () => {
    const args = ["check", ...together, "--mutants", "--expect", "--no-typecheck"];
    const { code, out, err } = run(root, args, CACHED);
    expect({ code, err }, out).toEqual({ code: 0, err: "" });
  });
}

for (const file of specs.filter((spec) => !isPromoted(spec))) {
  const spec = ((await import(file)) as { default: Spec }).default;
  describe(relative(root, file), () => {
    for (const info of [undefined, ...spec.variants]) {
      const title = info ? `${spec.name}.${info.name}` : spec.name;
      it(title, () => {
        const pin = searched(spec, info?.name);
        expect(pin.verdict).toBe(info?.breaks ?? "holds");
        if (promote) found[title] = pin;
        else expect(pin).toEqual(pins[title]);
      });
    }
  });
}

describe("the pinned counts", () => {
  it("are there as long as a spec is not promoted", () => {
    if (promote) writeFileSync(pinFile, `${JSON.stringify(found, null, 2)}\n`);
    const written = JSON.parse(readFileSync(pinFile, "utf8")) as Record<string, Pin>;
    expect(Object.keys(written).length > 0).toBe(specs.some((spec) => !isPromoted(spec)));
  });
});
