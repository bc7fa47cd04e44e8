/**
 * Which processes get a lane: those that move, and those that stand blocked at the end. When nobody
 * moves, because the first state is the wrong one, all of them.
 */
import type { Lane, Trace } from "../../model/ir/trace.ts";

export function lanesOf(trace: Trace): Lane[] {
  const pids = new Set([...trace.steps, ...trace.blocked].map((s) => s.pid));
  return pids.size === 0 ? trace.lanes : trace.lanes.filter((lane) => pids.has(lane.pid));
}

export function laneName(trace: Trace, pid: number): string {
  return trace.lanes.find((lane) => lane.pid === pid)?.name ?? `process ${pid}`;
}
