/** A trace in the forms that people look at. */

import { ladder } from "../counterexamples/render/ladder.ts";
import { lockdepScenario } from "../counterexamples/render/lockdep.ts";
import type { Trace } from "../model/ir/index.ts";

/** The ladder; below a plain deadlock also lockdep's own picture of it. */
export function traceText(trace: Trace): string {
  const scenario = lockdepScenario(trace);
  return scenario ? `${ladder(trace)}\n${scenario}` : ladder(trace);
}

/** The DOT text and the SVG that Graphviz makes of it. */
export async function tracePictures(trace: Trace): Promise<{ dot: string; svg: string }> {
  // Graphviz is two megabytes of WebAssembly: only for those who draw.
  const { toDot, toSvg } = await import("../counterexamples/render/index.ts");
  const dot = toDot(trace);
  return { dot, svg: await toSvg(dot) };
}
