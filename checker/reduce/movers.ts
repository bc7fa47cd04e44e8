/**
 * Which steps commute with whatever other processes do meanwhile (Lipton, "Reduction: a method of
 * proving properties of parallel programs", 1975; with mutual exclusion told from locks as in
 * Stoller and Cohen, "Optimistic synchronization-based state-space reduction", 2003, and Flanagan
 * and Qadeer, "Transactions for software model checking", 2003). Taking a lock moves to the
 * right, freeing it to the left, and a step on data that nobody else can touch at that moment
 * moves both ways.
 *
 * Departures: the locks are found by `locks.ts` and not declared; a step that a property can see
 * never counts as a mover, so that invariants, facts and deadlocks keep their truth in the states
 * that remain.
 */
import {
  type ActorDecl,
  allExprs,
  DONE,
  type Layout,
  type Model,
  type Ref,
} from "../../model/ir/index.ts";
import {
  allPaths,
  findLocks,
  type Lock,
  type LockUsage,
  lockOps,
  type Paths,
  saysFree,
} from "./locks.ts";
import { type Path, readsOn } from "./paths.ts";

export interface StepKind {
  mover: "both" | "right" | "left" | "none";
  /** May have to wait, or chooses: it can only be the first of several steps taken as one. */
  blocks: boolean;
}

interface Access {
  ref: Ref;
  write: boolean;
}

interface StepFacts {
  accesses: Access[];
  /** Locks that are held whenever the step is taken, those that it takes included. */
  guards: Set<string>;
  takes: boolean;
  frees: boolean;
  visible: boolean;
  blocks: boolean;
  /** Waits for something that is no lock it takes, nor excluded by one. */
  foreignWait: boolean;
}

/** Per actor and position; undefined when the steps are too complex to tell. */
export function stepKinds(layout: Layout): StepKind[][] | undefined {
  const paths = allPaths(layout);
  if (!paths || looksAtOthers(paths)) return undefined;
  const usage = findLocks(layout, paths);
  const sight = seenByProperties(layout.model);
  const facts = layout.model.actors.map((actor, i) => {
    return actor.steps.map((_, at) => factsOf(actor, i, at, paths, usage, sight));
  });
  return layout.model.actors.map((actor, i) =>
    actor.steps.map((_, at) => {
      const step = facts[i]?.[at] as StepFacts;
      const others = layout.model.actors.flatMap((other, k) =>
        other.count > (k === i ? 1 : 0) ? (facts[k] ?? []) : [],
      );
      const clash = others.some((other) => conflicts(step, other, usage.locks));
      return { mover: moverOf(step, clash), blocks: step.blocks };
    }),
  );
}

/** Does a step look at where another process stands, or at its locals? */
function looksAtOthers(paths: Paths): boolean {
  const exprs = paths.flat(2).flatMap((p) => [...p.waits, ...p.evaluated]);
  return exprs.flatMap(allExprs).some((e) => {
    return e.kind === "atLabel" || (e.kind === "read" && e.ref.kind === "peek");
  });
}

function moverOf(step: StepFacts, clash: boolean): StepKind["mover"] {
  if (step.visible || clash || step.foreignWait || (step.takes && step.frees)) return "none";
  if (step.takes) return "right";
  return step.frees ? "left" : "both";
}

interface Sight {
  shared: Set<string>;
  /** `actor.local`. */
  locals: Set<string>;
  labels: { actor: string; labels: string[] }[];
}

function seenByProperties(model: Model): Sight {
  const properties = [...model.always, ...model.atRest, ...model.reachable];
  const all = properties.flatMap((p) => allExprs(p.expr));
  const sight: Sight = { shared: new Set(), locals: new Set(), labels: [] };
  for (const expr of all) {
    if (expr.kind === "atLabel") sight.labels.push({ actor: expr.actor, labels: expr.labels });
    if (expr.kind !== "read") continue;
    const { ref } = expr;
    if (ref.kind === "shared") sight.shared.add(ref.name);
    if (ref.kind === "peek") sight.locals.add(`${ref.actor}.${ref.name}`);
  }
  return sight;
}

function factsOf(
  actor: ActorDecl,
  index: number,
  at: number,
  paths: Paths,
  usage: LockUsage,
  sight: Sight,
): StepFacts {
  const step = actor.steps[at];
  const own = paths[index]?.[at] ?? [];
  const ops = own.map((path) => lockOps(path, usage.locks));
  const taken = ops.map((list) => list.filter((o) => o.op === "take").map((o) => o.lock));
  const always = (taken[0] ?? []).filter((lock) => taken.every((list) => list.includes(lock)));
  const isLock = (ref: Ref): boolean => ref.kind === "shared" && usage.locks.has(ref.name);
  const reads = own.flatMap(readsOn).filter((ref) => ref.kind === "shared" && !isLock(ref));
  const writes = own
    .flatMap((path) => path.writes.map((w) => w.target))
    .filter((ref) => ref.kind === "shared" && !isLock(ref));
  return {
    accesses: [
      ...reads.map((ref) => ({ ref, write: false })),
      ...writes.map((ref) => ({ ref, write: true })),
    ],
    guards: new Set([...(usage.held[index]?.[at] ?? []), ...always]),
    takes: taken.some((list) => list.length > 0),
    frees: ops.some((list) => list.some((o) => o.op === "free")),
    visible: own.some((path) => isSeen(actor, step?.label ?? DONE, path, sight)),
    blocks: own.some((p) => p.waits.length > 0 || p.writes.some((w) => !w.value)),
    foreignWait: own.some((path) => waitsForOthers(path, usage.locks)),
  };
}

function isSeen(actor: ActorDecl, from: string, path: Path, sight: Sight): boolean {
  const moves = sight.labels.some(
    ({ actor: name, labels }) =>
      name === actor.name && labels.includes(from) !== labels.includes(path.to),
  );
  const writes = path.writes.some(({ target }) =>
    target.kind === "shared"
      ? sight.shared.has(target.name)
      : sight.locals.has(`${actor.name}.${target.name}`),
  );
  return moves || writes;
}

/** Waiting for a lock to be free is the business of those who take it, or take one it excludes. */
function waitsForOthers(path: Path, locks: ReadonlyMap<string, Lock>): boolean {
  const takes = lockOps(path, locks).filter((o) => o.op === "take");
  const allowed = (name: string, cell: string): boolean =>
    takes.some(
      (o) => (o.lock === name && o.cell === cell) || isPair(locks.get(o.lock), locks.get(name)),
    );
  return path.waits.some((wait) => {
    const lock = [...locks.values()].find((l) => saysFree(wait, l) !== undefined);
    return lock !== undefined && !allowed(lock.name, saysFree(wait, lock) ?? "");
  });
}

/** Two locks of which one process holds the one only while no other holds the other. */
function isPair(a: Lock | undefined, b: Lock | undefined): boolean {
  if (!a?.single || !b?.single) return false;
  if (a === b) return a.kind === "mutex";
  return a.excludes.has(b.name) && b.excludes.has(a.name);
}

function conflicts(a: StepFacts, b: StepFacts, locks: ReadonlyMap<string, Lock>): boolean {
  const exclusive = [...a.guards].some((x) =>
    [...b.guards].some((y) => isPair(locks.get(x), locks.get(y))),
  );
  if (exclusive) return false;
  return a.accesses.some((x) =>
    b.accesses.some((y) => (x.write || y.write) && mayBeSame(x.ref, y.ref)),
  );
}

/** May two processes mean the same cell? */
function mayBeSame(a: Ref, b: Ref): boolean {
  if (a.name !== b.name) return false;
  const differ = a.index.some((x, i) => {
    const y = b.index[i];
    if (x.kind === "self" && y?.kind === "self") return true;
    return x.kind === "const" && y?.kind === "const" && x.value !== y.value;
  });
  return !differ;
}
