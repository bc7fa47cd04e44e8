/**
 * In which order locks nest, over all interleavings: which cycles lockdep would report, which ones
 * can really deadlock, and which deadlocks lockdep has no eyes for. Orders are between classes, as
 * in Documentation/locking/lockdep-design.rst.
 *
 * Omits    interrupt contexts (usage bits), lockdep's subclasses and nest_lock annotations other
 *          than the acquire context of ww_mutex.
 */
import type { LockKind, LockUse, Model, Move, State } from "../../model/ir/index.ts";
import { movesLater } from "../deadlock/partial.ts";
import { components, newScratch } from "../liveness/scc.ts";
import { explorePlaces, type Place, type Places, wayTo } from "./explore.ts";

export interface LockOrderEdge {
  /** Classes: `outer` is held while `inner` is taken or waited for. */
  outer: string;
  inner: string;
  kinds: [outer: LockKind, inner: LockKind];
  how: "acquire" | "trylock" | "wait";
  /** Both only for reading, wherever it was seen. */
  readers: boolean;
  /** lockdep records it: it tracks both kinds of lock, and this is no trylock. */
  seen: boolean;
  /** The step that does it first, and how to get there. */
  process: string;
  label: string;
  text: string;
  witness: Run;
}

export interface Run {
  start: State;
  moves: Move[];
}

export interface LockCycle {
  /** Each edge's inner class is the next one's outer class. */
  edges: LockOrderEdge[];
  /** lockdep would warn: it has seen every edge. */
  warns: boolean;
  /** The classes that lockdep does not track, if any. */
  blind: string[];
  /** A run into the deadlock; undefined when none was found. */
  deadlock: Run | undefined;
}

export interface LockReport {
  edges: LockOrderEdge[];
  cycles: LockCycle[];
  /** A deadlock that is on none of the cycles: processes wait for something else. */
  other: Run | undefined;
  states: number;
  complete: boolean;
}

/** Kinds of lock that lockdep tracks; folio locks and waits for events have no lockdep map. */
const TRACKED: Record<LockKind, boolean> = {
  mutex: true,
  spinlock: true,
  rwsem: true,
  ww_mutex: true,
  seqcount: true,
  rcu: true,
  folio_lock: false,
  wait: false,
};

/** Explores at most `limit` states. */
export function lockReport(model: Model, limit = 300_000): LockReport {
  const found = new Map<string, Seen>();
  const onUse = (place: number, pid: number, use: LockUse, held: readonly LockUse[]): void => {
    if (use.op === "release" || use.op === "downgrade") return;
    for (const outer of held) {
      const key = `${outer.class}\n${use.class}\n${use.op}`;
      const readers = outer.mode === "shared" && use.mode === "shared";
      const known = found.get(key);
      if (known) known.readers &&= readers;
      else found.set(key, { outer, inner: use, how: use.op, place, pid, readers });
    }
  };
  const places = explorePlaces(model, limit, onUse);
  const edges = [...found.values()].map((seen) => edgeOf(places, seen));
  const stuck = deadlocks(places);
  const cycles = cyclesOf(edges).map((cycle): LockCycle => {
    const blind = cycle.flatMap((e) => e.kinds.flatMap((k, i) => (TRACKED[k] ? [] : [nth(e, i)])));
    const pairs = cycle.map((e) => pairOf(e.outer, e.inner));
    const at = stuck.find((d) => pairs.every((p) => d.pairs.has(p)));
    const warns = cycle.every((e) => e.seen);
    const deadlock = at && wayTo(places, at.place);
    return { edges: cycle, warns, blind: [...new Set(blind)], deadlock };
  });
  const known = cycles.map((c) => c.edges.map((e) => pairOf(e.outer, e.inner)));
  const isKnown = (d: Stuck): boolean => known.some((pairs) => pairs.every((p) => d.pairs.has(p)));
  const leads = leadsTo(places, new Set(stuck.filter(isKnown).map((d) => d.place)));
  const strange = mostBlocked(stuck.filter((d) => leads[d.place] === 0));
  const other = strange && wayTo(places, strange.place);
  const { complete } = places;
  return { edges, cycles, other, states: places.places.length - 1, complete };
}

interface Seen {
  outer: LockUse;
  inner: LockUse;
  how: LockOrderEdge["how"];
  place: number;
  pid: number;
  readers: boolean;
}

function edgeOf(all: Places, { outer, inner, how, place, pid, readers }: Seen): LockOrderEdge {
  const { state } = all.places[place] as Place;
  const process = all.interpreter.layout.processes[pid - 1];
  const step = process?.actor.steps[state[process.pc] as number];
  return {
    outer: outer.class,
    inner: inner.class,
    kinds: [outer.lock, inner.lock],
    how,
    readers,
    seen: how === "acquire" && TRACKED[outer.lock] && TRACKED[inner.lock],
    process: process?.name ?? "",
    label: step?.label ?? "",
    text: step?.text.trim() ?? "",
    witness: wayTo(all, place),
  };
}

function nth({ outer, inner }: LockOrderEdge, i: number): string {
  return i === 0 ? outer : inner;
}

function pairOf(outer: string, inner: string): string {
  return `${outer} -> ${inner}`;
}

/** An attempt that can block on somebody who holds the lock. */
function blocks({ how, outer, inner, kinds }: LockOrderEdge): boolean {
  if (how === "trylock" || kinds[1] === "rcu") return false;
  // Several ww_mutexes of one class are taken under an acquire context, which resolves it.
  return outer !== inner || kinds[1] !== "ww_mutex";
}

/** For every blocking edge that lies on a cycle a shortest one; each cycle once. */
function cyclesOf(edges: LockOrderEdge[]): LockOrderEdge[][] {
  const blocking = edges.filter(blocks);
  const cycles = new Map<string, LockOrderEdge[]>();
  for (const first of blocking) {
    const cycle = shortestCycle(blocking, first);
    const key = cycle
      ?.map((e) => `${pairOf(e.outer, e.inner)} ${e.how}`)
      .sort()
      .join();
    if (cycle && key !== undefined && !cycles.has(key)) cycles.set(key, cycle);
  }
  return [...cycles.values()];
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

interface Stuck {
  place: number;
  /** What the blocked processes hold and want, as pairs of classes. */
  pairs: Set<string>;
  blocked: number;
}

/** The first of those in which most processes are blocked: there nobody else will join them. */
function mostBlocked(stuck: Stuck[]): Stuck | undefined {
  const most = stuck.reduce((max, d) => Math.max(max, d.blocked), 0);
  return stuck.find((d) => d.blocked === most);
}

/** The states in which somebody, neither done nor idle, is blocked for ever. */
function deadlocks(all: Places): Stuck[] {
  const { interpreter, places, graph, complete } = all;
  if (!complete) return [];
  const { processes } = interpreter.layout;
  const moves = movesLater(graph, processes.length, newScratch(graph.count));
  const stuck: Stuck[] = [];
  for (let id = 1; id < places.length; id++) {
    const { state, held, waits } = places[id] as Place;
    const blocked = processes.filter(
      ({ pid }) => !moves(id, pid - 1) && !interpreter.atRest(state, pid),
    );
    if (blocked.length === 0) continue;
    const pairs = blocked.flatMap(({ pid }) =>
      (held[pid - 1] ?? []).flatMap((h) =>
        (waits[pid - 1] ?? []).map((w) => pairOf(h.class, w.class)),
      ),
    );
    stuck.push({ place: id, pairs: new Set(pairs), blocked: blocked.length });
  }
  return stuck;
}

/** By place: 1 when one of the goals can be reached, in no step or more. */
function leadsTo({ graph }: Places, goals: Set<number>): Uint8Array {
  const { count, offsets, targets } = graph;
  const leads = new Uint8Array(count);
  const scratch = newScratch(count);
  scratch.zone.fill(1);
  const all = Uint32Array.from({ length: count - 1 }, (_, i) => i + 1);
  components(
    graph,
    scratch,
    1,
    all,
    () => true,
    (states) => {
      const next = (s: number) => targets.subarray(offsets[s], offsets[s + 1]);
      if (states.some((s) => goals.has(s) || next(s).some((t) => leads[t] === 1))) {
        for (const s of states) leads[s] = 1;
      }
    },
  );
  return leads;
}
