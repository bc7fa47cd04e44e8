/** What the comparison asks of a checker. */
import type { Cost, Ran } from "./measure.ts";
import type { Subject } from "./subjects.ts";

export interface Counts {
  states: number;
  transitions: number | undefined;
  /** Bytes of states and index, as the tool says. */
  stored?: number;
}

export interface Tool {
  name: string;
  /** What its counts must be: all states, one per orbit, or whatever a reduction leaves. */
  counts: "full" | "symmetric" | "reduced";
  /** Is it there for this model, and does it come to an end in reasonable time? */
  fits: (subject: Subject) => boolean;
  /** Builds what must be built; the cost belongs to the time to verdict from cold. */
  prepare: (subject: Subject, folder: string) => Cost;
  run: (subject: Subject, folder: string) => Ran & Counts;
}

/** A tool that did not come to an end has no row; the others have. */
export class GaveUp extends Error {}

export const nothing: Cost = { cpu: 0, wall: 0, resident: 0 };

export function sum(costs: Cost[]): Cost {
  return {
    cpu: costs.reduce((s, c) => s + c.cpu, 0),
    wall: costs.reduce((s, c) => s + c.wall, 0),
    resident: Math.max(...costs.map((c) => c.resident)),
  };
}
