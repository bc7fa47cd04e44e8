/**
 * Among the shortest counterexamples, the calmest: the one that people can read.
 *
 * The levels of the breadth-first search are a layered graph, and every shortest counterexample
 * is a path through it. Backwards from all violations of the property at the depth found, the
 * states that lie on such a path are marked; forwards, dynamic programming over (state, who moved
 * last, who took part) finds the path with the fewest context switches, then the fewest processes,
 * then the one met first in the order of processes and choices. The result depends on the model
 * alone.
 */
import type { Outcome, State, Violation } from "../../model/ir/index.ts";
import { violationsIn } from "../../model/ir/index.ts";
import { packState, unpackState } from "../compile/pack.ts";
import type { Store } from "../store/store.ts";
import type { Engine } from "./engine.ts";
import { type SearchEnd, storedState } from "./search.ts";
import { moveOf, type Walk } from "./trace.ts";

/**
 * States on shortest counterexamples, or one step behind the last level before the violation,
 * beyond which the trace found first is kept. All levels are expanded once more for this: after a
 * search of 1,145,266 states in 1.2 s of processor time the choice took 2.9 s.
 */
const MOST_STATES = 100_000;

/** The words of a state as text, to find it among the marked ones. */
type Key = string;

interface Calming {
  engine: Engine;
  store: Store;
  /** Bits for the hashes of the states wanted now: most successors are none of them. */
  filter: Uint8Array;
}

/**
 * The calmest run to a violation of the same property, or undefined when there is too much to
 * compare. Only for engines without reductions: a state must be itself, and a step one step.
 */
export function calmest(
  engine: Engine,
  store: Store,
  levels: number[],
  end: SearchEnd,
  violation: Violation,
): (Walk & { violation: Violation }) | undefined {
  if (end.kind !== "badState" && end.kind !== "badStep") return undefined;
  const cx: Calming = { engine, store, filter: new Uint8Array(1 << 16) };
  const fired = engine.batch.fired.slice();
  const level = levels.findLastIndex((first) => first <= end.state);
  const isBad = (state: State): Violation | undefined => {
    const first = violationsIn(engine.interpreter, state)[0];
    return first && isSame(first, violation) ? first : undefined;
  };
  const goals =
    end.kind === "badState"
      ? badSuccessors(cx, levels, level, isBad)
      : badSources(cx, levels, level, violation, isBad);
  const layers = goals && markBackwards(cx, levels, goals, level);
  engine.batch.fired.set(fired);
  return layers && runThrough(cx, layers, violation, isBad);
}

function isSame(a: Violation, b: Violation): boolean {
  return a.kind === b.kind && a.property === b.property;
}

function keyAt(words: Int32Array, at: number, n: number): Key {
  let key = String(words[at]);
  for (let i = 1; i < n; i++) key += `,${words[at + i]}`;
  return key;
}

function hashAt(words: Int32Array, at: number, n: number): number {
  let hash = 0;
  for (let i = 0; i < n; i++) hash = Math.imul(hash ^ (words[at + i] as number), 0x9e3779b1);
  return (hash ^ (hash >>> 15)) & 0x7ffff;
}

function mark(cx: Calming, words: Int32Array, at: number): void {
  const hash = hashAt(words, at, cx.engine.packing.words);
  cx.filter[hash >>> 3] = (cx.filter[hash >>> 3] as number) | (1 << (hash & 7));
}

function mayBeMarked(cx: Calming, words: Int32Array, at: number): boolean {
  const hash = hashAt(words, at, cx.engine.packing.words);
  return ((cx.filter[hash >>> 3] as number) & (1 << (hash & 7))) !== 0;
}

/**
 * The violating states one step behind level `level - 1`; also those that were not stored any more.
 */
function badSuccessors(
  cx: Calming,
  levels: number[],
  level: number,
  isBad: (state: State) => Violation | undefined,
): Set<Key> | undefined {
  if (level === 0) return undefined;
  const { engine, store } = cx;
  const { words } = engine.packing;
  const known = new Set<Key>();
  const states: number[] = new Array(words).fill(0);
  for (let i = levels[level - 1] as number; i < (levels[level] as number); i++) {
    store.expand(i, i + 1);
    const { batch } = engine;
    for (let at = 0; at < batch.filled; at += words) {
      const key = keyAt(batch.words, at, words);
      if (known.has(key)) continue;
      if (known.size > MOST_STATES) return undefined;
      known.add(key);
      for (let w = 0; w < words; w++) states.push(batch.words[at + w] as number);
    }
  }
  // Generated code sorts out the good ones; the interpreter says what is wrong with the others.
  const table = Int32Array.from(states);
  const bad = new Set<Key>();
  const count = table.length / words;
  engine.bind({ states: table, index: new Int32Array(1), slotBits: 0 });
  for (let i = engine.check(1, count); i > 0; i = i + 1 < count ? engine.check(i + 1, count) : 0) {
    if (isBad(unpackState(engine.packing, table, i * words)))
      bad.add(keyAt(table, i * words, words));
  }
  store.rebind();
  return bad;
}

/** The states of the level from which a step, or standing still, violates the property. */
function badSources(
  cx: Calming,
  levels: number[],
  level: number,
  violation: Violation,
  isBad: (state: State) => Violation | undefined,
): Set<Key> {
  const { engine, store } = cx;
  const found = new Set<Key>();
  for (let i = levels[level] as number; i < (levels[level + 1] as number); i++) {
    store.expand(i, i + 1);
    if (!engine.batch.problem) continue;
    const state = storedState(engine, store, i);
    const runs = engine.runs(state);
    const bad =
      runs.some((r) => r.violation && isSame(r.violation, violation)) ||
      (runs.length === 0 && isBad(state) !== undefined);
    if (bad) found.add(keyAt(store.read(i, i + 1), 0, engine.packing.words));
  }
  return found;
}

/** For each level before the goals', the states from which a goal is reached in time. */
function markBackwards(
  cx: Calming,
  levels: number[],
  goals: Set<Key>,
  goalLevel: number,
): Set<Key>[] | undefined {
  const { engine, store } = cx;
  const layers = [goals];
  let total = goals.size;
  for (let level = goalLevel - 1; level >= 0; level--) {
    const wanted = layers[0] as Set<Key>;
    remember(cx, wanted);
    const here = new Set<Key>();
    for (let i = levels[level] as number; i < (levels[level + 1] as number); i++) {
      store.expand(i, i + 1);
      if (leadsInto(cx, wanted)) here.add(keyAt(store.read(i, i + 1), 0, engine.packing.words));
    }
    total += here.size;
    if (total > MOST_STATES) return undefined;
    layers.unshift(here);
  }
  return layers;
}

function remember(cx: Calming, wanted: Set<Key>): void {
  cx.filter.fill(0);
  const { words } = cx.engine.packing;
  const one = new Int32Array(words);
  for (const key of wanted) {
    key.split(",").forEach((word, i) => {
      one[i] = Number(word);
    });
    mark(cx, one, 0);
  }
}

function leadsInto(cx: Calming, wanted: Set<Key>): boolean {
  const { batch, packing } = cx.engine;
  for (let at = 0; at < batch.filled; at += packing.words) {
    if (!mayBeMarked(cx, batch.words, at)) continue;
    if (wanted.has(keyAt(batch.words, at, packing.words))) return true;
  }
  return false;
}

/** The best way to a state with this process having moved last. */
interface Way {
  key: Key;
  state: State;
  start: State;
  pid: number;
  switches: number;
  /** Bit per process that took part. */
  who: bigint;
  step?: Outcome;
  before?: Way;
}

function isBetter(a: Way, b: Way | undefined): boolean {
  if (!b) return true;
  if (a.switches !== b.switches) return a.switches < b.switches;
  return population(a.who) < population(b.who);
}

function population(who: bigint): number {
  let n = 0;
  for (let rest = who; rest > 0n; rest &= rest - 1n) n++;
  return n;
}

function runThrough(
  cx: Calming,
  layers: Set<Key>[],
  violation: Violation,
  isBad: (state: State) => Violation | undefined,
): (Walk & { violation: Violation }) | undefined {
  const { engine } = cx;
  const keyOf = (state: State): Key => {
    const one = new Int32Array(engine.packing.words);
    packState(engine.packing, state, one, 0);
    return keyAt(one, 0, one.length);
  };
  let ways: Ways = new Map();
  for (const state of engine.interpreter.initialStates()) {
    const key = keyOf(state);
    if (!layers[0]?.has(key)) continue;
    ways.set(`${key}/0`, [{ key, state, start: state, pid: 0, switches: 0, who: 0n }]);
  }
  for (const wanted of layers.slice(1)) {
    const next: Ways = new Map();
    // Several ways come to one state; its steps are looked for once.
    const onward = new Map<Key, Onward[]>();
    for (const way of [...ways.values()].flat()) {
      let steps = onward.get(way.key);
      if (!steps) {
        steps = engine.runs(way.state).flatMap((run) => {
          const key = run.violation ? "" : keyOf(run.next);
          return wanted.has(key) ? [{ key, step: run.steps[0] as Outcome, next: run.next }] : [];
        });
        onward.set(way.key, steps);
      }
      for (const { key, step, next: state } of steps) offer(next, extend(way, step, state, key));
    }
    ways = next;
  }
  return finish(cx, [...ways.values()].flat(), violation, isBad);
}

/** A step to a state from which a goal is reached in time. */
interface Onward {
  key: Key;
  step: Outcome;
  next: State;
}

function extend(way: Way, step: Outcome, state: State, key: Key): Way {
  const switches = way.switches + (way.pid === step.pid || way.pid === 0 ? 0 : 1);
  const who = way.who | (1n << BigInt(step.pid));
  return { key, state, start: way.start, pid: step.pid, switches, who, step, before: way };
}

/**
 * By state and who moved last, the ways with the fewest switches. Of these, none whose processes
 * include all of another's: any other one may need fewer in the end.
 */
type Ways = Map<string, Way[]>;

function offer(ways: Ways, way: Way): void {
  const slot = `${way.key}/${way.pid}`;
  const known = ways.get(slot) ?? [];
  const fewest = known[0]?.switches ?? Number.POSITIVE_INFINITY;
  if (way.switches < fewest) ways.set(slot, [way]);
  if (way.switches !== fewest || known.some((k) => (k.who & way.who) === k.who)) return;
  ways.set(slot, [...known.filter((k) => (k.who & way.who) !== way.who), way]);
}

/** Takes the violating step, if it is one, and reads the best way backwards. */
function finish(
  { engine }: Calming,
  ways: Way[],
  violation: Violation,
  isBad: (state: State) => Violation | undefined,
): (Walk & { violation: Violation }) | undefined {
  let best: { way: Way; violation: Violation } | undefined;
  const consider = (way: Way, found: Violation | undefined): void => {
    if (found && isBetter(way, best?.way)) best = { way, violation: found };
  };
  for (const way of ways) {
    const bad = engine.runs(way.state).filter((r) => r.violation && isSame(r.violation, violation));
    for (const run of bad)
      consider(extend(way, run.steps[0] as Outcome, run.next, ""), run.violation);
    if (bad.length === 0) consider(way, isBad(way.state));
  }
  if (!best) return undefined;
  const moves = [];
  for (let way: Way | undefined = best.way; way?.step; way = way.before) {
    moves.unshift(moveOf(engine, way.step));
  }
  return { start: best.way.start, moves, end: best.way.state, violation: best.violation };
}
