/** The shortest possible checker: breadth-first search over the reference interpreter. */
import { type Interpreter, interpret, type Outcome, type State } from "../../model/ir/eval.ts";
import type { Model } from "../../model/ir/types.ts";
import { violationsIn } from "../../model/ir/verdict.ts";

export interface Explored {
  interpreter: Interpreter;
  states: State[];
  transitions: number;
  /** Steps that are violations themselves; they lead nowhere. */
  faults: Outcome[];
  deadlocks: State[];
  /** Everything wrong, as `kind property`, sorted, each once. */
  verdicts: string[];
  /** The search met the limit. */
  cut: boolean;
}

export function bfs(model: Model, limit = 100_000): Explored {
  const interpreter = interpret(model);
  const seen = new Map<string, State>();
  const queue = interpreter.initialStates();
  for (const s of queue) seen.set(s.join(), s);
  const found: Omit<Explored, "states" | "cut" | "interpreter"> = {
    transitions: 0,
    faults: [],
    deadlocks: [],
    verdicts: [],
  };
  const verdicts = new Set<string>();
  for (let state = queue.shift(); state && seen.size <= limit; state = queue.shift()) {
    for (const { kind, property } of violationsIn(interpreter, state)) {
      verdicts.add(`${kind} ${property}`);
      if (kind === "deadlock") found.deadlocks.push(state);
    }
    for (const outcome of interpreter.successors(state)) {
      found.transitions++;
      if (outcome.violation) {
        found.faults.push(outcome);
        verdicts.add(`${outcome.violation.kind} ${outcome.violation.property}`);
      } else if (!seen.has(outcome.next.join())) {
        seen.set(outcome.next.join(), outcome.next);
        queue.push(outcome.next);
      }
    }
  }
  found.verdicts = [...verdicts].sort();
  return { interpreter, ...found, states: [...seen.values()], cut: seen.size > limit };
}
