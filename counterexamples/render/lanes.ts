/**
 * Which processes get a lane: those that move, and those that stand blocked at the end, in the
 * order in which they come on. When nobody moves, because the first state is the wrong one, all.
 */
import type { Lane, Trace } from "../../model/ir/trace.ts";

export function lanesOf(trace: Trace): Lane[] {
  const pids = [...new Set([...trace.steps, ...trace.blocked].map((s) => s.pid))];
  if (pids.length === 0) return trace.lanes;
  return pids.flatMap((pid) => trace.lanes.filter((lane) => lane.pid === pid));
}

export function laneName(trace: Trace, pid: number): string {
  return trace.lanes.find((lane) => lane.pid === pid)?.name ?? `process ${pid}`;
}
