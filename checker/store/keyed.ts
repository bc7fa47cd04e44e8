/**
 * A store in which a key stands for each state. The engine works on a window: states that are
 * expanded are written out into it, and so are those that are new, until they are checked.
 */
import type { Limit } from "../result.ts";
import { BATCH, type Engine } from "../search/engine.ts";
import { newTable, numberOf, type PagedTable, reserveKeys, tableBytes } from "./paged-table.ts";
import {
  copyEntry,
  dropBefore,
  newPages,
  type PageSizes,
  type Pages,
  pageOf,
  placeIn,
  reserveEntries,
  sameWords,
  writeEntry,
} from "./pages.ts";
import type { Store } from "./store.ts";
import { hashWords, newFilter, RECENT_BITS } from "./table.ts";

/** From states to keys. */
export interface Codec {
  /** Words of a key. */
  width: number;
  /** Writes the key of the state at `words[at..]` to `key`. */
  encode(words: Int32Array, at: number, key: Int32Array): void;
  /** The inverse; a codec without it loses states, which then are kept until they are expanded. */
  decode?(key: Int32Array, at: number, into: Int32Array, to: number): void;
  /** Room for encoding `more` states, in `spare` bytes. */
  reserve(more: number, spare: () => number): boolean;
  bytes(): number;
}

/** States written out at a time for being expanded. */
const WINDOW = 1024;

/** What a codec that loses states needs beside keys. */
interface History {
  /** The states that are not expanded yet. */
  waiting: Pages;
  /** For each state, the one that it was found from; 0 for initial states. */
  parents: Pages;
}

/** States that have left the table: the first ones. */
export interface Older {
  /** State `base + 1` is the first one in the table. */
  base: number;
  /** Words of the states `from` to `to - 1`. */
  read(from: number, to: number, into: Int32Array, at: number): void;
}

export interface Keyed {
  engine: Engine;
  codec: Codec;
  table: PagedTable;
  budget: number;
  history: History | undefined;
  older: Older | undefined;
  /** The engine's states: the window from 1 on, then what is new from WINDOW + 1 on. */
  desk: Int32Array;
  filter: Int32Array;
  key: Int32Array;
  /** States in the window: from the first to before the second. */
  from: number;
  to: number;
  /** First state of the last insertion. */
  fresh: number;
  /** The state that was expanded last. */
  parent: number;
  /** The state that was compared last, and its words. */
  compared: number;
  own: Int32Array;
}

/** @param table the keys that are there already; none without it */
export function keyedStore(
  engine: Engine,
  codec: Codec,
  budget: number,
  sizes: PageSizes,
  table = newTable(codec.width, sizes),
): Store {
  return storeOf(newKeyed(engine, codec, budget, sizes, table));
}

export function newKeyed(
  engine: Engine,
  codec: Codec,
  budget: number,
  sizes: PageSizes,
  table = newTable(codec.width, sizes),
): Keyed {
  const { words } = engine.packing;
  const room = engine.batch.words.length / words;
  const pages = (width: number): Pages => newPages(width, sizes.entryBits);
  const k: Keyed = {
    engine,
    codec,
    table,
    budget,
    history: codec.decode ? undefined : { waiting: pages(words), parents: pages(1) },
    older: undefined,
    desk: new Int32Array((1 + WINDOW + room) * words),
    filter: newFilter(words),
    key: new Int32Array(codec.width),
    from: 0,
    to: 0,
    fresh: table.next,
    parent: 0,
    compared: 0,
    own: new Int32Array(words),
  };
  bindDesk(k);
  return k;
}

export function storeOf(k: Keyed): Store {
  const { engine, history } = k;
  const { words } = engine.packing;
  const onDesk = (state: number): number => WINDOW + 1 + state - k.fresh;
  const store: Store = {
    reserve: (_count, more) => reserve(k, more),
    expand: (from, to) => expand(k, from, to),
    insert: () => insert(k),
    check(from, to) {
      const bad = from < to ? engine.check(onDesk(from), onDesk(to)) : 0;
      return bad > 0 ? bad - WINDOW - 1 + k.fresh : 0;
    },
    reach: (from, to) => engine.reach(onDesk(from), onDesk(to)),
    read(from, to) {
      const end = Math.min(to, from + WINDOW);
      const out = new Int32Array((end - from) * words);
      writeOut(k, from, end, out, 0);
      return out;
    },
    is: (state, other, at) => isState(k, state, other, at),
    restore: (states, read) => restore(k, states, read),
    bytes: () => bytesOf(k),
    rebind: () => bindDesk(k),
  };
  if (history) {
    store.approximate = true;
    store.pathTo = (state) => ancestors(history.parents, state);
  }
  return store;
}

function bindDesk({ engine, desk }: Keyed): void {
  engine.bind({ states: desk, index: new Int32Array(1), slotBits: 0 });
}

export function bytesOf({ table, codec, history }: Keyed): number {
  const more = history ? history.waiting.bytes + history.parents.bytes : 0;
  return tableBytes(table) + codec.bytes() + more;
}

export function reserve(k: Keyed, more: number): Limit | undefined {
  const { table, codec, history, budget } = k;
  const spare = (): number => budget - bytesOf(k);
  const most = table.next + more;
  const done =
    reserveKeys(table, more, spare) &&
    codec.reserve(more, spare) &&
    (!history ||
      (reserveEntries(history.waiting, most, spare()) &&
        reserveEntries(history.parents, most, spare())));
  return done ? undefined : "memory";
}

function expand(k: Keyed, from: number, to: number): number {
  const { engine, history } = k;
  const { words } = engine.packing;
  if (from < k.from || from >= k.to) {
    k.from = from;
    k.to = Math.min(to, from + WINDOW);
    writeOut(k, k.from, k.to, k.desk, words);
    if (history) dropBefore(history.waiting, from);
  }
  k.parent = from;
  // To know who is whose parent, one at a time.
  const end = history ? from + 1 : Math.min(to, k.to);
  return k.from - 1 + engine.expand(1 + from - k.from, 1 + end - k.from);
}

/** The words of the states `from` to `to - 1`, from `into[at]` on. */
function writeOut(k: Keyed, from: number, to: number, into: Int32Array, at: number): void {
  const { codec, table, history, older } = k;
  const { words } = k.engine.packing;
  const base = older?.base ?? 0;
  const border = Math.max(from, Math.min(to, base + 1));
  if (older && from < border) older.read(from, border, into, at);
  for (let n = border; n < to; n++) {
    const place = at + (n - from) * words;
    if (history) copyEntry(history.waiting, n, into, place);
    else codec.decode?.(pageOf(table.keys, n - base), placeIn(table.keys, n - base), into, place);
  }
}

function insert(k: Keyed): number {
  const { engine, codec, table, filter, history, desk, key } = k;
  const { batch, packing } = engine;
  const { words } = packing;
  const base = k.older?.base ?? 0;
  k.fresh = table.next + base;
  engine.canonicalize(batch.filled);
  for (let at = 0; at < batch.filled; at += words) {
    const recent = (hashWords(batch.words, at, words) >>> (32 - RECENT_BITS)) * words;
    if (sameWords(batch.words, at, filter, recent, words)) continue;
    for (let i = 0; i < words; i++) filter[recent + i] = batch.words[at + i] as number;
    codec.encode(batch.words, at, key);
    const n = table.next;
    if (numberOf(table, key, 0) !== n) continue;
    const to = (WINDOW + 1 + n + base - k.fresh) * words;
    for (let i = 0; i < words; i++) desk[to + i] = batch.words[at + i] as number;
    if (!history) continue;
    writeEntry(history.waiting, n, batch.words, at);
    pageOf(history.parents, n)[placeIn(history.parents, n)] = k.parent;
  }
  return table.next + base;
}

function isState(k: Keyed, state: number, words: Int32Array, at: number): boolean {
  const { codec, table, key, own } = k;
  if (k.history) {
    codec.encode(words, at, key);
    return sameWords(key, 0, pageOf(table.keys, state), placeIn(table.keys, state), codec.width);
  }
  if (k.compared !== state) writeOut(k, state, state + 1, own, 0);
  k.compared = state;
  return sameWords(own, 0, words, at, own.length);
}

function restore(
  k: Keyed,
  states: number,
  read: (into: Int32Array, from: number) => void,
): Limit | undefined {
  const { words } = k.engine.packing;
  for (let from = 0; from < states; from += BATCH) {
    const some = new Int32Array(Math.min(BATCH, states - from) * words);
    const limit = reserve(k, BATCH);
    if (limit) return limit;
    read(some, from);
    for (let at = 0; at < some.length; at += words) {
      k.codec.encode(some, at, k.key);
      numberOf(k.table, k.key, 0);
    }
  }
  return undefined;
}

function ancestors(parents: Pages, state: number): number[] {
  const path: number[] = [];
  for (let n = state; n !== 0; n = (pageOf(parents, n)[placeIn(parents, n)] as number) >>> 0) {
    path.unshift(n);
  }
  return path;
}
