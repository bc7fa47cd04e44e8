/**
 * What a step may read and write, told without running it: for reductions, for pictures, for
 * people. The sets are upper bounds; the tests audit them against the interpreter.
 */
import type { Cells, Layout, Process } from "./layout.ts";
import type { ActorDecl, Expr, Ref, Step, Stmt } from "./types.ts";
import { DONE } from "./types.ts";
import { allStmts, exprsOfRef, exprsOfStmt, refsRead } from "./walk.ts";

/** Cells of one variable. An index is a constant, the running process, or may be anything. */
export interface Access {
  scope: "shared" | "local";
  name: string;
  index: (number | "self" | "any")[];
}

export interface StepAccess {
  /** What decides whether the step can be taken. */
  guardReads: Access[];
  /** What the rest of the step reads. */
  bodyReads: Access[];
  /** Both. */
  reads: Access[];
  /** The pc of the process, which every step writes, is not listed. */
  writes: Access[];
  /** Labels where the process may stand afterwards: by `goto`, or by falling through. */
  mayGoto: string[];
}

/** The access sets of one step of the actor, each cell once, in the order of the text. */
export function accessOf(actor: ActorDecl, step: Step): StepAccess {
  const split = step.body.findIndex((s) => !isGuard(s));
  const guard = split < 0 ? step.body : step.body.slice(0, split);
  const body = split < 0 ? [] : step.body.slice(split);
  const guardReads = unique(allStmts(guard).flatMap(readsOf));
  const bodyReads = unique(allStmts(body).flatMap(readsOf));
  const all = allStmts(step.body);
  const writes = all.flatMap((s) => (s.kind === "set" || s.kind === "choose" ? [s.target] : []));
  const gotos = all.flatMap((s) => (s.kind === "goto" ? [s.label] : []));
  const next = actor.steps[actor.steps.indexOf(step) + 1]?.label ?? DONE;
  return {
    guardReads,
    bodyReads,
    reads: unique([...guardReads, ...bodyReads]),
    writes: unique(writes.map(toAccess)),
    mayGoto: [...new Set(alwaysJumps(step.body) ? gotos : [...gotos, next])],
  };
}

/** May this statement stand in the guard part of a step? */
export function isGuard(stmt: Stmt): boolean {
  switch (stmt.kind) {
    case "choose":
    case "wait":
    case "assert":
    case "lock":
      return true;
    case "set":
    case "when":
    case "either":
    case "each":
    case "goto":
      return false;
  }
}

/** Does every path through the statements end in a `goto`? */
export function alwaysJumps(body: Stmt[]): boolean {
  return body.some(jumps);
}

function jumps(stmt: Stmt): boolean {
  switch (stmt.kind) {
    case "goto":
      return true;
    case "when":
      return alwaysJumps(stmt.then) && alwaysJumps(stmt.else);
    case "either":
      return stmt.branches.every((b) => alwaysJumps(b.body));
    case "choose":
    case "wait":
    case "assert":
    case "lock":
    case "set":
    case "each":
      return false;
  }
}

/** The slots of a state that an access of this process means. */
export function slotsOf(layout: Layout, process: Process, access: Access): number[] {
  const isShared = access.scope === "shared";
  const table = isShared ? layout.shared : layout.locals[process.actorIndex];
  const cells = table?.get(access.name);
  if (!cells) throw new Error(`no variable ${access.name}`);
  const base = cells.offset + (isShared ? 0 : process.pc + 1);
  return cellsMeant(cells, access, process.pid).map((cell) => base + cell);
}

function cellsMeant(cells: Cells, access: Access, pid: number): number[] {
  let meant = [0];
  cells.dims.forEach((dim, i) => {
    const size = dim.hi - dim.lo + 1;
    const index = access.index[i];
    const value = index === "self" ? pid : index;
    const all = Array.from({ length: size }, (_, at) => at);
    const positions = typeof value === "number" ? all.filter((at) => dim.lo + at === value) : all;
    meant = meant.flatMap((cell) => positions.map((at) => cell * size + at));
  });
  return meant;
}

function readsOf(stmt: Stmt): Access[] {
  return exprsOfStmt(stmt).flatMap(refsRead).map(toAccess);
}

function toAccess(ref: Ref): Access {
  if (ref.kind === "peek") throw new Error(`a step peeks at ${ref.actor}.${ref.name}`);
  return { scope: ref.kind, name: ref.name, index: exprsOfRef(ref).map(indexOf) };
}

function indexOf(expr: Expr): number | "self" | "any" {
  if (expr.kind === "const") return expr.value;
  return expr.kind === "self" ? "self" : "any";
}

function unique(list: Access[]): Access[] {
  const seen = new Map(list.map((a) => [JSON.stringify([a.scope, a.name, a.index]), a]));
  return [...seen.values()];
}
