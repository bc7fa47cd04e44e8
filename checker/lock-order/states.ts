/**
 * All reachable states and the edges between them, by the engine. No warning stops the kernel, so
 * no assertion ends a run here: what asserts, goes on; what has no meaning (a value out of its
 * range) leads nowhere.
 */
import {
  type Interpreter,
  interpret,
  type Model,
  resetDeadLocals,
  type Stmt,
} from "../../model/ir/index.ts";
import { compileEngine } from "../compile/module.ts";
import { type Packing, packingOf, packState, unpackState } from "../compile/pack.ts";
import { type Graph, numberOf } from "../liveness/graph.ts";
import { noFusion } from "../reduce/fuse.ts";
import type { Engine } from "../search/engine.ts";
import { interpretedEngine } from "../search/interpreted.ts";
import { type Arena, defaultBudget, isCrowded, newArena, reserveStates } from "../store/arena.ts";
import { growIndex } from "../store/flat.ts";
import { newGrowing, push } from "./growing.ts";

export interface States {
  /** What was searched: without assertions, claims and dead values. */
  model: Model;
  interpreter: Interpreter;
  packing: Packing;
  arena: Arena;
  graph: Graph;
  /** States from 1 to this one are initial. */
  initial: number;
  /** The limit was not hit. */
  complete: boolean;
}

/** Breadth-first, up to `limit` states. */
export function exploreStates(model: Model, limit: number): States {
  const bare = resetDeadLocals(withoutAssertions(model));
  const interpreter = interpret(bare);
  const packing = packingOf(interpreter.layout);
  const engine = engineFor(interpreter, packing);
  const { batch } = engine;
  const { words } = packing;
  const arena = newArena(words, defaultBudget());
  engine.bind(arena);
  let count = storeInitial(engine, arena);
  const initial = count - 1;
  const offsets = newGrowing();
  const [targets, movers] = [newGrowing(), newGrowing()];
  push(offsets, 0);
  let complete = true;
  for (let s = 1; s < count; s++) {
    push(offsets, targets.length);
    if (!complete) continue;
    engine.expand(s, s + 1);
    if (batch.problem) expandByHand(engine, arena, s);
    if (!roomFor(engine, arena, count, count + batch.filled / words)) {
      complete = false;
      continue;
    }
    count = engine.insert(count, batch.filled);
    let mover = 0;
    for (let at = 0; at < batch.filled; at += words) {
      while ((batch.ends[mover] as number) <= at) mover++;
      const target = numberOf(arena, batch.words, at);
      // A state too many is known as 0, which is none.
      push(targets, target > limit ? 0 : target);
      push(movers, mover);
    }
    if (count <= limit + 1) continue;
    complete = false;
    count = limit + 1;
  }
  push(offsets, targets.length);
  const graph: Graph = {
    count,
    offsets: offsets.array.subarray(0, count + 1),
    targets: targets.array.subarray(0, targets.length),
    movers: Uint16Array.from(movers.array.subarray(0, movers.length)),
  };
  return { model: bare, interpreter, packing, arena, graph, initial, complete };
}

function withoutAssertions(model: Model): Model {
  const bare = (body: Stmt[]): Stmt[] =>
    body.flatMap((stmt): Stmt[] => {
      switch (stmt.kind) {
        case "assert":
          return [];
        case "when":
          return [{ ...stmt, then: bare(stmt.then), else: bare(stmt.else) }];
        case "either":
          return [{ ...stmt, branches: stmt.branches.map((b) => ({ ...b, body: bare(b.body) })) }];
        case "each":
          return [{ ...stmt, body: bare(stmt.body) }];
        default:
          return [stmt];
      }
    });
  const actors = model.actors.map((actor) => ({
    ...actor,
    steps: actor.steps.map((step) => ({ ...step, body: bare(step.body) })),
  }));
  return { ...model, actors, always: [], atRest: [], reachable: [], liveness: [] };
}

function engineFor(interpreter: Interpreter, packing: Packing): Engine {
  const reductions = { parts: [], fusion: noFusion(), movers: true };
  try {
    return compileEngine(interpreter, packing, reductions);
  } catch (error) {
    if (!(error instanceof EvalError)) throw error;
    return interpretedEngine(interpreter, packing, reductions);
  }
}

/** Makes room for states up to number `most`, of which `count - 1` are there. */
function roomFor(engine: Engine, arena: Arena, count: number, most: number): boolean {
  while (isCrowded(arena, most)) {
    if (!growIndex(engine, arena, count, most)) return false;
  }
  if (!reserveStates(arena, most)) return false;
  engine.bind(arena);
  return true;
}

/** Stores the initial states from 1 on; one more than there are. */
function storeInitial(engine: Engine, arena: Arena): number {
  const { batch, packing, interpreter } = engine;
  let count = 1;
  for (const state of interpreter.initialStates()) {
    packState(packing, state, batch.words, 0);
    if (!roomFor(engine, arena, count, count + 1)) throw new Error("no memory for initial states");
    count = engine.insert(count, packing.words);
  }
  return count;
}

/** A state that some step leaves with a violation: the other steps, in the order of the engine. */
function expandByHand({ batch, packing, interpreter }: Engine, arena: Arena, s: number): void {
  const { words } = packing;
  const state = unpackState(packing, arena.states, s * words);
  let at = 0;
  interpreter.layout.processes.forEach(({ pid }, mover) => {
    for (const { next, violation } of interpreter.stepsOf(state, pid)) {
      if (violation) continue;
      packState(packing, next, batch.words, at);
      at += words;
    }
    batch.ends[mover] = at;
  });
  batch.filled = at;
}
