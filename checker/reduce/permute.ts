/** Permutations of interchangeable names, and what they do to a state. */
import { type Cells, cellIndex, type Domain, type Layout } from "../../model/ir/index.ts";
import type { Interchangeable } from "./symmetry.ts";

/** New name of every old one; names that stay are left out. */
export interface Renaming {
  scalarsets: ReadonlyMap<string, ReadonlyMap<number, number>>;
  procs: ReadonlyMap<number, number>;
}

/**
 * The value of one slot of the renamed state: of which slot it is the old value, and its renaming.
 */
export interface SlotSource {
  from: number;
  /** Undefined when the values are no names. */
  values: ReadonlyMap<number, number> | undefined;
}

/** All renamings but the one that changes nothing. */
export function renamings(parts: Interchangeable[]): Renaming[] {
  let all: Renaming[] = [{ scalarsets: new Map(), procs: new Map() }];
  for (const part of parts) {
    const maps = permutations(part.values).map((to) => {
      return new Map(part.values.map((from, i) => [from, to[i] as number]));
    });
    all = all.flatMap((r) => maps.map((map) => extended(r, part, map)));
  }
  return all.slice(1);
}

function extended(r: Renaming, part: Interchangeable, map: Map<number, number>): Renaming {
  if (part.kind === "proc") return { ...r, procs: new Map([...r.procs, ...map]) };
  const before = r.scalarsets.get(part.name) ?? [];
  const both = new Map([...before, ...map]);
  return { ...r, scalarsets: new Map(r.scalarsets).set(part.name, both) };
}

/** In an order that begins with the list itself. */
function permutations(list: number[]): number[][] {
  if (list.length < 2) return [list];
  return list.flatMap((first, i) => {
    const rest = [...list.slice(0, i), ...list.slice(i + 1)];
    return permutations(rest).map((p) => [first, ...p]);
  });
}

function namesOf(domain: Domain | undefined, r: Renaming): ReadonlyMap<number, number> | undefined {
  if (domain?.kind === "scalarset") return r.scalarsets.get(domain.name);
  return domain?.kind === "proc" && r.procs.size > 0 ? r.procs : undefined;
}

/** For each slot of the renamed state, where its value comes from. */
export function slotSources(layout: Layout, r: Renaming): SlotSource[] {
  const sources: SlotSource[] = layout.slots.map((slot, from) => {
    return { from, values: namesOf(slot.domain, r) };
  });
  const move = (cells: Cells, oldBase: number, newBase: number): void => {
    for (let cell = 0; cell < cells.count; cell++) {
      const to = newBase + renamedCell(cells, cell, r);
      const from = oldBase + cell;
      sources[to] = { from, values: namesOf(cells.decl.domain, r) };
    }
  };
  for (const cells of layout.shared.values()) move(cells, cells.offset, cells.offset);
  for (const process of layout.processes) {
    const target = layout.processes[(r.procs.get(process.pid) ?? process.pid) - 1];
    if (!target) throw new Error(`no process ${r.procs.get(process.pid)}`);
    sources[target.pc] = { from: process.pc, values: undefined };
    for (const cells of layout.locals[process.actorIndex]?.values() ?? []) {
      move(cells, process.pc + 1 + cells.offset, target.pc + 1 + cells.offset);
    }
  }
  return sources;
}

/** Number of the cell that takes the value of this one. */
function renamedCell(cells: Cells, cell: number, r: Renaming): number {
  const index = cellIndex(cells, cell);
  return cells.dims.reduce((number, dim, i) => {
    const old = index[i] as number;
    const renamed = namesOf(dim.domain, r)?.get(old) ?? old;
    return number * (dim.hi - dim.lo + 1) + (renamed - dim.lo);
  }, 0);
}

/** The renamed state. */
export function renameState(sources: SlotSource[], state: ArrayLike<number>): number[] {
  return sources.map(({ from, values }) => {
    const value = state[from] as number;
    return values?.get(value) ?? value;
  });
}
