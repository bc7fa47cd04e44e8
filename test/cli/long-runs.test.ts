/** Options for long runs: checkpoints, threads, reductions, as a user gives them. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { check, folderWith } from "./mmrace.ts";

const spec = fileURLToPath(new URL("../../specs/hmm-mirror", import.meta.url));

interface Counts {
  states: number;
  transitions: number;
  verdict: string;
}

function countsOf(out: string): Counts {
  return (JSON.parse(out) as { results: [Counts] }).results[0];
}

it("a search that ran out of time goes on where it stood", () => {
  const folder = folderWith();
  const args = [spec, "--json", "--checkpoint", "kept"];
  const first = check(folder, ...args, "--time-limit", "0.1s");
  expect(first.code).toBe(3);
  expect(existsSync(join(folder, "kept", "hmm-mirror", "record.json"))).toBe(true);
  const second = check(folder, ...args, "--resume");
  expect(second.code).toBe(0);
  const { states, transitions, verdict } = countsOf(second.out);
  const whole = { states: 1_401_427, transitions: 4_776_763, verdict: "holds" };
  expect({ states, transitions, verdict }).toEqual(whole);
});

it("a damaged checkpoint is refused", () => {
  const folder = folderWith({ "kept/hmm-mirror/record.json": "garbage" });
  writeFileSync(join(folder, "kept", "hmm-mirror", "states.bin"), "");
  const { code, err } = check(folder, spec, "--checkpoint", "kept", "--resume");
  expect(code).toBe(2);
  expect(err).toContain("the checkpoint in kept/hmm-mirror cannot be read");
});

it("two threads count what one counts", () => {
  const { code, out } = check(folderWith(), spec, "--json", "--workers", "2");
  expect(code).toBe(0);
  expect(countsOf(out).states).toBe(1_401_427);
});

it("reductions keep the verdict and leave states out", () => {
  for (const option of ["--partial-order", "--symmetry"]) {
    const { code, out } = check(folderWith(), spec, "--json", option);
    expect(code).toBe(0);
    expect(countsOf(out).states).toBeLessThan(1_401_427);
  }
});

it("wrong numbers of threads, and --resume alone, are refused", () => {
  expect(check(folderWith(), spec, "--workers", "none").code).toBe(2);
  expect(check(folderWith(), spec, "--resume").code).toBe(2);
});
