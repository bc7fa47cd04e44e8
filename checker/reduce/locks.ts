/**
 * Which shared variables are locks, told from what the steps do to them and not from what they
 * are called.
 *
 * A variable is a mutex when it starts free, is only taken by steps that wait until it is free,
 * and only freed by a process that took it. Then, by induction over runs: whoever holds it,
 * nobody else does; as long as it is held, everybody who waits for it is disabled, and nobody
 * else can free it. A variable is a count of readers when it starts at 0, goes up by one where a
 * process does not hold it and down by one where it does, and is otherwise only waited for to
 * be 0.
 */
import {
  type ActorDecl,
  allExprs,
  DONE,
  type Expr,
  initialValue,
  type Layout,
  type Ref,
} from "../../model/ir/index.ts";
import { type Path, pathsOf } from "./paths.ts";

export interface Lock {
  name: string;
  kind: "mutex" | "count";
  /** One for all, and not one per cell of an array. */
  single: boolean;
  /** It holds the number of its owner. */
  owned: boolean;
  /** Its value when nobody holds it. */
  free: number;
  /** Locks that are free, in all steps that take it, before it is taken. */
  excludes: Set<string>;
}

/** Paths per actor and position. */
export type Paths = Path[][][];

export interface LockUsage {
  locks: Map<string, Lock>;
  /** Per actor and position: locks that a process holds for certain when it stands there. */
  held: Set<string>[][];
}

/** What a path does to a lock: which cell, as text. */
export interface LockOp {
  op: "take" | "free";
  lock: string;
  cell: string;
}

/** All paths of all actors that exist, or undefined when some step has too many. */
export function allPaths(layout: Layout): Paths | undefined {
  const result: Paths = [];
  for (const actor of layout.model.actors) {
    const steps: Path[][] = [];
    for (let position = 0; actor.count > 0 && position < actor.steps.length; position++) {
      const paths = pathsOf(actor, position);
      if (!paths) return undefined;
      steps.push(paths);
    }
    result.push(steps);
  }
  return result;
}

/** Finds the locks of a model. */
export function findLocks(layout: Layout, paths: Paths): LockUsage {
  const { actors } = layout.model;
  const usage: LockUsage = { locks: new Map(), held: [] };
  const own = ownArrays(layout, paths);
  for (const [name, cells] of layout.shared) {
    const free = initialValue(cells, 0);
    const even = Array.from({ length: cells.count }, (_, i) => initialValue(cells, i));
    if (free === undefined || even.some((v) => v !== free) || cells.dims.length > 1) continue;
    const single = cells.dims.length === 0;
    for (const kind of ["mutex", "count"] as const) {
      const counts = free === 0 && cells.lo === 0 && fitsCount(layout, paths, name, cells.hi);
      if (kind === "count" && !counts) continue;
      const owned = cells.decl.domain.kind === "proc";
      const lock: Lock = { name, kind, single, owned, free, excludes: new Set() };
      if (actors.every((actor, i) => isDisciplined(actor, paths[i] ?? [], lock, own))) {
        usage.locks.set(name, lock);
        break;
      }
    }
  }
  noteExclusions(usage.locks, paths);
  usage.held = actors.map((actor, i) => heldAt(actor, paths[i] ?? [], usage.locks));
  return usage;
}

/** At most as many holders as the range allows: the processes of the actors that take it. */
function fitsCount(layout: Layout, paths: Paths, name: string, hi: number): boolean {
  const takers = layout.model.actors.filter((_, i) => {
    return (paths[i] ?? []).some((step) => step.some((p) => writesTo(p, name)));
  });
  return takers.reduce((sum, a) => sum + a.count, 0) <= hi;
}

function writesTo(path: Path, name: string): boolean {
  return path.writes.some((w) => w.target.kind === "shared" && w.target.name === name);
}

function cellOf(ref: Ref): string {
  return JSON.stringify(ref.index);
}

function isRef(expr: Expr, name: string): expr is Extract<Expr, { kind: "read" }> {
  return expr.kind === "read" && expr.ref.kind === "shared" && expr.ref.name === name;
}

/** The cell that this condition says is free, as text. */
export function saysFree(cond: Expr, lock: Lock): string | undefined {
  if (cond.kind === "not" && lock.free === 0 && isRef(cond.arg, lock.name)) {
    return cellOf(cond.arg.ref);
  }
  if (cond.kind !== "compare" || cond.op !== "eq") return undefined;
  for (const [side, other] of [
    [cond.left, cond.right],
    [cond.right, cond.left],
  ] as const) {
    if (isRef(side, lock.name) && other.kind === "const" && other.value === lock.free) {
      return cellOf(side.ref);
    }
  }
  return undefined;
}

/** What the write does to the lock; undefined when it is nothing that a lock allows. */
function opOf(write: Path["writes"][number], path: Path, lock: Lock): LockOp["op"] | undefined {
  const { target, value, repeated } = write;
  if (!value || repeated) return undefined;
  const cell = cellOf(target);
  if (lock.kind === "count") {
    if (value.kind !== "arith" || value.right.kind !== "const" || value.right.value !== 1) {
      return undefined;
    }
    if (!isRef(value.left, lock.name) || cellOf(value.left.ref) !== cell) return undefined;
    return value.op === "add" ? "take" : value.op === "sub" ? "free" : undefined;
  }
  if (value.kind === "const" && value.value === lock.free) return "free";
  const taken = value.kind === "self" || (value.kind === "const" && !lock.owned);
  const waited = path.waits.some((w) => saysFree(w, lock) === cell);
  return taken && waited ? "take" : undefined;
}

/** The operations on these locks, in order. */
export function lockOps(path: Path, locks: ReadonlyMap<string, Lock>): LockOp[] {
  return path.writes.flatMap((w) => {
    const lock = w.target.kind === "shared" ? locks.get(w.target.name) : undefined;
    const op = lock && opOf(w, path, lock);
    return op ? [{ op, lock: w.target.name, cell: cellOf(w.target) }] : [];
  });
}

/** Cells (as `lock cell`) held at each label: `must` on all ways there, or on some. */
function flow(
  actor: ActorDecl,
  paths: Path[][],
  locks: ReadonlyMap<string, Lock>,
  must: boolean,
): (Set<string> | undefined)[] {
  const at: (Set<string> | undefined)[] = actor.steps.map(() => undefined);
  at[0] = new Set();
  const work = [0];
  for (let position = work.pop(); position !== undefined; position = work.pop()) {
    for (const path of paths[position] ?? []) {
      const out = after(at[position] as Set<string>, path, locks);
      const to = path.to === DONE ? -1 : actor.steps.findIndex((s) => s.label === path.to);
      if (to < 0) continue;
      const before = at[to];
      const merged = !before
        ? out
        : must
          ? new Set([...before].filter((x) => out.has(x)))
          : new Set([...before, ...out]);
      if (before && merged.size === before.size) continue;
      at[to] = merged;
      work.push(to);
    }
  }
  return at;
}

/** What is held after the path. A cell whose index is written is no longer known by that name. */
function after(
  before: ReadonlySet<string>,
  path: Path,
  locks: ReadonlyMap<string, Lock>,
): Set<string> {
  const held = new Set(before);
  for (const write of path.writes) {
    for (const known of held) {
      if (known.includes(`"name":${JSON.stringify(write.target.name)}`)) held.delete(known);
    }
    const lock = write.target.kind === "shared" ? locks.get(write.target.name) : undefined;
    const op = lock && opOf(write, path, lock);
    const key = `${write.target.name} ${cellOf(write.target)}`;
    if (op === "take") held.add(key);
    if (op === "free") held.delete(key);
  }
  return held;
}

/** Arrays of which every process writes its own cell only. */
export function ownArrays(layout: Layout, paths: Paths): Set<string> {
  const names = new Set<string>();
  for (const [name, cells] of layout.shared) if (cells.dims.length === 1) names.add(name);
  for (const path of paths.flat(2)) {
    for (const { target } of path.writes) {
      if (target.kind === "shared" && target.index[0]?.kind !== "self") names.delete(target.name);
    }
  }
  return names;
}

function isDisciplined(
  actor: ActorDecl,
  paths: Path[][],
  lock: Lock,
  own: ReadonlySet<string>,
): boolean {
  const alone = new Map([[lock.name, lock]]);
  const must = flow(actor, paths, alone, true);
  const may = flow(actor, paths, alone, false);
  return paths.every((step, position) =>
    step.every((path) => {
      const surely = must[position];
      if (!surely) return true;
      return pathObeys(path, lock, surely, may[position] ?? new Set(), own);
    }),
  );
}

function pathObeys(
  path: Path,
  lock: Lock,
  must: ReadonlySet<string>,
  may: ReadonlySet<string>,
  ownCells: ReadonlySet<string>,
): boolean {
  const own = path.writes.filter((w) => w.target.kind === "shared" && w.target.name === lock.name);
  if (own.length > 1) return false;
  for (const write of own) {
    const key = `${lock.name} ${cellOf(write.target)}`;
    const op = opOf(write, path, lock);
    if (!op || !stableIndex(write.target, ownCells)) return false;
    // What indexes the cell must not change on the way there.
    const at = path.writes.indexOf(write);
    if (path.writes.slice(0, at).some((w) => cellOf(write.target).includes(`"${w.target.name}"`))) {
      return false;
    }
    if (op === "free" && !must.has(key)) return false;
    if (op === "take" && may.size > 0) return false;
  }
  const counted = own.flatMap((w) => (w.value && lock.kind === "count" ? [w.value] : []));
  for (const wait of path.waits) {
    if (foreignReads(wait, lock).length > 0 && saysFree(wait, lock) === undefined) return false;
  }
  return path.evaluated.every((expr) => {
    if (counted.includes(expr)) return true;
    const reads = foreignReads(expr, lock);
    return reads.every((r) => lock.kind === "mutex" && must.has(`${lock.name} ${cellOf(r)}`));
  });
}

/**
 * Where the lock is read, other than in `owner == self`: whether a process owns a lock is changed
 * by nobody but that process.
 */
function foreignReads(expr: Expr, lock: Lock): Ref[] {
  const isOwner = (e: Expr): boolean =>
    e.kind === "compare" &&
    (e.op === "eq" || e.op === "ne") &&
    isRef(e.left, lock.name) &&
    e.right.kind === "self";
  const ownership = allExprs(expr).filter(isOwner);
  const harmless = ownership.flatMap((e) => (e.kind === "compare" ? [e.left] : []));
  return allExprs(expr).flatMap((e) =>
    e.kind === "read" && isRef(e, lock.name) && !harmless.includes(e) ? [e.ref] : [],
  );
}

/** Indexed by nothing, by locals, by the process, or by its own cell of an array. */
function stableIndex(ref: Ref, own: ReadonlySet<string>): boolean {
  return ref.index.every((e) => {
    if (e.kind === "const" || e.kind === "self") return true;
    if (e.kind !== "read") return false;
    if (e.ref.kind === "local") return e.ref.index.every((i) => i.kind === "const");
    return e.ref.kind === "shared" && own.has(e.ref.name) && e.ref.index[0]?.kind === "self";
  });
}

/** Single locks that are always waited for before a lock is taken. */
function noteExclusions(locks: ReadonlyMap<string, Lock>, paths: Paths): void {
  for (const lock of locks.values()) {
    let common: Set<string> | undefined;
    for (const path of paths.flat(2)) {
      const takes = lockOps(path, locks).some((o) => o.op === "take" && o.lock === lock.name);
      if (!takes) continue;
      const free = [...locks.values()].filter(
        (other) => other.single && path.waits.some((w) => saysFree(w, other) !== undefined),
      );
      const names = new Set(free.map((other) => other.name));
      common = common ? new Set([...common].filter((n) => names.has(n))) : names;
    }
    for (const name of common ?? []) lock.excludes.add(name);
  }
}

function heldAt(
  actor: ActorDecl,
  paths: Path[][],
  locks: ReadonlyMap<string, Lock>,
): Set<string>[] {
  const must = flow(actor, paths, locks, true);
  return must.map((keys) => new Set([...(keys ?? [])].map((k) => k.split(" ")[0] as string)));
}
