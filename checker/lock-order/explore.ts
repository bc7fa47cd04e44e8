/**
 * All reachable states together with the locks that every process holds in them, by the reference
 * interpreter: lock events are for onlookers, so no state of the model remembers them.
 */
import {
  heldAfter,
  type Interpreter,
  interpret,
  type LockUse,
  type Model,
  type Move,
  type Outcome,
  type State,
  waitsOf,
} from "../../model/ir/index.ts";
import type { Graph } from "../liveness/graph.ts";

/** A state, what is held in it by process number minus one, and how it was reached first. */
export interface Place {
  state: State;
  held: LockUse[][];
  /** Number of the place before, 0 for an initial one. */
  parent: number;
  move: Move | undefined;
  /** By process number minus one: what it is blocked at; empty for one that can move. */
  waits: LockUse[][];
}

export interface Places {
  interpreter: Interpreter;
  /** Numbered from 1; place 0 does not exist. */
  places: Place[];
  graph: Graph;
  /** The limit was not hit. */
  complete: boolean;
}

/** Told of every lock event of every step, and of what was held just before it. */
export type OnUse = (place: number, pid: number, use: LockUse, held: readonly LockUse[]) => void;

/** Breadth-first, up to `limit` places. Steps that are violations lead nowhere. */
export function explorePlaces(model: Model, limit: number, onUse: OnUse): Places {
  const interpreter = interpret(model);
  const { processes } = interpreter.layout;
  const ids = new Map<string, number>();
  const places: Place[] = [{ state: [], held: [], parent: 0, move: undefined, waits: [] }];
  let complete = true;
  const idOf = (state: State, held: LockUse[][], parent: number, move?: Move): number => {
    const key = `${state.join()}|${held.map(shortOf).join(";")}`;
    const known = ids.get(key);
    if (known !== undefined) return known;
    if (places.length > limit) {
      complete = false;
      return 0;
    }
    ids.set(key, places.length);
    return places.push({ state, held, parent, move, waits: [] }) - 1;
  };
  for (const s of interpreter.initialStates()) idOf(s, processes.map(none), 0);
  const [offsets, targets, movers]: [number[], number[], number[]] = [[0], [], []];
  for (let id = 1; id < places.length; id++) {
    const place = places[id] as Place;
    offsets.push(targets.length);
    place.waits = processes.map(({ pid }) => {
      const outcomes = interpreter.stepsOf(place.state, pid);
      if (outcomes.length === 0) return blockedAt(interpreter, place, id, pid, onUse);
      for (const outcome of outcomes) {
        const held = report(place, id, outcome, onUse);
        if (outcome.violation) continue;
        const to = idOf(outcome.next, held, id, moveOf(interpreter, outcome));
        if (to === 0) continue;
        targets.push(to);
        movers.push(pid - 1);
      }
      return [];
    });
  }
  offsets.push(targets.length);
  const graph: Graph = {
    count: places.length,
    offsets: Uint32Array.from(offsets),
    targets: Uint32Array.from(targets),
    movers: Uint16Array.from(movers),
  };
  return { interpreter, places, graph, complete };
}

const none = (): LockUse[] => [];

function shortOf(held: LockUse[]): string {
  return held.map((h) => `${h.name}${h.mode === "shared" ? "R" : ""}`).join();
}

/** lockdep sees an attempt before it blocks, and so does this. */
function blockedAt(
  interpreter: Interpreter,
  place: Place,
  id: number,
  pid: number,
  onUse: OnUse,
): LockUse[] {
  const waits = waitsOf(interpreter, place.state, pid);
  for (const use of waits) onUse(id, pid, use, place.held[pid - 1] as LockUse[]);
  return waits;
}

/** What everybody holds after the step. */
function report(place: Place, id: number, { pid, locks }: Outcome, onUse: OnUse): LockUse[][] {
  let own = place.held[pid - 1] as LockUse[];
  for (const use of locks) {
    onUse(id, pid, use, own);
    own = heldAfter(own, [use]);
  }
  return place.held.map((held, i) => (i === pid - 1 ? own : held));
}

function moveOf({ layout }: Interpreter, { pid, label, choices }: Outcome): Move {
  return { process: layout.processes[pid - 1]?.name ?? "", label, choices };
}

/** How a place is reached: the initial state, and the moves. */
export function wayTo({ places }: Places, id: number): { start: State; moves: Move[] } {
  const moves: Move[] = [];
  let at = places[id] as Place;
  while (at.move) {
    moves.unshift(at.move);
    at = places[at.parent] as Place;
  }
  return { start: at.state, moves };
}
