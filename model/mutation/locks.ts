/**
 * What a statement does to one lock. A lock is known by the class that its events name: its
 * variables are those below that name (`update.owner` of `update`), and of an array of locks those
 * with the same leading indexes.
 */
import {
  alwaysJumps,
  bodiesOfStmt,
  type Expr,
  type LockEvent,
  type Ref,
  refsRead,
  type Stmt,
  withBodies,
} from "../ir/index.ts";

/** One lock, or the members of an array of locks that these index expressions name. */
export interface LockName {
  class: string;
  /** Each the JSON of the index expressions of an event. */
  indexes: string[];
}

/** `update`, `folio.lock[src]` are one lock each. */
export function lockOf(event: LockEvent): LockName {
  return { class: event.class, indexes: [JSON.stringify(event.index)] };
}

export function isEventOf(event: LockEvent, lock: LockName): boolean {
  return event.class === lock.class && lock.indexes.includes(JSON.stringify(event.index));
}

export function isTake({ op, lock }: LockEvent): boolean {
  return (op === "acquire" || op === "trylock") && lock !== "wait" && lock !== "seqcount";
}

/** A variable of the lock. */
export function isCellOf(ref: Ref, lock: LockName): boolean {
  if (ref.kind !== "shared" || !ref.name.startsWith(`${lock.class}.`)) return false;
  return lock.indexes.some((json) => {
    const own = (JSON.parse(json) as Expr[]).length;
    return JSON.stringify(ref.index.slice(0, own)) === json;
  });
}

export function readsLock(expr: Expr, lock: LockName): boolean {
  return refsRead(expr).some((ref) => isCellOf(ref, lock));
}

/** Does the statement do anything to the lock, its inner statements included? */
export function touches(stmt: Stmt, lock: LockName): boolean {
  switch (stmt.kind) {
    case "lock":
      return isEventOf(stmt.event, lock);
    case "set":
      return isCellOf(stmt.target, lock);
    case "wait":
    case "assert":
      return readsLock(stmt.cond, lock);
    case "when":
    case "either":
    case "each":
      return bodiesOfStmt(stmt)
        .flat()
        .some((inner) => touches(inner, lock));
    case "choose":
    case "goto":
      return false;
  }
}

/** The statements as if there were no such lock: whoever tried to take it got it. */
export function withoutLock(body: Stmt[], lock: LockName): Stmt[] {
  const kept = body.flatMap((stmt) => stripped(stmt, lock));
  const jump = kept.findIndex((stmt) => alwaysJumps([stmt]));
  return jump < 0 ? kept : kept.slice(0, jump + 1);
}

function stripped(stmt: Stmt, lock: LockName): Stmt[] {
  switch (stmt.kind) {
    case "lock":
    case "set":
    case "wait":
    case "assert":
      return touches(stmt, lock) ? [] : [stmt];
    case "when": {
      const taken = takenBranch(stmt, lock);
      if (taken) return withoutLock(taken, lock);
      return nonEmpty(withBodies(stmt, (inner) => withoutLock(inner, lock)));
    }
    case "either":
    case "each":
      return nonEmpty(withBodies(stmt, (inner) => withoutLock(inner, lock)));
    case "choose":
    case "goto":
      return [stmt];
  }
}

/** Of a test of the lock: the branch in which it is taken. */
function takenBranch(stmt: Extract<Stmt, { kind: "when" }>, lock: LockName): Stmt[] | undefined {
  if (!readsLock(stmt.cond, lock)) return undefined;
  return [stmt.then, stmt.else].find((branch) =>
    branch.some((s) => s.kind === "lock" && isTake(s.event) && isEventOf(s.event, lock)),
  );
}

function nonEmpty(stmt: Stmt): Stmt[] {
  return bodiesOfStmt(stmt).every((body) => body.length === 0) ? [] : [stmt];
}
