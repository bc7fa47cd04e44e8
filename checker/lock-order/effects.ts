/**
 * What the steps of processes do to locks. A step is looked at in the interpreter once for every
 * combination of the values that it reads and of what the process holds; all other states with the
 * same combination share the answer.
 */
import {
  accessOf,
  heldAfter,
  type LockUse,
  type Process,
  type Step,
  slotsOf,
  waitsOf,
} from "../../model/ir/index.ts";
import { type Field, unpackState } from "../compile/pack.ts";
import { hashWords } from "../store/table.ts";
import { mapsHeldIn, mapsOf, mapsTaken } from "./lockdep.ts";
import type { States } from "./states.ts";

/** Told of every use of a lock, and of what was held just before it. */
export type OnUse = (state: number, pid: number, use: LockUse, held: readonly LockUse[]) => void;

export interface Effects {
  /** What is held after each way of taking the step, as a number. */
  after: number[];
  /** What the process is blocked at, when it can't take the step. */
  waits: LockUse[];
}

export interface LockEffects {
  /** By number: what a process holds; 0 is nothing. */
  held: LockUse[][];
  /** Undefined when the step leaves all as it is. */
  at(state: number, process: number, held: number): Effects | undefined;
}

/** The values that decide what a step does to locks. */
interface Reads {
  words: number[];
  masks: number[];
}

export function lockEffects(states: States, onUse: OnUse): LockEffects {
  const { interpreter, packing, arena } = states;
  const { processes } = interpreter.layout;
  const { words } = packing;
  const pcs = processes.map((p) => packing.fields[p.pc] as Field);
  const reads = processes.map((p) => p.actor.steps.map((step) => readsOf(states, p, step)));
  const width = 3 + Math.max(0, ...reads.flat().map((r) => r?.words.length ?? 0));
  const table = newTable(width);
  const found: Effects[] = [];
  const held: LockUse[][] = [[]];
  const ids = new Map([["", 0]]);
  const idOf = (uses: LockUse[]): number => {
    const key = uses.map((h) => `${h.name}/${h.subclass ?? 0}${h.mode[0]}`).join();
    const known = ids.get(key);
    if (known !== undefined) return known;
    ids.set(key, held.length);
    return held.push(uses) - 1;
  };
  const look = (state: number, process: number, before: number): Effects => {
    const cells = unpackState(packing, arena.states, state * words);
    return effectsOf(states, cells, process, held[before] ?? [], idOf, (use, own) =>
      onUse(state, process + 1, use, own),
    );
  };
  return {
    held,
    at(state, process, before) {
      const pc = cellOf(arena.states, state * words, pcs[process] as Field);
      const read = reads[process]?.[pc];
      if (!read) return undefined;
      const { row } = table;
      row.fill(0);
      row[0] = process;
      row[1] = pc;
      row[2] = before;
      for (let i = 0; i < read.words.length; i++) {
        const word = arena.states[state * words + (read.words[i] as number)] as number;
        row[3 + i] = word & (read.masks[i] as number);
      }
      const number = enter(table);
      if (number === found.length) found.push(look(state, process, before));
      return found[number];
    },
  };
}

function cellOf(array: Int32Array, at: number, { word, shift, width, lo }: Field): number {
  if (width === 0) return lo;
  return (((array[at + word] as number) >>> shift) & (2 ** width - 1)) + lo;
}

/** Undefined for a step that has nothing to do with locks. */
function readsOf(
  { interpreter, packing }: States,
  process: Process,
  step: Step,
): Reads | undefined {
  const { layout } = interpreter;
  const { steps } = process.actor;
  const access = accessOf(process.actor, step);
  const routines = step.routine ?? [];
  const enters = access.mayGoto.some((label) => {
    const next = steps.find((s) => s.label === label);
    return mapsTaken(routines, next?.routine ?? []).length > 0;
  });
  if (!enters && !JSON.stringify(step.body).includes('"kind":"lock"')) return undefined;
  const masks = new Map<number, number>();
  for (const slot of access.reads.flatMap((a) => slotsOf(layout, process, a))) {
    const { word, shift, width } = packing.fields[slot] as Field;
    const bits = width === 32 ? -1 : (2 ** width - 1) << shift;
    masks.set(word, (masks.get(word) ?? 0) | bits);
  }
  return { words: [...masks.keys()], masks: [...masks.values()] };
}

function effectsOf(
  { interpreter }: States,
  cells: number[],
  process: number,
  before: LockUse[],
  idOf: (held: LockUse[]) => number,
  onUse: (use: LockUse, held: readonly LockUse[]) => void,
): Effects {
  const { actor, pc } = interpreter.layout.processes[process] as Process;
  const routines = actor.steps[cells[pc] as number]?.routine ?? [];
  const context = mapsHeldIn(routines);
  const use = (one: LockUse, own: LockUse[]): void => {
    // Who is in a signalling section itself, steps out of it for the occasion.
    for (const map of mapsOf(one))
      onUse(
        map,
        [...context, ...own].filter((h) => h.name !== map.name),
      );
    onUse(one, [...context, ...own]);
  };
  const outcomes = interpreter.stepsOf(cells, process + 1);
  if (outcomes.length === 0) {
    // lockdep sees an attempt before it blocks, and so does this.
    const waits = waitsOf(interpreter, cells, process + 1);
    for (const wait of waits) use(wait, before);
    return { after: [], waits };
  }
  const after = outcomes.flatMap(({ locks, next, violation }) => {
    let own = before;
    for (const one of locks) {
      use(one, own);
      own = heldAfter(own, [one]);
    }
    if (violation) return [];
    const then = actor.steps[next[pc] as number]?.routine ?? [];
    for (const map of mapsTaken(routines, then)) onUse(map, [...context, ...own]);
    return [idOf(own)];
  });
  return { after, waits: [] };
}

/** Rows of equal width, each numbered once. */
interface Table {
  width: number;
  /** The row to look for. */
  row: Int32Array;
  rows: Int32Array;
  slots: Int32Array;
  count: number;
}

function newTable(width: number): Table {
  const slots = new Int32Array(1 << 12).fill(-1);
  return { width, row: new Int32Array(width), rows: new Int32Array(width << 10), slots, count: 0 };
}

/** The number of `table.row`; it is new when that is the number of rows that were there before. */
function enter(table: Table): number {
  const { width, row } = table;
  const mask = table.slots.length - 1;
  for (let at = hashWords(row, 0, width) & mask; ; at = (at + 1) & mask) {
    const number = table.slots[at] as number;
    if (number < 0) {
      table.slots[at] = table.count;
      return append(table);
    }
    let i = 0;
    while (i < width && table.rows[number * width + i] === row[i]) i++;
    if (i === width) return number;
  }
}

function append(table: Table): number {
  const { width } = table;
  if ((table.count + 1) * width > table.rows.length) {
    const larger = new Int32Array(2 * table.rows.length);
    larger.set(table.rows);
    table.rows = larger;
  }
  table.rows.set(table.row, table.count * width);
  table.count++;
  if (2 * table.count > table.slots.length) {
    table.slots = new Int32Array(2 * table.slots.length).fill(-1);
    const mask = table.slots.length - 1;
    for (let n = 0; n < table.count; n++) {
      let at = hashWords(table.rows, n * width, width) & mask;
      while (table.slots[at] !== -1) at = (at + 1) & mask;
      table.slots[at] = n;
    }
  }
  return table.count - 1;
}
