/** Processes that can never move again although others can. */
import type { Interpreter, State } from "./eval.ts";
import type { Violation } from "./trace.ts";

/** States looked at before the answer is taken for granted. */
const LOOKED_AT = 20_000;

/**
 * The processes that are neither done nor idle here and take no step in any state reachable from
 * here. Looks at a limited number of states: no step found in these counts as no step at all.
 */
export function blockedForEver(interpreter: Interpreter, state: State): number[] {
  const stuck = new Set<number>();
  for (const { pid } of interpreter.layout.processes) {
    if (!interpreter.atRest(state, pid)) stuck.add(pid);
  }
  const queue = [state];
  const seen = new Set([state.join()]);
  for (let i = 0; i < queue.length && stuck.size > 0; i++) {
    for (const outcome of interpreter.successors(queue[i] as State)) {
      stuck.delete(outcome.pid);
      const key = outcome.next.join();
      if (outcome.violation || seen.has(key) || seen.size >= LOOKED_AT) continue;
      seen.add(key);
      queue.push(outcome.next);
    }
  }
  return [...stuck];
}

/** The violation, or nothing when all can move again, or when nobody can (a plain deadlock). */
export function partialDeadlock(interpreter: Interpreter, state: State): Violation[] {
  if (interpreter.successors(state).length === 0) return [];
  const stuck = blockedForEver(interpreter, state).map((pid) => {
    const name = interpreter.layout.processes[pid - 1]?.name ?? "";
    return `${name} at ${interpreter.labelOf(state, pid)}`;
  });
  if (stuck.length === 0) return [];
  const text = `can never go on, whatever the others do: ${stuck.join(", ")}`;
  return [{ kind: "deadlock", property: "partial_deadlock", text }];
}
