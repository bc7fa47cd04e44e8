/**
 * From DOT to SVG through graphviz-wasm, in a worker, because a layout cannot be interrupted
 * otherwise.
 */
import { Worker } from "node:worker_threads";
import { svgWorker } from "./svg.worker.ts";
import { tidySvg } from "./svg-tidy.ts";

export interface SvgOptions {
  /** Milliseconds after which drawing is given up. */
  timeLimit?: number;
}

/** The DOT could not be drawn; the message says why. Whoever has the DOT can still keep it. */
export class DrawingFailed extends Error {
  override readonly name = "DrawingFailed";
}

type Answer = { svg: string; error?: never } | { error: string; svg?: never };

/** Fails with {@link DrawingFailed}: syntax errors, no answer in time, no memory. */
export async function toSvg(dot: string, options: SvgOptions = {}): Promise<string> {
  const timeLimit = options.timeLimit ?? 10_000;
  const workerData = { from: import.meta.url, dot };
  const worker = new Worker(svgWorker, { eval: true, workerData });
  let timer: NodeJS.Timeout | undefined;
  try {
    const answer = await new Promise<Answer>((resolve, reject) => {
      const late = `no picture after ${timeLimit} ms`;
      timer = setTimeout(() => reject(new DrawingFailed(late)), timeLimit);
      worker.once("message", resolve);
      worker.once("error", (error) => reject(new DrawingFailed(error.message)));
      worker.once("exit", () => reject(new DrawingFailed("the drawing worker ended")));
    });
    if (answer.svg === undefined) {
      throw new DrawingFailed(answer.error.trim() || "graphviz gave no reason");
    }
    if (!answer.svg.includes("<svg")) throw new DrawingFailed("graphviz drew nothing");
    return tidySvg(answer.svg);
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
