/**
 * The thread that searches. The search is one long loop: whoever wants to hear a signal or draw a
 * progress line must do it in another thread.
 */

import { parentPort, workerData } from "node:worker_threads";
import {
  type CheckOptions,
  CheckpointError,
  check,
  findLockOrder,
  PackError,
  type Progress,
  speaksOfProgress,
} from "../checker/index.ts";
import { checkpointSink, readCheckpoint } from "./checkpoint-dir.ts";
import { UserError } from "./errors.ts";
import { prepareFolder } from "./files.ts";
import type { Answer, Checkpoints, Question } from "./search.ts";
import { openSpillFile, type SpillFile } from "./spill-file.ts";

const PROGRESS_MS = 100;

const { stop } = workerData as { stop: Int32Array };

function answer(message: Answer): void {
  parentPort?.postMessage(message);
}

/** Milliseconds between two checkpoints. */
const CHECKPOINT_MS = 30_000;

function storedCheckpoint(folder: string): ReturnType<typeof readCheckpoint> {
  try {
    return readCheckpoint(folder);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CheckpointError(`the checkpoint in ${folder} cannot be read: ${why}`);
  }
}

/** The folder as the checker wants it; `resume` is the checkpoint that is there. */
function checkpointOptions(wanted: Checkpoints): Pick<CheckOptions, "checkpoint" | "resume"> {
  prepareFolder(wanted.folder);
  const resume = wanted.resume ? storedCheckpoint(wanted.folder) : undefined;
  let last = performance.now();
  const due = (): boolean => {
    if (performance.now() - last < CHECKPOINT_MS) return false;
    last = performance.now();
    return true;
  };
  const checkpoint = checkpointSink(wanted.folder, due, resume?.record);
  return resume ? { checkpoint, resume } : { checkpoint };
}

/** States that an audit looks at, spread over all that were found: seconds, not minutes. */
const AUDIT_STATES = 2000;

const REFUSALS = [PackError, CheckpointError, UserError];

function search({
  model,
  limits: { spillTo, audit, lockOrder: hash, ...limits },
  checkpoints,
}: Question): Answer {
  let last = performance.now();
  const options: CheckOptions = {
    liveness: speaksOfProgress(model),
    ...limits,
    now: () => performance.now(),
    shouldStop: () => Atomics.load(stop, 0) !== 0,
    onNote: (text) => answer({ kind: "note", text }),
    onProgress: (progress: Progress) => {
      if (performance.now() - last < PROGRESS_MS) return;
      last = performance.now();
      answer({ kind: "progress", progress });
    },
  };
  let spill: SpillFile | undefined;
  try {
    const kept = checkpoints ? checkpointOptions(checkpoints) : {};
    spill = spillTo === undefined ? undefined : openSpillFile(spillTo);
    const stored = spill ? { spill } : {};
    const audited = audit ? { audit: AUDIT_STATES } : {};
    const result = check(model, { ...options, ...kept, ...stored, ...audited });
    if (hash === undefined || result.verdict.kind === "incomplete") {
      return { kind: "result", result };
    }
    const lockOrder = findLockOrder(model, hash, limits.maxStates);
    return { kind: "result", result: lockOrder ? { ...result, lockOrder } : result };
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    if (REFUSALS.some((kind) => error instanceof kind)) return { kind: "refused", message };
    throw error;
  } finally {
    spill?.close();
  }
}

parentPort?.on("message", (question: Question) => answer(search(question)));
