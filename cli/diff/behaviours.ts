/** Which steps can follow one another, over all interleavings, with a run that shows it. */
import { interpret, type Model, type Outcome, type State } from "../../model/ir/index.ts";

export interface Behaviours {
  /** By `gpu_fault.map, munmap.zap`: the labels, and those of a run that ends in these steps. */
  found: Map<string, { labels: string[]; way: () => string[] }>;
  complete: boolean;
}

interface Place {
  state: State;
  parent: number;
  label: string;
  /** The labels of the steps that lead here, as sequences one shorter than those looked for. */
  before: Set<string>;
}

/**
 * All sequences of `length` consecutive steps (1 or 2) in the first `limit` states, breadth-first
 * by the reference interpreter. Processes of one actor are not told apart.
 */
export function behavioursOf(model: Model, length: number, limit: number): Behaviours {
  const { layout, initialStates, successors } = interpret(model);
  const places: Place[] = [];
  const ids = new Map<string, number>();
  let complete = true;
  const idOf = (state: State, parent: number, label: string): number | undefined => {
    const key = state.join();
    const known = ids.get(key);
    if (known !== undefined) return known;
    if (places.length >= limit) {
      complete = false;
      return undefined;
    }
    ids.set(key, places.length);
    return places.push({ state, parent, label, before: new Set() }) - 1;
  };
  const labelOf = ({ pid, label }: Outcome): string =>
    `${layout.processes[pid - 1]?.actor.name}.${label}`;
  for (const state of initialStates()) idOf(state, -1, "");
  const found: Behaviours["found"] = new Map();
  const edges: { from: number; label: string }[] = [];
  for (let id = 0; id < places.length; id++) {
    const place = places[id] as Place;
    for (const outcome of successors(place.state)) {
      const label = labelOf(outcome);
      edges.push({ from: id, label });
      if (outcome.violation) continue;
      const to = idOf(outcome.next, id, label);
      if (to !== undefined) places[to]?.before.add(label);
    }
  }
  for (const { from, label } of edges) {
    if (length === 1) note([label], () => [...wayTo(from), label]);
    for (const first of length === 2 ? (places[from]?.before ?? []) : []) {
      note([first, label], () => [...wayTo(predecessor(first, from)), first, label]);
    }
  }
  return { found, complete };

  function note(labels: string[], way: () => string[]): void {
    const key = labels.join(", ");
    if (!found.has(key)) found.set(key, { labels, way });
  }
  /** A place from which the step leads there. */
  function predecessor(label: string, to: number): number {
    const goal = places[to]?.state.join();
    const fits = (o: Outcome): boolean => labelOf(o) === label && o.next.join() === goal;
    return edges.find(
      (e) => e.label === label && successors((places[e.from] as Place).state).some(fits),
    )?.from as number;
  }
  function wayTo(id: number): string[] {
    const labels: string[] = [];
    for (let at = places[id]; at && at.parent >= 0; at = places[at.parent])
      labels.unshift(at.label);
    return labels;
  }
}
