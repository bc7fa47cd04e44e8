/** Options for long runs: checkpoints, threads, reductions, as a user gives them. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { promoted } from "../support/spec-files.ts";
import { check, folderWith } from "./mmrace.ts";

const spec = fileURLToPath(new URL("../../specs/hmm-mirror", import.meta.url));
const whole = promoted(spec, "ci");
/** A tenth of the states. */
const xnackOff = fileURLToPath(
  new URL("../../specs/amdkfd-svm/xnack-off.spec.ts", import.meta.url),
);
const small = [xnackOff, "--config", "ci"];

/** Two processes that only step; nothing can go wrong, or an invariant breaks at once. */
const STALE = specWith("k.invariant.eq(false)");
const STILL = specWith("k.invariant.eq(false).or(k.invariant)");

function specWith(claim: string): string {
  return `import { actor, bool, set, shared, spec } from "mmrace";
const k = shared({ invariant: bool });
const cpu = actor("cpu", {}, () => ({ write: ["write", set(k.invariant, true)] }));
export default spec({
  name: "small",
  configs: { ci: {} },
  shared: k,
  actors: { cpu },
  always: { no_stale_gpu_pte: ${claim} },
});
`;
}

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
  const { states, transitions, verdict } = whole;
  expect(verdict).toBe("holds");
  expect(countsOf(second.out)).toMatchObject({ states, transitions, verdict });
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
  expect(countsOf(out).states).toBe(whole.states);
});

it("--compress and --spill count the same, --hash-compaction too, without a verdict", () => {
  const folder = folderWith({ "stale.spec.ts": STALE, "still.spec.ts": STILL });
  const plain = countsOf(check(folder, ...small, "--json", "--no-liveness").out);
  for (const args of [["--compress"], ["--spill", "disk", "--max-memory", "2M"]]) {
    const { code, out } = check(folder, ...small, "--json", "--no-liveness", ...args);
    expect(code).toBe(0);
    expect(countsOf(out)).toMatchObject({ states: plain.states, transitions: plain.transitions });
  }
  expect(readdirSync(join(folder, "disk"))).toEqual([]);
  const human = check(folder, "still.spec.ts", "--hash-compaction");
  expect(human.code).toBe(3);
  expect(human.out).toContain(
    "incomplete: nothing violated, but hash compaction may have left out",
  );
  expect(human.out).toContain("probability at most");
  expect(human.out).not.toContain("holds");
  const { out } = check(folder, "still.spec.ts", "--hash-compaction", "--json");
  expect(JSON.parse(out)).toMatchObject({ exact: false, exitCode: 3 });
  const [result] = JSON.parse(out).results;
  expect(result).toMatchObject({ verdict: "incomplete", limit: "hash_compaction" });
  expect(result.omissionProbability).toBeGreaterThan(0);
  const stale = check(folder, "stale.spec.ts", "--hash-compaction");
  expect(stale.code).toBe(1);
  expect(stale.out).toContain("no_stale_gpu_pte violated at step");
});

it("what does not go together is refused", () => {
  const refused = (...args: string[]): string => {
    const { code, err } = check(folderWith(), spec, ...args);
    expect(code).toBe(2);
    return err;
  };
  expect(refused("--compress", "--hash-compaction")).toContain("exclude each other");
  expect(refused("--compress", "--spill", "here")).toContain("exclude each other");
  expect(refused("--spill", "here", "--checkpoint", "there")).toContain("exclude each other");
  expect(refused("--spill", "/proc/mmrace")).toContain("cannot write into it");
});

it("a search without enough memory says what would do", () => {
  const { code, out } = check(folderWith(), ...small, "--max-memory", "1M", "--no-liveness");
  expect(code).toBe(3);
  expect(out).toContain("incomplete: --max-memory reached");
  expect(out).toMatch(/ states in \d+M of memory, \d+ bytes each; /);
  expect(out).toContain("try: more --max-memory, --symmetry");
});

it("a checkpoint of another spec or another version is refused", () => {
  const folder = folderWith();
  const args = ["--checkpoint", "kept", "--no-liveness"];
  check(folder, ...small, ...args, "--max-memory", "1M");
  const record = join(folder, "kept", "amdkfd-svm-xnack-off", "record.json");
  const stored = readFileSync(record, "utf8");
  const resume = (change: object) => {
    writeFileSync(record, JSON.stringify({ ...JSON.parse(stored), ...change }));
    return check(folder, ...small, ...args, "--resume", "--max-memory", "1M");
  };
  const other = resume({ modelHash: "0" });
  expect(other).toMatchObject({ code: 2 });
  expect(other.err).toContain("it is of another model");
  expect(resume({ version: 99 }).err).toContain("it has version 99, this program writes");
  // The memory that was too little was no reason to lose anything.
  expect(resume({}).code).toBe(3);
});

it("reductions keep the verdict and leave states out", () => {
  for (const option of ["--partial-order", "--symmetry"]) {
    const { code, out } = check(folderWith(), spec, "--json", option);
    expect(code).toBe(0);
    expect(countsOf(out).states).toBeLessThan(whole.states);
  }
});

it("wrong numbers of threads, and --resume alone, are refused", () => {
  expect(check(folderWith(), spec, "--workers", "none").code).toBe(2);
  expect(check(folderWith(), spec, "--resume").code).toBe(2);
});
