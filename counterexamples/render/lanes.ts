/** Which processes get a lane: those that move, and those that stand blocked at the end. */
import type { Lane, Trace } from "../../model/ir/trace.ts";

export function lanesOf(trace: Trace): Lane[] {
  const pids = new Set([...trace.steps, ...trace.blocked].map((s) => s.pid));
  return trace.lanes.filter((lane) => pids.has(lane.pid));
}

export function laneName(trace: Trace, pid: number): string {
  return trace.lanes.find((lane) => lane.pid === pid)?.name ?? `process ${pid}`;
}
