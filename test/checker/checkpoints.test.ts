/** A search that was put down and taken up again ends as if nothing had happened. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { GPUSVM_SIZES, gpusvm } from "../../bench/models/gpusvm.ts";
import {
  type CheckOptions,
  CheckpointError,
  type CheckpointRecord,
  type CheckResult,
  check,
  type WordSource,
} from "../../checker/index.ts";
import type { Model } from "../../model/ir/index.ts";
import { independent, philosophers } from "../support/classics.ts";

/** Runs until the `stopAt`-th poll and gives what is in the checkpoint then. */
function interrupted(model: Model, stopAt: number, options: CheckOptions = {}) {
  let words = new Int32Array(0);
  let record: CheckpointRecord | undefined;
  let polls = 0;
  check(model, {
    ...options,
    shouldStop: () => ++polls >= stopAt,
    checkpoint: {
      due: () => polls % 3 === 0,
      append: (more) => {
        const all = new Int32Array(words.length + more.length);
        all.set(words);
        all.set(more, words.length);
        words = all;
      },
      commit: (next) => {
        record = JSON.parse(JSON.stringify(next)) as CheckpointRecord;
      },
    },
  });
  if (!record) throw new Error("no checkpoint was written");
  return { record, words: sourceOf(words) };
}

function sourceOf(words: Int32Array): WordSource {
  return {
    length: words.length,
    read: (into, from) => into.set(words.subarray(from, from + into.length)),
  };
}

function withoutEffort({ bytes: _bytes, elapsed: _elapsed, ...rest }: CheckResult) {
  return rest;
}

describe("resumed in memory", () => {
  const model = independent(6, 7);
  it.each([1, 2, 7, 20, 37])("after poll %i: the same result", (stopAt) => {
    const resumed = check(model, { resume: interrupted(model, stopAt) });
    expect(withoutEffort(resumed)).toEqual(withoutEffort(check(model)));
  });

  it.each([1, 2, 9])("by threads, after their poll %i: the same result", (stopAt) => {
    const threads = { workers: 2, parallelFrom: 500, maxMemory: 2 ** 28 };
    const size = gpusvm(GPUSVM_SIZES.S as never);
    const whole = withoutEffort(check(size));
    for (const options of [{}, threads]) {
      const resumed = check(size, { ...options, resume: interrupted(size, stopAt, threads) });
      expect(withoutEffort(resumed)).toEqual(whole);
    }
  });

  it("finds the same counterexample", () => {
    const big = philosophers(11);
    const resumed = check(big, { resume: interrupted(big, 4) });
    expect(resumed.moves).toHaveLength(11);
    expect(withoutEffort(resumed)).toEqual(withoutEffort(check(big)));
  });

  it("has the words of its states, also where one thread goes on behind several", () => {
    let appended = 0;
    const commits: number[] = [];
    const options: CheckOptions = {
      checkpoint: {
        due: () => true,
        append: (words) => {
          appended += words.length;
        },
        commit: ({ states, words }) => {
          commits.push(states);
          expect(states * words).toBe(appended);
        },
      },
    };
    const threads = { workers: 2, parallelFrom: 300, maxMemory: 2 ** 28 };
    // The threads meet a violation; one finds the trace, from where it stood before.
    expect(check(philosophers(9), { ...threads, ...options }).moves).toHaveLength(9);
    expect(commits.length).toBeGreaterThan(0);
  });

  it("refuses what does not fit, saying why", () => {
    const saved = interrupted(model, 4);
    const resume = (change: Partial<CheckpointRecord>, words = saved.words) =>
      check(model, { resume: { record: { ...saved.record, ...change }, words } });
    expect(() => resume({ modelHash: "0" })).toThrow(CheckpointError);
    expect(() => resume({ modelHash: "0" })).toThrow("another model");
    expect(() => resume({ version: 99 as 1 })).toThrow("version 99");
    expect(() => resume({ expanded: saved.record.states + 5 })).toThrow("damaged");
    expect(() => resume({}, { ...saved.words, length: 10 })).toThrow("are needed");
  });
});

describe("killed at any moment", () => {
  it("resumes after ten SIGKILLs with the counts of an undisturbed run", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mmrace-checkpoint-"));
    const program = join(folder, "run.mjs");
    await build({
      entryPoints: [fileURLToPath(new URL("./checkpointed-run.ts", import.meta.url))],
      outfile: program,
      bundle: true,
      platform: "node",
      format: "esm",
      logLevel: "silent",
    });
    const run = (killAfter: number, workers: number) =>
      new Promise<{ signal: string | null; text: string }>((resolve) => {
        const child = spawn(process.execPath, [program, folder, "M", String(workers)]);
        let text = "";
        child.stdout.on("data", (data) => {
          text += data;
          if (text.split("committed").length > killAfter) child.kill("SIGKILL");
        });
        child.on("close", (_code, signal) => resolve({ signal, text }));
      });
    for (let i = 0; i < 10; i++) {
      // By one or two threads in turn: each goes on where the other one was killed.
      const { signal } = await run(1 + (i % 4), 1 + (i % 2));
      expect(signal).toBe("SIGKILL");
    }
    const { states, transitions } = GPUSVM_SIZES.M as { states: number; transitions: number };
    const { text } = await run(100_000, 1);
    const { depth } = check(gpusvm(GPUSVM_SIZES.M as never), { deadReset: false });
    expect(JSON.parse(text.replaceAll("committed\n", ""))).toEqual({
      states,
      transitions,
      depth,
      verdict: "holds",
    });
    rmSync(folder, { recursive: true });
  });
});
