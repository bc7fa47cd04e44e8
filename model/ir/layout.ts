/**
 * From variables to a vector of integers: a state is one integer per cell, the shared cells first,
 * then for each process its pc and its locals. The pc is the position of the label; the number of
 * steps means *done*.
 */
import {
  findEnum,
  findScalarset,
  processName,
  scalarsetSize,
  showCell,
  showValue,
} from "./names.ts";
import type { ActorDecl, Domain, Model, VarDecl } from "./types.ts";

export interface Bounds {
  lo: number;
  hi: number;
}

/** One dimension of an array: the values that may index it, in order. */
export interface Dimension extends Bounds {
  domain: Domain;
}

/** Where the cells of one variable are, row-major from `offset`. */
export interface Cells extends Bounds {
  decl: VarDecl;
  offset: number;
  count: number;
  dims: Dimension[];
}

export interface Slot extends Bounds {
  /** `cpu_pte[page0].state`, `gpu_fault.seq`, `gpu_fault.pc`. */
  name: string;
  role: "shared" | "pc" | "local";
  /** Process number from 1; 0 for a shared cell. */
  pid: number;
  domain: Domain | undefined;
}

export interface Process {
  pid: number;
  name: string;
  actor: ActorDecl;
  actorIndex: number;
  instance: number;
  /** Slot of the pc. */
  pc: number;
  /** Locals are at `pc + 1 + cells.offset`. */
}

export interface Layout {
  model: Model;
  slots: Slot[];
  shared: ReadonlyMap<string, Cells>;
  /** Per actor (by position); offsets count from the slot after the pc. */
  locals: ReadonlyMap<string, Cells>[];
  processes: Process[];
}

/** The integers a variable of this domain may hold. */
export function valueBounds(model: Model, domain: Domain): Bounds {
  switch (domain.kind) {
    case "bool":
      return { lo: 0, hi: 1 };
    case "range":
      return { lo: domain.lo, hi: domain.hi };
    case "enum":
      return { lo: 0, hi: findEnum(model, domain.name).values.length - 1 };
    case "scalarset":
      return { lo: 0, hi: scalarsetSize(findScalarset(model, domain.name)) };
    case "proc":
      return { lo: 0, hi: model.actors.reduce((sum, a) => sum + a.count, 0) };
  }
}

/**
 * The values that exist as members, to index by or to choose from: like the bounds, without *none*.
 */
export function memberBounds(model: Model, domain: Domain): Bounds {
  const { lo, hi } = valueBounds(model, domain);
  return domain.kind === "scalarset" || domain.kind === "proc" ? { lo: 1, hi } : { lo, hi };
}

function cellsOf(model: Model, decl: VarDecl, offset: number): Cells {
  const dims = decl.index.map((domain) => ({ domain, ...memberBounds(model, domain) }));
  const count = dims.reduce((product, d) => product * Math.max(0, d.hi - d.lo + 1), 1);
  return { decl, offset, count, dims, ...valueBounds(model, decl.domain) };
}

/** The index values of cell number `cell` (row-major). */
export function cellIndex(cells: Cells, cell: number): number[] {
  const index: number[] = [];
  let rest = cell;
  for (const dim of [...cells.dims].reverse()) {
    const size = dim.hi - dim.lo + 1;
    index.unshift(dim.lo + (rest % size));
    rest = Math.floor(rest / size);
  }
  return index;
}

/** `folio[vram0].refcount`. */
export function cellName(model: Model, cells: Cells, cell: number): string {
  const index = cellIndex(cells, cell);
  const texts = cells.dims.map((dim, i) => showValue(model, dim.domain, index[i] as number));
  return showCell(cells.decl, texts);
}

/** Initial value of a cell, or undefined for `any`. */
export function initialValue(cells: Cells, cell: number): number | undefined {
  const init = cells.decl.init;
  if (init.kind === "any") return undefined;
  return init.kind === "value" ? init.value : init.values[cell];
}

function place(model: Model, decls: VarDecl[], start: number): [Map<string, Cells>, number] {
  const map = new Map<string, Cells>();
  let offset = start;
  for (const decl of decls) {
    const cells = cellsOf(model, decl, offset);
    map.set(decl.name, cells);
    offset += cells.count;
  }
  return [map, offset];
}

/** Computes the layout of a valid model. */
export function layoutOf(model: Model): Layout {
  const slots: Slot[] = [];
  const push = (cells: Cells, role: "shared" | "local", pid: number, prefix: string): void => {
    for (let cell = 0; cell < cells.count; cell++) {
      const name = prefix + cellName(model, cells, cell);
      slots.push({ name, role, pid, domain: cells.decl.domain, lo: cells.lo, hi: cells.hi });
    }
  };
  const [shared] = place(model, model.shared, 0);
  for (const cells of shared.values()) push(cells, "shared", 0, "");

  const locals = model.actors.map((actor) => place(model, actor.locals, 0)[0]);
  const processes: Process[] = [];
  model.actors.forEach((actor, actorIndex) => {
    for (let instance = 0; instance < actor.count; instance++) {
      const name = processName(actor, instance);
      const pid = processes.length + 1;
      processes.push({ pid, name, actor, actorIndex, instance, pc: slots.length });
      const pcName = `${name}.pc`;
      slots.push({
        name: pcName,
        role: "pc",
        pid,
        domain: undefined,
        lo: 0,
        hi: actor.steps.length,
      });
      for (const cells of (locals[actorIndex] as Map<string, Cells>).values()) {
        push(cells, "local", pid, `${name}.`);
      }
    }
  });
  return { model, slots, shared, locals, processes };
}

/** Value of one slot as text: a label for a pc. */
export function showSlot(layout: Layout, slot: number, value: number): string {
  const s = layout.slots[slot] as Slot;
  if (s.domain) return showValue(layout.model, s.domain, value);
  const process = layout.processes[s.pid - 1] as Process;
  return process.actor.steps[value]?.label ?? "done";
}
