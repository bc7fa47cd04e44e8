/**
 * Back from a state to an initial one. Level by level: among the states of the level before, the
 * first one that has the wanted successor. The steps are generated again; nothing was stored for
 * it.
 */
import type { Move, Outcome, State } from "../../model/ir/index.ts";
import { packState, unpackState } from "../compile/pack.ts";
import type { Arena } from "../store/arena.ts";
import type { Store } from "../store/store.ts";
import type { Engine } from "./engine.ts";

/** State numbers from an initial state to the target, one per level. */
export function pathTo(engine: Engine, store: Store, levels: number[], target: number): number[] {
  if (store.pathTo) return store.pathTo(target);
  const fired = engine.batch.fired.slice();
  const path = [target];
  let level = levels.findLastIndex((first) => first <= target);
  while (level > 0) {
    level--;
    const [from, to] = [levels[level] as number, levels[level + 1] as number];
    path.unshift(predecessor(engine, store, from, to, path[0] as number));
  }
  engine.batch.fired.set(fired);
  return path;
}

function predecessor(
  engine: Engine,
  store: Store,
  from: number,
  to: number,
  target: number,
): number {
  const { batch, packing } = engine;
  const leadsThere = (): boolean => {
    const { words } = packing;
    engine.canonicalize(batch.filled);
    for (let at = 0; at < batch.filled; at += words) {
      if (store.is(target, batch.words, at)) return true;
    }
    return false;
  };
  for (let i = from; i < to; ) {
    const next = store.expand(i, to);
    if (leadsThere()) {
      for (let k = i; k <= next; k++) {
        store.expand(k, k + 1);
        if (leadsThere()) return k;
      }
    }
    if (batch.problem) break;
    i = next;
  }
  throw new Error("a stored state has no predecessor");
}

/** A run of the model through the orbits of a path: where it starts, its moves, where it ends. */
export interface Walk {
  start: State;
  moves: Move[];
  end: State;
}

/** The steps along a path; the first of several steps into the same orbit. */
export function runAlong(engine: Engine, store: Store, path: number[]): Walk {
  const { batch, packing } = engine;
  const isStored = (state: State, as: number): boolean => {
    packState(packing, state, batch.words, 0);
    engine.canonicalize(packing.words);
    return store.is(as, batch.words, 0);
  };
  const first = path[0] as number;
  const start = engine.interpreter.initialStates().find((state) => isStored(state, first));
  if (!start) throw new Error("the path does not begin in an initial state");
  let state = start;
  const moves = path.slice(1).flatMap((to) => {
    const run = engine.runs(state).find((r) => !r.violation && isStored(r.next, to));
    if (!run) throw new Error("the interpreter does not know this step");
    state = run.next;
    return run.steps.map((step) => moveOf(engine, step));
  });
  return { start, moves, end: state };
}

export function moveOf({ interpreter }: Engine, outcome: Outcome): Move {
  const process = interpreter.layout.processes[outcome.pid - 1];
  if (!process) throw new Error(`no process ${outcome.pid}`);
  return { process: process.name, label: outcome.label, choices: outcome.choices };
}

export function stateOf({ packing }: Engine, arena: Arena, state: number): State {
  return unpackState(packing, arena.states, state * packing.words);
}
