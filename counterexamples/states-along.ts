/** The states that a recorded run passes through. */
import type { Interpreter, Move, State } from "../model/ir/index.ts";

/** From `start` on, one state per move; ends early where a move cannot be taken. */
export function statesAlong(interpreter: Interpreter, moves: Move[], start: State): State[] {
  const states = [start];
  for (const move of moves) {
    const process = interpreter.layout.processes.find((p) => p.name === move.process);
    const choices = move.choices.join();
    const outcome = interpreter
      .stepsOf(states.at(-1) as State, process?.pid ?? 0)
      .find((o) => o.label === move.label && o.choices.join() === choices);
    if (!outcome) return states;
    states.push(outcome.next);
  }
  return states;
}
