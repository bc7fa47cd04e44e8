/**
 * In which order locks nest, over all interleavings: which cycles lockdep would report, which ones
 * can really deadlock, and which deadlocks lockdep has no eyes for. Orders are between classes, as
 * in Documentation/locking/lockdep-design.rst.
 *
 * Omits    interrupt contexts (usage bits); the wait types of CONFIG_PROVE_RAW_LOCK_NESTING.
 */
import type { LockKind, LockUse, Model } from "../../model/ir/index.ts";
import { movesLater } from "../deadlock/partial.ts";
import { components, newScratch } from "../liveness/scc.ts";
import { giveBack } from "../store/give-back.ts";
import { cyclesOf, pairOf, pairsOf } from "./cycles.ts";
import {
  classOf,
  isAtomic,
  isTracked,
  mapsBehind,
  mapsHeldIn,
  maySleep,
  primedOrders,
} from "./lockdep.ts";
import { explorePlaces, heldAt, type Places, stateAt, waitsAt, wayTo } from "./places.ts";
import type { LockCycle, LockOrderEdge, LockReport } from "./report.ts";
import { exploreStates } from "./states.ts";

export type { LockCycle, LockOrderEdge, LockReport } from "./report.ts";

const DEFAULT_LIMIT = 10_000_000;

/**
 * Explores at most `limit` states, all of them by the compiled engine.
 *
 * @throws PackError when a range or the whole state is too wide for the engine
 */
export function lockReport(model: Model, limit = DEFAULT_LIMIT): LockReport {
  try {
    return reportOn(model, limit);
  } finally {
    giveBack();
  }
}

function reportOn(model: Model, limit: number): LockReport {
  const states = exploreStates(model, limit);
  const found = new Map<string, Seen>();
  const places = explorePlaces(states, (place, pid, use, held) => {
    if (use.op === "release" || use.op === "downgrade") return;
    for (const outer of held) note(found, outer, use, place, pid);
  });
  const edges = [...found.values()].map((seen) => edgeOf(places, seen));
  edges.push(...primedEdges(edges));
  const stuck = states.complete ? deadlocks(places) : [];
  const cycles = cyclesOf(edges).map((cycle): LockCycle => {
    const at = stuck.find((d) => isOn(d, cycle));
    return {
      edges: cycle,
      warns: cycle.every((e) => e.seen),
      blind: blindIn(cycle),
      deadlock: at && wayTo(places, at.place),
    };
  });
  const isKnown = (d: Stuck): boolean => cycles.some((c) => isOn(d, c.edges));
  const goals = stuck.filter(isKnown).flatMap((d) => d.states);
  const leads = leadsTo(states.graph, new Set(goals));
  const strange = mostBlocked(stuck.filter((d) => !d.states.some((s) => leads[s] === 1)));
  const other = strange && wayTo(places, strange.place);
  const { complete, graph } = states;
  return { model: states.model, edges, cycles, other, states: graph.count - 1, complete };
}

interface Seen {
  outer: LockUse;
  inner: LockUse;
  how: LockOrderEdge["how"];
  place: number;
  pid: number;
  readers: boolean;
  nested: boolean;
}

function note(
  found: Map<string, Seen>,
  outer: LockUse,
  inner: LockUse,
  place: number,
  pid: number,
): void {
  const how = inner.op as LockOrderEdge["how"];
  const key = `${classOf(outer)}\n${classOf(inner)}\n${how}`;
  const readers = outer.mode === "shared" && inner.mode === "shared";
  const nested = inner.nest === true;
  const known = found.get(key);
  if (!known) {
    found.set(key, { outer, inner, how, place, pid, readers, nested });
    return;
  }
  known.readers &&= readers;
  known.nested &&= nested;
}

function edgeOf(all: Places, seen: Seen): LockOrderEdge {
  const { outer, inner, how, place, pid, readers, nested } = seen;
  const process = all.states.interpreter.layout.processes[pid - 1];
  const step = process?.actor.steps[stateAt(all, place)[process.pc] as number];
  const tracked = isTracked(outer) && isTracked(inner);
  return {
    outer: classOf(outer),
    inner: classOf(inner),
    kinds: [outer.lock, inner.lock],
    how,
    readers,
    nested,
    // Of waits it knows those for works, whose map is taken for the occasion.
    seen: how !== "trylock" && tracked,
    atomic: isAtomic(outer) && maySleep(inner),
    process: process?.name ?? "",
    label: step?.label ?? "",
    text: step?.text.trim() ?? "",
    witness: wayTo(all, place),
  };
}

function primedEdges(edges: LockOrderEdge[]): LockOrderEdge[] {
  const classes = new Map(
    edges.flatMap((e) => [
      [e.outer, { name: e.outer, lock: e.kinds[0] }],
      [e.inner, { name: e.inner, lock: e.kinds[1] }],
    ]),
  );
  const isNew = (outer: string, inner: string): boolean =>
    !edges.some((e) => e.outer === outer && e.inner === inner && e.seen);
  return primedOrders([...classes.values()])
    .filter(({ outer, inner }) => isNew(outer.name, inner.name))
    .map(({ outer, inner }) => ({
      outer: outer.name,
      inner: inner.name,
      kinds: [outer.lock, inner.lock],
      how: "acquire",
      readers: false,
      nested: false,
      seen: true,
      atomic: false,
      process: "at boot",
      label: "",
      text: "dma_resv_lockdep()",
      witness: undefined,
    }));
}

function blindIn(cycle: LockOrderEdge[]): string[] {
  const unseen = cycle.filter((e) => !e.seen);
  const untracked = (lock: LockKind, e: LockOrderEdge): boolean =>
    !isTracked({ lock, op: e.how, mode: "exclusive", class: "", name: "" });
  const names = unseen.flatMap((e) =>
    [e.outer, e.inner].filter((_, i) => untracked(e.kinds[i] as LockKind, e)),
  );
  return [...new Set(names)];
}

interface Stuck {
  /** The first place of its kind, and all states. */
  place: number;
  states: number[];
  /** What the blocked processes hold and want, as pairs of classes. */
  pairs: Set<string>;
  blocked: number;
}

/** An empty cycle, one of maps only, is no deadlock. */
function isOn({ pairs }: Stuck, cycle: LockOrderEdge[]): boolean {
  return pairsOf(cycle).some((list) => list.length > 0 && list.every((p) => pairs.has(p)));
}

/** The first of those in which most processes are blocked: there nobody else will join them. */
function mostBlocked(stuck: Stuck[]): Stuck | undefined {
  const most = stuck.reduce((max, d) => Math.max(max, d.blocked), 0);
  return stuck.find((d) => d.blocked === most);
}

/** Where somebody, neither done nor idle, is blocked for ever; alike ones together. */
function deadlocks(all: Places): Stuck[] {
  const { interpreter, graph } = all.states;
  const { processes } = interpreter.layout;
  const moves = movesLater(graph, processes.length, newScratch(graph.count));
  const kinds = new Map<string, Stuck>();
  for (let place = 1; place < all.state.length; place++) {
    const s = all.state.array[place] as number;
    if (processes.every((p) => moves(s, p.pid - 1))) continue;
    const state = stateAt(all, place);
    const blocked = processes.filter(
      ({ pid }) => !moves(s, pid - 1) && !interpreter.atRest(state, pid),
    );
    if (blocked.length === 0) continue;
    const pairs = blocked.flatMap(({ pid, actor, pc }) => {
      const context = mapsHeldIn(actor.steps[state[pc] as number]?.routine ?? []);
      const waits = waitsAt(all, place, pid).flatMap((w) => [w, ...mapsBehind(w)]);
      return [...context, ...heldAt(all, place, pid)].flatMap((h) =>
        waits.map((w) => pairOf(classOf(h), classOf(w))),
      );
    });
    const key = `${blocked.map((p) => `${p.pid}.${state[p.pc]}`).join()} ${pairs.join()}`;
    const known = kinds.get(key);
    if (known) known.states.push(s);
    else kinds.set(key, { place, states: [s], pairs: new Set(pairs), blocked: blocked.length });
  }
  return [...kinds.values()];
}

/** By state: 1 when one of the goals can be reached, in no step or more. */
function leadsTo(graph: Places["states"]["graph"], goals: Set<number>): Uint8Array {
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
