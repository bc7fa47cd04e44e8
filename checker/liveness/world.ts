/** The graph with what progress checks ask of its states: who stands where, and who must move. */
import { marksOf, type Process } from "../../model/ir/index.ts";
import type { Field } from "../compile/pack.ts";
import type { Engine } from "../search/engine.ts";
import type { Arena } from "../store/arena.ts";
import type { Graph } from "./graph.ts";

export interface World {
  graph: Graph;
  processes: Process[];
  /** Position of the label where the process (number minus one) stands. */
  pcOf(state: number, process: number): number;
  /** Is the process done or idle? */
  rests(state: number, process: number): boolean;
  /** `marksOf` the transition of this edge. */
  marksAt(from: number, edge: number): number;
}

export function worldOf(engine: Engine, arena: Arena, graph: Graph): World {
  const { packing, interpreter } = engine;
  const { processes } = interpreter.layout;
  const { words } = packing;
  const fields = processes.map((p) => packing.fields[p.pc] as Field);
  const marks = processes.map((p) => marksOf(p.actor));
  const rest = processes.map(({ actor }) => [...actor.steps.map((s) => s.idle === true), true]);
  const pcOf = (state: number, process: number): number => {
    const { word, shift, width, lo } = fields[process] as Field;
    if (width === 0) return lo;
    return (((arena.states[state * words + word] as number) >>> shift) & (2 ** width - 1)) + lo;
  };
  return {
    graph,
    processes,
    pcOf,
    rests: (state, process) => rest[process]?.[pcOf(state, process)] ?? false,
    marksAt: (from, edge) => {
      const mover = graph.movers[edge] as number;
      const steps = (processes[mover] as Process).actor.steps.length;
      const to = pcOf(graph.targets[edge] as number, mover);
      return marks[mover]?.[pcOf(from, mover) * (steps + 1) + to] as number;
    },
  };
}
