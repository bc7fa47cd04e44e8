/**
 * Lock sections: where an actor takes a lock, and where it releases what it took there. Two places
 * that lead to the same release are one section, as the fast and the slow path of down_write() are.
 */
import { type ActorDecl, allStmts, bodiesOfStmt, type LockEvent, type Stmt } from "../ir/index.ts";
import { isEventOf, isTake, type LockName, lockOf } from "./locks.ts";

export interface Section {
  actor: string;
  lock: LockName;
  kind: LockEvent["lock"];
  mode: LockEvent["mode"];
  /** Some of it is taken by trying. */
  tries: boolean;
  /**
   * Positions of the steps that take it, that release it, and that run in between; of these, those
   * that downgrade it.
   */
  takes: number[];
  releases: number[];
  downgrades: number[];
  inside: number[];
}

/** In the order of the steps that take. */
export function sectionsOf(actor: ActorDecl): Section[] {
  const found: Section[] = [];
  actor.steps.forEach((step, at) => {
    for (const event of takesIn(step.body)) {
      const section = sectionAt(actor, at, event);
      const same = found.find((s) => sameSection(s, section));
      if (same) merge(same, section);
      else found.push(section);
    }
  });
  return found;
}

/** Each lock once that the statements take, blocking or trying. */
export function takesIn(body: Stmt[]): LockEvent[] {
  const events = allStmts(body).flatMap((s) =>
    s.kind === "lock" && isTake(s.event) ? [s.event] : [],
  );
  const key = (e: LockEvent): string => JSON.stringify([e.class, e.index]);
  return events.filter((e, i) => events.findIndex((f) => key(f) === key(e)) === i);
}

function sectionAt(actor: ActorDecl, at: number, event: LockEvent): Section {
  const exact = reach(actor, at, lockOf(event));
  const { lock, mode } = event;
  const section = { actor: actor.name, lock: lockOf(event), kind: lock, mode };
  const tries = event.op === "trylock";
  if (exact.releases.length > 0) return { ...section, tries, takes: [at], ...exact };
  // Released under another name for the same lock: whatever of the class is released next.
  const indexes = actor.steps.flatMap((s) => releasesIn(s.body, event.class));
  const whole = {
    class: event.class,
    indexes: [...new Set([...section.lock.indexes, ...indexes])],
  };
  return { ...section, lock: whole, tries, takes: [at], ...reach(actor, at, whole) };
}

function releasesIn(body: Stmt[], name: string): string[] {
  return allStmts(body).flatMap((s) => {
    return s.kind === "lock" && s.event.op === "release" && s.event.class === name
      ? [JSON.stringify(s.event.index)]
      : [];
  });
}

/** From a step that takes the lock along all paths on which it is held, to the releases. */
function reach(actor: ActorDecl, from: number, lock: LockName) {
  const positions = new Map(actor.steps.map((s, i) => [s.label, i]));
  const releases = new Set<number>();
  const inside = new Set<number>();
  const heldAt = (at: number, held: boolean): number[] =>
    waysThrough(actor.steps[at]?.body ?? [], held, lock).flatMap((way) => {
      const to = way.label === undefined ? at + 1 : (positions.get(way.label) ?? Infinity);
      return way.held && to < actor.steps.length ? [to] : [];
    });
  const queue = heldAt(from, false);
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    if (inside.has(at) || releases.has(at) || at === from) continue;
    const { body } = actor.steps[at] as ActorDecl["steps"][number];
    (hasEvent(body, "release", lock) ? releases : inside).add(at);
    queue.push(...heldAt(at, true));
  }
  const downgrades = sorted(inside).filter((at) =>
    hasEvent(actor.steps[at]?.body ?? [], "downgrade", lock),
  );
  return { releases: sorted(releases), inside: sorted(inside), downgrades };
}

/** A way through a step: where it jumps (undefined: it falls through), is the lock held then? */
interface Way {
  label: string | undefined;
  held: boolean;
}

export function waysThrough(body: Stmt[], held: boolean, lock: LockName): Way[] {
  const [first, ...rest] = body;
  if (!first) return [{ label: undefined, held }];
  switch (first.kind) {
    case "goto":
      return [{ label: first.label, held }];
    case "lock": {
      if (!isEventOf(first.event, lock)) return waysThrough(rest, held, lock);
      const now = first.event.op === "release" ? false : held || isTake(first.event);
      return waysThrough(rest, now, lock);
    }
    case "when":
    case "either":
    case "each":
      return bodiesOfStmt(first)
        .flatMap((inner) => waysThrough(inner, held, lock))
        .flatMap((way) => (way.label === undefined ? waysThrough(rest, way.held, lock) : [way]));
    case "choose":
    case "wait":
    case "assert":
    case "set":
      return waysThrough(rest, held, lock);
  }
}

export function hasEvent(body: Stmt[], op: LockEvent["op"], lock: LockName): boolean {
  return allStmts(body).some(
    (s) => s.kind === "lock" && s.event.op === op && isEventOf(s.event, lock),
  );
}

function sameSection(a: Section, b: Section): boolean {
  if (a.lock.class !== b.lock.class) return false;
  return (
    a.releases.some((r) => b.releases.includes(r)) || b.takes.some((t) => a.inside.includes(t))
  );
}

function merge(into: Section, other: Section): void {
  into.takes = sorted([...into.takes, ...other.takes]);
  into.releases = sorted([...into.releases, ...other.releases]);
  into.downgrades = sorted([...into.downgrades, ...other.downgrades]);
  const edges = new Set([...into.takes, ...into.releases]);
  into.inside = sorted([...into.inside, ...other.inside].filter((at) => !edges.has(at)));
  into.lock.indexes = [...new Set([...into.lock.indexes, ...other.lock.indexes])];
  into.tries &&= other.tries;
}

function sorted(positions: Iterable<number>): number[] {
  return [...new Set(positions)].sort((a, b) => a - b);
}
