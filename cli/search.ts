/** Searches in threads of their own, and hears Ctrl-C meanwhile. */
import { Worker } from "node:worker_threads";
import type { CheckOptions, CheckResult, LockOrder, Progress } from "../checker/index.ts";
import type { Model } from "../model/ir/index.ts";
import { UserError } from "./errors.ts";
import { EXIT } from "./exit-codes.ts";
import type { Task } from "./prepare.ts";

export type Limits = Pick<
  CheckOptions,
  | "maxStates"
  | "maxMemory"
  | "timeLimit"
  | "engine"
  | "deadReset"
  | "symmetry"
  | "partialOrder"
  | "workers"
  | "compress"
  | "hashCompaction"
  | "liveness"
> & {
  /** Folder for states that memory has no room for. */
  spillTo?: string;
  /** Check what the reductions assume, too. */
  audit?: true;
  /** Look for the order of locks, too: of the model with this hash. */
  lockOrder?: string;
};

/** Where a search leaves its checkpoints, and whether it begins with the one that is there. */
export interface Checkpoints {
  folder: string;
  resume: boolean;
}

/** What a search came to, with what else was asked for. */
export type SearchResult = CheckResult & { lockOrder?: LockOrder };

export interface Question {
  model: Model;
  limits: Limits;
  checkpoints?: Checkpoints | undefined;
}

export type Answer =
  | { kind: "progress"; progress: Progress }
  /** What the user should know at once; the search goes on. */
  | { kind: "note"; text: string }
  | { kind: "result"; result: SearchResult }
  /** The model is legal, but the checker cannot represent its states. */
  | { kind: "refused"; message: string };

export interface Searcher {
  run(task: Task, limits: Limits, checkpoints?: Checkpoints): Promise<SearchResult>;
  /** Ctrl-C was pressed; the search that ran then has returned what it knows. */
  interrupted(): boolean;
}

export interface Searchers {
  /** Each does one search at a time. */
  searchers: Searcher[];
  interrupted(): boolean;
  close(): Promise<void>;
}

export function startSearchers(
  count: number,
  onProgress: (task: Task, progress: Progress) => void,
): Searchers {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const onSignal = (): void => {
    // The second time is an order, not a request.
    if (Atomics.exchange(stop, 0, 1) !== 0) process.exit(EXIT.interrupted);
  };
  process.on("SIGINT", onSignal);
  const interrupted = (): boolean => Atomics.load(stop, 0) !== 0;
  const script = new URL("./search.worker.js", import.meta.url);
  const workers = Array.from({ length: count }, () => new Worker(script, { workerData: { stop } }));
  const searchers = workers.map((worker): Searcher => {
    return {
      run: (task, limits, checkpoints) =>
        ask(worker, task, { model: task.model, limits, checkpoints }, onProgress),
      interrupted,
    };
  });
  return {
    searchers,
    interrupted,
    async close() {
      process.off("SIGINT", onSignal);
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** Searchers that stay from one run to the next, as threads that have warmed up are faster. */
export function keepSearchers(): { start: typeof startSearchers; close(): Promise<void> } {
  let kept: Searchers | undefined;
  let tell: Parameters<typeof startSearchers>[1] = () => undefined;
  return {
    start(count, onProgress) {
      tell = onProgress;
      if (kept && kept.searchers.length < count) {
        void kept.close();
        kept = undefined;
      }
      kept ??= startSearchers(count, (task, progress) => tell(task, progress));
      const { searchers, interrupted } = kept;
      return { searchers: searchers.slice(0, count), interrupted, close: async () => undefined };
    },
    close: async () => kept?.close(),
  };
}

/** One alone. */
export function startSearcher(
  onProgress: (task: Task, progress: Progress) => void,
): Searcher & Pick<Searchers, "close"> {
  const { searchers, interrupted, close } = startSearchers(1, onProgress);
  const [{ run }] = searchers as [Searcher];
  return { run, interrupted, close };
}

function ask(
  worker: Worker,
  task: Task,
  question: Question,
  onProgress: (task: Task, progress: Progress) => void,
): Promise<SearchResult> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void): void => {
      worker.off("message", onMessage);
      worker.off("error", onError);
      action();
    };
    const onError = (error: Error): void => settle(() => reject(error));
    const onMessage = (answer: Answer): void => {
      switch (answer.kind) {
        case "progress":
          onProgress(task, answer.progress);
          return;
        case "note":
          process.stderr.write(`mmrace: note: ${task.stem}: ${answer.text}\n`);
          return;
        case "result":
          settle(() => resolve(answer.result));
          return;
        case "refused":
          settle(() => reject(new UserError({ file: task.spec.file, message: answer.message })));
      }
    };
    worker.on("message", onMessage);
    worker.on("error", onError);
    worker.postMessage(question);
  });
}
