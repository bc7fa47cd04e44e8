/**
 * From DOT to SVG through graphviz-wasm, in a worker, because a layout cannot be interrupted
 * otherwise.
 */
import { Worker } from "node:worker_threads";
import { svgWorker } from "./svg.worker.ts";
import { tidySvg } from "./svg-tidy.ts";

export interface SvgOptions {
  /** Milliseconds after which drawing is given up; to load Graphviz is not part of it. */
  timeLimit?: number;
}

/** The DOT could not be drawn; the message says why. Whoever has the DOT can still keep it. */
export class DrawingFailed extends Error {
  override readonly name = "DrawingFailed";
}

type Answer = { svg: string; error?: never } | { error: string; svg?: never };
type Message = "begun" | Answer;

/** Milliseconds; a tenth of a second is enough, unless the machine has much else to do. */
const LOADING_LIMIT = 120_000;

/**
 * A worker that has drawn well and waits for the next picture: to start one takes 20 times as long
 * as to draw. One that has failed is not asked again.
 */
let idle: Worker | undefined;

/** Fails with {@link DrawingFailed}: syntax errors, no answer in time, no memory. */
export async function toSvg(dot: string, options: SvgOptions = {}): Promise<string> {
  const worker = idle ?? new Worker(svgWorker, { eval: true, workerData: import.meta.url });
  idle = undefined;
  // A process does not end while it draws; an idle worker is no reason to stay.
  worker.ref();
  try {
    const svg = pictureIn(await ask(worker, dot, options.timeLimit ?? 10_000));
    if (!idle) {
      worker.unref();
      idle = worker;
    }
    return svg;
  } finally {
    if (idle !== worker) await worker.terminate();
  }
}

function ask(worker: Worker, dot: string, timeLimit: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void): void => {
      clearTimeout(timer);
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      action();
    };
    const giveUp = (reason: string): void => settle(() => reject(new DrawingFailed(reason)));
    const within = (ms: number) => setTimeout(() => giveUp(`no picture after ${ms} ms`), ms);
    const onMessage = (message: Message): void => {
      if (message !== "begun") settle(() => resolve(message));
      else {
        clearTimeout(timer);
        timer = within(timeLimit);
      }
    };
    const onError = (error: Error): void => giveUp(error.message);
    const onExit = (): void => giveUp("the drawing worker ended");
    let timer = within(LOADING_LIMIT);
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    worker.postMessage(dot);
  });
}

function pictureIn(answer: Answer): string {
  if (answer.svg === undefined) {
    throw new DrawingFailed(answer.error.trim() || "graphviz gave no reason");
  }
  if (!answer.svg.includes("<svg")) throw new DrawingFailed("graphviz drew nothing");
  return tidySvg(answer.svg);
}
