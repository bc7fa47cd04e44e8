/**
 * Cycles in the order of lock classes: those that lockdep finds among what it was told
 * (Documentation/locking/lockdep-design.rst), and those that can block, whoever knows of them.
 */
import { isWaitedFor } from "./lockdep.ts";
import type { LockOrderEdge } from "./report.ts";

/**
 * For every edge on a cycle a shortest one, each cycle once: first those of lockdep. An edge that
 * is the same for both is looked for in both.
 */
export function cyclesOf(edges: LockOrderEdge[]): LockOrderEdge[][] {
  const seen = edges.filter((e) => e.seen && !isOrdered(e));
  const blocking = edges.filter((e) => blocks(e) && !isOrdered(e));
  const cycles = new Map<string, LockOrderEdge[]>();
  for (const list of [seen, blocking]) {
    for (const first of list) {
      const cycle = shortestCycle(list, first);
      const key = cycle && keyOf(cycle);
      if (cycle && key !== undefined && !cycles.has(key)) cycles.set(key, cycle);
    }
  }
  return withoutRepeats([...cycles.values()]);
}

/** A cycle through maps is left out when another one needs fewer of the locks. */
function withoutRepeats(cycles: LockOrderEdge[][]): LockOrderEdge[][] {
  const told = cycles.map((cycle) => ({ cycle, locks: locksOf(cycle) }));
  return told
    .filter(({ cycle, locks }, i) => {
      if (cycle.every(isReal)) return true;
      return !told.some((other, k) => {
        if (k === i || !other.locks.every((l) => locks.includes(l))) return false;
        return other.locks.length < locks.length || k < i || other.cycle.every(isReal);
      });
    })
    .map(({ cycle }) => cycle);
}

/** The classes that somebody can wait for. */
function locksOf(cycle: LockOrderEdge[]): string[] {
  return cycle.filter((e) => e.kinds[0] !== "lockdep_map").map((e) => e.outer);
}

function isReal({ kinds }: LockOrderEdge): boolean {
  return !kinds.includes("lockdep_map");
}

function keyOf(cycle: LockOrderEdge[]): string {
  return cycle
    .map((e) => `${e.outer} -> ${e.inner} ${e.how}`)
    .sort()
    .join();
}

/** Locks of one class that something else orders: an acquire context, a nest_lock. */
function isOrdered({ outer, inner, nested, kinds }: LockOrderEdge): boolean {
  return outer === inner && (nested || kinds[1] === "rcu");
}

/** An attempt that can block on somebody who holds it. */
function blocks({ how, kinds }: LockOrderEdge): boolean {
  return how !== "trylock" && kinds[1] !== "rcu" && !kinds.includes("lockdep_map");
}

/**
 * What a deadlock on this cycle looks like: who holds the first of a pair wants the second. Nobody
 * waits for a map itself, but fences and the end of callbacks are waited for under theirs: each of
 * these lists is one way in which it can come about.
 */
export function pairsOf(cycle: LockOrderEdge[]): string[][] {
  const isMap = (e: LockOrderEdge): boolean => e.kinds[0] === "lockdep_map";
  const maps = [
    ...new Set(cycle.filter((e) => isMap(e) && isWaitedFor(e.outer)).map((e) => e.outer)),
  ];
  return Array.from({ length: 2 ** maps.length }, (_, bits) => {
    const kept = maps.filter((_, i) => ((bits >> i) & 1) === 1);
    const locks = cycle.filter((e) => !isMap(e) || kept.includes(e.outer)).map((e) => e.outer);
    const pairs = locks.map((outer, i) => pairOf(outer, locks[(i + 1) % locks.length] as string));
    return [...new Set(pairs)];
  });
}

export function pairOf(outer: string, inner: string): string {
  return `${outer} -> ${inner}`;
}

function shortestCycle(edges: LockOrderEdge[], first: LockOrderEdge): LockOrderEdge[] | undefined {
  let paths: LockOrderEdge[][] = [[first]];
  const met = new Set([first.inner]);
  while (paths.length > 0) {
    const closed = paths.find((p) => p.at(-1)?.inner === first.outer);
    if (closed) return closed;
    paths = paths.flatMap((path) => {
      const next = edges.filter((e) => e.outer === path.at(-1)?.inner && !met.has(e.inner));
      for (const e of next) met.add(e.inner);
      return next.map((e) => [...path, e]);
    });
  }
  return undefined;
}
