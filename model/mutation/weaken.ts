/** A lock that is dropped, taken for reading only, or tried and gone on without. */
import {
  type ActorDecl,
  build,
  type Expr,
  type Model,
  type Ref,
  type Step,
  type Stmt,
  withBodies,
} from "../ir/index.ts";
import { isCellOf, isEventOf, type LockName, readsLock, touches, withoutLock } from "./locks.ts";
import type { Section } from "./sections.ts";

/**
 * The actor with other statements in the steps that take or release the lock; it is not downgraded.
 */
function rewritten(
  actor: ActorDecl,
  { takes, releases, downgrades, lock }: Section,
  change: (body: Stmt[], at: number) => Stmt[],
): ActorDecl {
  const edges = new Set([...takes, ...releases]);
  const changed = (body: Stmt[], at: number): Stmt[] => {
    if (downgrades.includes(at)) return withoutLock(body, lock);
    return edges.has(at) ? change(body, at) : body;
  };
  return { ...actor, steps: actor.steps.map((s, at) => ({ ...s, body: changed(s.body, at) })) };
}

export function withoutSection(actor: ActorDecl, section: Section): ActorDecl {
  return rewritten(actor, section, (body) => withoutLock(body, section.lock));
}

/** The variables of an rw_semaphore, cut to the lock that the section takes. */
interface Rwsem {
  writer: Ref;
  iRead: Ref;
  canRead: Expr;
  canWrite: Expr;
}

/** How to read-lock it; undefined for anything but one rw_semaphore. */
function rwsemOf(model: Model, { lock, kind }: Section): Rwsem | undefined {
  const [json, ...more] = lock.indexes;
  const declared = (field: string) => model.shared.some((v) => v.name === `${lock.class}.${field}`);
  if (kind !== "rwsem" || json === undefined || more.length > 0) return undefined;
  if (!["writer", "readers", "waiting"].every(declared)) return undefined;
  const index = JSON.parse(json) as Expr[];
  const cell = (field: string, ...inner: Expr[]): Ref =>
    build.shared(`${lock.class}.${field}`, ...index, ...inner);
  const writer = cell("writer");
  const someone = (field: string): Expr =>
    build.exists("someone", build.PROC, (p) => build.read(cell(field, p)));
  const unwritten = build.eq(build.read(writer), build.none(build.PROC));
  return {
    writer,
    iRead: cell("readers", build.SELF),
    canRead: build.and(unwritten, build.not(someone("waiting"))),
    canWrite: build.and(unwritten, build.not(someone("readers"))),
  };
}

/** down_read() and up_read() where the scheme has down_write() and up_write(). */
export function readForWrite(
  model: Model,
  actor: ActorDecl,
  section: Section,
): ActorDecl | undefined {
  const sem = section.mode === "exclusive" ? rwsemOf(model, section) : undefined;
  if (!sem) return undefined;
  const { lock } = section;
  const change = (stmt: Stmt): Stmt[] => {
    switch (stmt.kind) {
      case "lock":
        if (!isEventOf(stmt.event, lock)) return [stmt];
        return [{ ...stmt, event: { ...stmt.event, mode: "shared" } }];
      case "set": {
        if (!isCellOf(stmt.target, lock)) return [stmt];
        if (stmt.target.name === `${lock.class}.waiting`) return [];
        if (stmt.target.name !== `${lock.class}.writer`) return [stmt];
        const reads = stmt.value.kind === "self" ? build.TRUE : build.FALSE;
        return [{ ...stmt, target: sem.iRead, value: reads }];
      }
      case "wait":
        return [readsLock(stmt.cond, lock) ? { ...stmt, cond: sem.canRead } : stmt];
      case "assert": {
        if (!readsLock(stmt.cond, lock)) return [stmt];
        const isRelease = stmt.rule === "unlock_by_stranger";
        return isRelease ? [{ ...stmt, cond: build.read(sem.iRead) }] : [stmt];
      }
      case "when": {
        const asks = readsLock(stmt.cond, lock) && touches(stmt, lock);
        const cond = asks ? sem.canRead : stmt.cond;
        return [{ ...withBodies(stmt, (b) => b.flatMap(change)), cond } as Stmt];
      }
      case "either":
      case "each":
        return [withBodies(stmt, (b) => b.flatMap(change))];
      case "choose":
      case "goto":
        return [stmt];
    }
  };
  return rewritten(actor, section, (body) => body.flatMap(change));
}

/** down_write() and up_write() where the scheme has down_read() and up_read(); no queue. */
export function writeForRead(
  model: Model,
  actor: ActorDecl,
  section: Section,
): ActorDecl | undefined {
  const sem = section.mode === "shared" && !section.tries ? rwsemOf(model, section) : undefined;
  if (!sem) return undefined;
  const { lock } = section;
  const change = (stmt: Stmt): Stmt[] => {
    if (!touches(stmt, lock)) return [stmt];
    switch (stmt.kind) {
      case "lock":
        return [{ ...stmt, event: { ...stmt.event, mode: "exclusive" } }];
      case "set": {
        const takes = stmt.value.kind === "const" && stmt.value.value === 1;
        return [
          { ...stmt, target: sem.writer, value: takes ? build.SELF : build.none(build.PROC) },
        ];
      }
      case "wait":
        return [{ ...stmt, cond: sem.canWrite }];
      case "assert": {
        const held = build.eq(build.read(sem.writer), build.SELF);
        return [stmt.rule === "unlock_by_stranger" ? { ...stmt, cond: held } : stmt];
      }
      case "when": {
        const cond = readsLock(stmt.cond, lock) ? sem.canWrite : stmt.cond;
        return [{ ...withBodies(stmt, (b) => b.flatMap(change)), cond } as Stmt];
      }
      default:
        return [withBodies(stmt, (b) => b.flatMap(change))];
    }
  };
  return rewritten(actor, section, (body) => body.flatMap(change));
}

/** What it says when the lock is not got is not looked at: the actor goes on without. */
export function tryAndGoOn(actor: ActorDecl, section: Section): ActorDecl | undefined {
  const { lock, takes, releases } = section;
  const [at, ...more] = takes;
  if (at === undefined || more.length > 0 || section.tries) return undefined;
  const taking = (actor.steps[at] as Step).body;
  const wait = taking.find((s) => s.kind === "wait" && readsLock(s.cond, lock));
  const held = releases.map((r) => heldIn((actor.steps[r] as Step).body, lock));
  if (wait?.kind !== "wait" || held.some((h) => h === undefined)) return undefined;
  return rewritten(actor, section, (body, position) => {
    if (position === at) return tried(body, wait.cond, lock);
    const mine = held[releases.indexOf(position)] as Expr;
    return releasedIf(body, mine, lock);
  });
}

function tried(body: Stmt[], free: Expr, lock: LockName): Stmt[] {
  const mine = (s: Stmt): boolean => s.kind === "set" && touches(s, lock);
  const taken = body.filter((s) => mine(s) || (s.kind === "lock" && touches(s, lock)));
  const rest = body.filter((s) => !touches(s, lock));
  const then = taken.map((s): Stmt => {
    return s.kind === "lock" ? { ...s, event: { ...s.event, op: "trylock" } } : s;
  });
  return [
    ...rest.filter(isGuardPart),
    { kind: "when", cond: free, then, else: [] },
    ...rest.filter((s) => !isGuardPart(s)),
  ];
}

function isGuardPart({ kind }: Stmt): boolean {
  return kind === "choose" || kind === "wait" || kind === "assert";
}

/** The owner's test in front of a release. */
function heldIn(body: Stmt[], lock: LockName): Expr | undefined {
  for (const stmt of body) {
    if (stmt.kind === "assert" && stmt.rule === "unlock_by_stranger" && touches(stmt, lock)) {
      return stmt.cond;
    }
    if (stmt.kind === "when" && touches(stmt, lock)) {
      const inner = heldIn(stmt.then, lock) ?? heldIn(stmt.else, lock);
      if (inner) return inner;
    }
  }
  return undefined;
}

function releasedIf(body: Stmt[], held: Expr, lock: LockName): Stmt[] {
  const isOwn = (s: Stmt): boolean =>
    ((s.kind === "lock" || s.kind === "set") && touches(s, lock)) ||
    (s.kind === "assert" && s.rule === "unlock_by_stranger" && touches(s, lock));
  const first = body.findIndex(isOwn);
  const inner = body.map((s) => withBodies(s, (b) => releasedIf(b, held, lock)));
  if (first < 0) return inner;
  const own = inner.filter((_, i) => isOwn(body[i] as Stmt));
  const when: Stmt = { kind: "when", cond: held, then: own, else: [] };
  return inner.flatMap((s, i) => (i === first ? [when] : isOwn(body[i] as Stmt) ? [] : [s]));
}
