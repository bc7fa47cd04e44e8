/** The initial states: every variable at its first value; `any` opens all values of its domain. */
import { type Cells, initialValue, type Layout, memberBounds } from "./layout.ts";

/**
 * All combinations, in lexicographic order of the slots. Scalarset cells opened by `any` are
 * members.
 */
export function initialStates(layout: Layout): number[][] {
  let states: number[][] = [[]];
  const append = (values: number[]): void => {
    states = states.flatMap((s) => values.map((v) => [...s, v]));
  };
  const appendCells = (cells: Cells): void => {
    for (let cell = 0; cell < cells.count; cell++) {
      const value = initialValue(cells, cell);
      if (value !== undefined) append([value]);
      else {
        const { lo, hi } = memberBounds(layout.model, cells.decl.domain);
        append(Array.from({ length: hi - lo + 1 }, (_, i) => lo + i));
      }
    }
  };
  for (const cells of layout.shared.values()) appendCells(cells);
  for (const process of layout.processes) {
    append([0]);
    for (const cells of layout.locals[process.actorIndex]?.values() ?? []) appendCells(cells);
  }
  return states;
}
