/**
 * The thread that searches. The search is one long loop: whoever wants to hear a signal or draw a
 * progress line must do it in another thread.
 */
import { parentPort, workerData } from "node:worker_threads";
import {
  type CheckOptions,
  check,
  PackError,
  type Progress,
  speaksOfProgress,
} from "../checker/index.ts";
import type { Answer, Question } from "./search.ts";

const PROGRESS_MS = 100;

const { stop } = workerData as { stop: Int32Array };

function answer(message: Answer): void {
  parentPort?.postMessage(message);
}

function search({ model, limits }: Question): Answer {
  let last = performance.now();
  const options: CheckOptions = {
    liveness: speaksOfProgress(model),
    ...limits,
    now: () => performance.now(),
    shouldStop: () => Atomics.load(stop, 0) !== 0,
    onProgress: (progress: Progress) => {
      if (performance.now() - last < PROGRESS_MS) return;
      last = performance.now();
      answer({ kind: "progress", progress });
    },
  };
  try {
    return { kind: "result", result: check(model, options) };
  } catch (error) {
    if (error instanceof PackError) return { kind: "refused", message: error.message };
    throw error;
  }
}

parentPort?.on("message", (question: Question) => answer(search(question)));
