/** From edges of the graph to moves of the model, and to a run that replays. */
import {
  type Interpreter,
  interpret,
  type Model,
  type Move,
  type Outcome,
  type State,
} from "../../model/ir/index.ts";
import { packState } from "../compile/pack.ts";
import type { Engine } from "../search/engine.ts";
import { moveOf, stateOf } from "../search/trace.ts";
import type { Arena } from "../store/arena.ts";
import { sameWords } from "../store/pages.ts";
import type { Edge } from "./paths.ts";
import type { World } from "./world.ts";

export interface Lasso {
  start: State;
  moves: Move[];
  /** Number of the first move of the loop, from 1; undefined when the run ends. */
  loopFrom: number | undefined;
}

/** The moves along edges that begin in the initial state with this number. */
export function movesAlong(engine: Engine, arena: Arena, { graph }: World, edges: Edge[]): Move[] {
  const { packing, interpreter } = engine;
  const { words } = packing;
  const buffer = new Int32Array(words);
  return edges.map(({ from, edge }) => {
    const target = (graph.targets[edge] as number) * words;
    const ways = interpreter.stepsOf(stateOf(engine, arena, from), (graph.movers[edge] ?? 0) + 1);
    const found = ways.find((o) => {
      packState(packing, o.next, buffer, 0);
      return sameWords(buffer, 0, arena.states, target, words);
    });
    if (!found) throw new Error("the interpreter does not know this step");
    return moveOf(engine, found);
  });
}

/**
 * The same run of the model itself. What was searched may be a reduced model, in which values that
 * nobody reads are forgotten: the model itself may need another round until these repeat, too.
 */
export function settled(model: Model, start: State, stem: Move[], loop: Move[]): Lasso {
  const interpreter = interpret(model);
  let moves = stem;
  if (loop.length === 0) return { start, moves, loopFrom: undefined };
  for (let round = 0; round < ROUNDS; round++) {
    const before = runFrom(interpreter, start, moves);
    const after = runFrom(interpreter, before, loop);
    if (before.join() === after.join()) {
      return { start, moves: [...moves, ...loop], loopFrom: moves.length + 1 };
    }
    moves = [...moves, ...loop];
  }
  throw new Error("a loop of the reduced model does not repeat in the model");
}

/** One round writes every value that the loop writes; the next ones write the same. */
const ROUNDS = 3;

function runFrom(interpreter: Interpreter, start: State, moves: Move[]): State {
  return moves.reduce((state, move) => step(interpreter, state, move).next, start);
}

function step(interpreter: Interpreter, state: State, move: Move): Outcome {
  const process = interpreter.layout.processes.find((p) => p.name === move.process);
  const ways = interpreter.stepsOf(state, process?.pid ?? 0);
  const wanted = move.choices.join();
  const found = ways.find((o) => o.label === move.label && o.choices.join() === wanted);
  if (!found) throw new Error(`${move.process} can't take ${move.label}`);
  return found;
}
