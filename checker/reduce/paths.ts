/**
 * The ways through one step, as far as a reduction wants to know them: what is waited for, read
 * and written on the way, in order, and where the process stands afterwards.
 */
import {
  type ActorDecl,
  allExprs,
  DONE,
  type Expr,
  exprsOfStmt,
  type Ref,
  type Stmt,
} from "../../model/ir/index.ts";

export interface Path {
  /** Conjuncts of all `wait` conditions. */
  waits: Expr[];
  /** Other expressions evaluated. */
  evaluated: Expr[];
  writes: { target: Ref; value: Expr | undefined; repeated: boolean }[];
  /** Label after the step. */
  to: string;
}

/** More paths than this are not looked at one by one. */
const MAX_PATHS = 1024;

/** All paths through the step at a position, or undefined when there are too many. */
export function pathsOf(actor: ActorDecl, position: number): Path[] | undefined {
  const step = actor.steps[position];
  if (!step) return [];
  const next = actor.steps[position + 1]?.label ?? DONE;
  const start: Path = { waits: [], evaluated: [], writes: [], to: "" };
  const open = walk(step.body, [start], false);
  return open?.map((p) => (p.to === "" ? { ...p, to: next } : p));
}

function walk(body: Stmt[], paths: Path[], repeated: boolean): Path[] | undefined {
  let all: Path[] | undefined = paths;
  for (const stmt of body) {
    if (!all) return undefined;
    const ended: Path[] = all.filter((p) => p.to !== "");
    const running: Path[] = all.filter((p) => p.to === "");
    const next = take(stmt, running, repeated);
    all = next && [...ended, ...next];
    if (all && all.length > MAX_PATHS) return undefined;
  }
  return all;
}

function take(stmt: Stmt, paths: Path[], repeated: boolean): Path[] | undefined {
  const seen = (path: Path, exprs: Expr[]): Path => {
    return { ...path, evaluated: [...path.evaluated, ...exprs] };
  };
  switch (stmt.kind) {
    case "wait":
      return paths.map((p) => ({ ...p, waits: [...p.waits, ...conjuncts(stmt.cond)] }));
    case "assert":
      return paths.map((p) => seen(p, [stmt.cond]));
    case "lock":
      return paths.map((p) => seen(p, stmt.event.index));
    case "choose":
    case "set": {
      const value = stmt.kind === "set" ? stmt.value : undefined;
      const write = { target: stmt.target, value, repeated };
      return paths.map((p) => {
        return { ...seen(p, exprsOfStmt(stmt)), writes: [...p.writes, write] };
      });
    }
    case "when": {
      const tested = paths.map((p) => seen(p, [stmt.cond]));
      const then = walk(stmt.then, tested, repeated);
      const other = walk(stmt.else, tested, repeated);
      return then && other && [...then, ...other];
    }
    case "either": {
      const branches = stmt.branches.map((b) => walk(b.body, paths, repeated) ?? []);
      return branches.some((b) => b.length === 0) ? undefined : branches.flat();
    }
    case "each": {
      const inside = walk(stmt.body, paths, true);
      return inside && [...paths, ...inside];
    }
    case "goto":
      return paths.map((p) => ({ ...p, to: stmt.label }));
  }
}

function conjuncts(expr: Expr): Expr[] {
  return expr.kind === "and" ? expr.args.flatMap(conjuncts) : [expr];
}

/** Every reference that is read on the path; those of `wait` conditions too. */
export function readsOn(path: Path): Ref[] {
  return [...path.waits, ...path.evaluated].flatMap(refsIn);
}

export function refsIn(expr: Expr): Ref[] {
  return allExprs(expr).flatMap((e) => (e.kind === "read" ? [e.ref] : []));
}
