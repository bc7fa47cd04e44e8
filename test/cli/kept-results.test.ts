/** What goes wrong beside a search takes nothing from what it found, and is said. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type CheckResult, check } from "../../checker/index.ts";
import { checkpointSink, readCheckpoint } from "../../cli/checkpoint-dir.ts";
import { EXIT } from "../../cli/exit-codes.ts";
import { judge } from "../../cli/judge.ts";
import type { Task } from "../../cli/prepare.ts";
import { codeOf } from "../../cli/run.ts";
import { openSpillFile } from "../../cli/spill-file.ts";
import { independent } from "../support/classics.ts";
import { folderWith } from "./mmrace.ts";

const model = independent(5, 6);

it("a checkpoint that cannot be written leaves the last one, and the search goes on", () => {
  const folder = folderWith();
  const notes: string[] = [];
  const onNote = (text: string): void => void notes.push(text);
  const checkpoint = checkpointSink(folder, () => true);
  const first = check(model, { onNote, maxStates: 3_000, checkpoint });
  expect(first.verdict.kind).toBe("incomplete");
  expect(notes).toEqual([]);
  const before = readCheckpoint(folder)?.record;
  // As when there is no space for the record: the file cannot be created.
  mkdirSync(join(folder, "record.new"));
  const { states, transitions, verdict } = check(model);
  const second = check(model, { onNote, checkpoint: checkpointSink(folder, () => true, before) });
  expect(second).toMatchObject({ states, transitions, verdict });
  expect(notes[0]).toContain("no checkpoint was written");
  expect(notes[0]).toContain(folder);
  rmSync(join(folder, "record.new"), { recursive: true });
  const kept = readCheckpoint(folder);
  expect(kept?.record).toEqual(before);
  const resumed = check(model, kept ? { resume: kept } : {});
  expect(resumed).toMatchObject({ states, transitions, verdict });
});

it("searches that spill into one folder do not share a file, and leave none", () => {
  const folder = folderWith();
  const [one, two] = [openSpillFile(folder), openSpillFile(folder)];
  one.append(Int32Array.of(1, 2));
  two.append(Int32Array.of(3, 4));
  const words = new Int32Array(2);
  one.read(words, 0);
  expect([...words]).toEqual([1, 2]);
  one.close();
  two.close();
  expect(readdirSync(folder)).toEqual([]);
});

it("an assumption that is not true is told beside the verdict, as a mistake of ours", () => {
  const spec = { name: "small", file: "small.spec.ts" } as Task["spec"];
  const task: Task = { spec, model, config: "ci", variant: "", stem: "small" } as Task;
  const result: CheckResult = check(model, { audit: 50 });
  const good = judge(task, result);
  expect(good).toMatchObject({ code: EXIT.ok, findings: [] });
  expect(good.verdict).toBe("holds, audited in 50 of 7,776 states");
  const faults = ["step a does not move"];
  const bad = judge(task, { ...result, audit: { ...result.audit, faults } as never });
  expect(bad.code).toBe(EXIT.internal);
  expect(bad.verdict).toContain("holds, audited in 50 of 7,776 states: 1 assumption");
  expect(bad.findings[0]?.text).toContain("step a does not move");
  expect(codeOf({ outcomes: [good, bad, good], interrupted: false })).toBe(EXIT.internal);
});
