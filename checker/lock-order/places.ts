/**
 * The reachable states together with the locks that every process holds in them: lock events are
 * for onlookers, so no state of the model has to remember them.
 */
import type { LockUse, Move, State } from "../../model/ir/index.ts";
import { unpackState } from "../compile/pack.ts";
import { type LockEffects, lockEffects } from "./effects.ts";
import { type Growing, newGrowing, push } from "./growing.ts";
import type { States } from "./states.ts";

export interface Places {
  states: States;
  effects: LockEffects;
  /** By place, from 1: its state, what its processes hold, the place before it, and the edge. */
  state: Growing;
  holding: Growing;
  parent: Growing;
  edge: Growing;
  /** By the numbers in `holding`: what process number minus one holds, as a number. */
  vectors: number[][];
}

/** Told of every use of a lock once for each combination of values that the step reads. */
export type OnUse = (place: number, pid: number, use: LockUse, held: readonly LockUse[]) => void;

/** Breadth-first. */
export function explorePlaces(states: States, onUse: OnUse): Places {
  const { graph, interpreter, initial } = states;
  const processes = interpreter.layout.processes.length;
  let current = 0;
  const effects = lockEffects(states, (_, pid, use, held) => onUse(current, pid, use, held));
  const vectors = vectorsOf(processes);
  const [state, holding, parent, edge] = [newGrowing(), newGrowing(), newGrowing(), newGrowing()];
  for (const list of [state, holding, parent, edge]) push(list, 0);
  // The places of a state are a chain: usually there is one, as locks are part of the state.
  const first = new Uint32Array(graph.count);
  const next = newGrowing();
  push(next, 0);
  const visit = (s: number, vector: number, from: number, by: number): void => {
    for (let at = first[s] as number; at > 0; at = next.array[at] as number) {
      if (holding.array[at] === vector) return;
    }
    push(next, first[s] as number);
    first[s] = state.length;
    push(state, s);
    push(holding, vector);
    push(parent, from);
    push(edge, by);
  };
  for (let s = 1; s <= initial; s++) visit(s, 0, 0, 0);
  for (current = 1; current < state.length; current++) {
    const s = state.array[current] as number;
    const vector = holding.array[current] as number;
    const end = graph.offsets[s + 1] as number;
    let e = graph.offsets[s] as number;
    for (let p = 0; p < processes; p++) {
      const found = effects.at(s, p, vectors.all[vector]?.[p] as number);
      for (let way = 0; e < end && graph.movers[e] === p; e++, way++) {
        const after = found ? vectors.with(vector, p, found.after[way] as number) : vector;
        const target = graph.targets[e] as number;
        if (target > 0) visit(target, after, current, e);
      }
    }
  }
  return { states, effects, state, holding, parent, edge, vectors: vectors.all };
}

/** What all processes hold, numbered; 0 is nothing at all. */
function vectorsOf(processes: number) {
  const all: number[][] = [Array.from({ length: processes }, () => 0)];
  const ids = new Map([[(all[0] as number[]).join(), 0]]);
  return {
    all,
    with(vector: number, process: number, held: number): number {
      const old = all[vector] as number[];
      if (old[process] === held) return vector;
      const made = [...old];
      made[process] = held;
      const key = made.join();
      const known = ids.get(key);
      if (known !== undefined) return known;
      ids.set(key, all.length);
      return all.push(made) - 1;
    },
  };
}

export function heldAt({ effects, holding, vectors }: Places, place: number, pid: number) {
  const vector = vectors[holding.array[place] as number];
  return effects.held[vector?.[pid - 1] ?? 0] as LockUse[];
}

/** What the process is blocked at in the place. */
export function waitsAt(places: Places, place: number, pid: number): LockUse[] {
  const { effects, holding, state, vectors } = places;
  const held = vectors[holding.array[place] as number]?.[pid - 1] as number;
  return effects.at(state.array[place] as number, pid - 1, held)?.waits ?? [];
}

export function stateAt({ states, state }: Places, place: number): State {
  const { packing, arena } = states;
  return unpackState(packing, arena.states, (state.array[place] as number) * packing.words);
}

/** How a place is reached: the initial state, and the moves. */
export function wayTo(places: Places, place: number): { start: State; moves: Move[] } {
  const { interpreter, graph } = places.states;
  const moves: Move[] = [];
  let at = place;
  for (let from = places.parent.array[at] as number; from > 0; ) {
    const state = stateAt(places, from);
    const edge = places.edge.array[at] as number;
    const mover = graph.movers[edge] as number;
    let way = 0;
    while (edge - way - 1 >= 0 && isSibling(places, from, edge - way - 1, mover)) way++;
    const ways = interpreter.stepsOf(state, mover + 1).filter((o) => !o.violation);
    const outcome = ways[way];
    if (!outcome) throw new Error("the interpreter does not know this step");
    const { label, choices } = outcome;
    moves.unshift({ process: interpreter.layout.processes[mover]?.name ?? "", label, choices });
    at = from;
    from = places.parent.array[at] as number;
  }
  return { start: stateAt(places, at), moves };
}

/** Does this edge leave the same place by the same process? */
function isSibling({ states, state }: Places, place: number, edge: number, mover: number): boolean {
  const s = state.array[place] as number;
  return edge >= (states.graph.offsets[s] as number) && states.graph.movers[edge] === mover;
}
