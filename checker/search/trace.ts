/**
 * Back from a state to an initial one. Level by level: among the states of the level before, the
 * first one that has the wanted successor. The steps are generated again; nothing was stored for
 * it.
 */
import type { Move, Outcome, State } from "../../model/ir/index.ts";
import { packState, unpackState } from "../compile/pack.ts";
import type { Arena } from "../store/arena.ts";
import type { Engine } from "./engine.ts";
import { sameWords } from "./search.ts";

/** State numbers from an initial state to the target, one per level. */
export function pathTo(engine: Engine, arena: Arena, levels: number[], target: number): number[] {
  const fired = engine.batch.fired.slice();
  const path = [target];
  let level = levels.findLastIndex((first) => first <= target);
  while (level > 0) {
    level--;
    const [from, to] = [levels[level] as number, levels[level + 1] as number];
    path.unshift(predecessor(engine, arena, from, to, path[0] as number));
  }
  engine.batch.fired.set(fired);
  return path;
}

function predecessor(
  engine: Engine,
  arena: Arena,
  from: number,
  to: number,
  target: number,
): number {
  const { batch, packing } = engine;
  const leadsThere = (): boolean => {
    const { words } = packing;
    for (let at = 0; at < batch.filled; at += words) {
      if (sameWords(batch.words, at, arena.states, target * words, words)) return true;
    }
    return false;
  };
  for (let i = from; i < to; ) {
    const next = engine.expand(i, to);
    if (leadsThere()) {
      for (let k = i; k <= next; k++) {
        engine.expand(k, k + 1);
        if (leadsThere()) return k;
      }
    }
    if (batch.problem) break;
    i = next;
  }
  throw new Error("a stored state has no predecessor");
}

/** The steps along a path; the first of several steps with the same effect. */
export function movesAlong(engine: Engine, arena: Arena, path: number[]): Move[] {
  const { interpreter, packing } = engine;
  const { words } = packing;
  const packed = new Int32Array(words);
  return path.slice(1).map((to, k) => {
    const from = path[k] as number;
    const step = interpreter.successors(stateOf(engine, arena, from)).find((o) => {
      packState(packing, o.next, packed, 0);
      return !o.violation && sameWords(packed, 0, arena.states, to * words, words);
    });
    if (!step) throw new Error("the interpreter does not know this step");
    return moveOf(engine, step);
  });
}

export function moveOf({ interpreter }: Engine, outcome: Outcome): Move {
  const process = interpreter.layout.processes[outcome.pid - 1];
  if (!process) throw new Error(`no process ${outcome.pid}`);
  return { process: process.name, label: outcome.label, choices: outcome.choices };
}

export function stateOf({ packing }: Engine, arena: Arena, state: number): State {
  return unpackState(packing, arena.states, state * packing.words);
}
