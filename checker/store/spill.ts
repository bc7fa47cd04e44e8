/**
 * A store on disk: memory holds the newest states, a file all that were before. Whether a state is
 * new is told by the memory at once, and by the file at the end of a level, or when memory is
 * full: then it is read once from its beginning, and what it has is taken out of the newest states.
 * What is left keeps its order, so states have the numbers that they have without a file.
 *
 * Stern and Dill, "Using magnetic disk instead of main memory in the Murphi verifier", CAV 1998;
 * there all states go to the file, here only those for which there is no memory.
 */
import type { Limit } from "../result.ts";
import type { Engine } from "../search/engine.ts";
import { wholeStates } from "./codecs.ts";
import { type Disk, DiskFullError } from "./disk.ts";
import { bytesOf, type Keyed, newKeyed, reserve, storeOf } from "./keyed.ts";
import { find, retain } from "./paged-table.ts";
import { type PageSizes, pageOf, placeIn } from "./pages.ts";
import type { Store } from "./store.ts";

/** Words that go to or come from the file at a time. */
const CHUNK_WORDS = 1 << 16;
/** When memory is full, this part of the states stays. */
const KEPT = 1 / 3;

interface Spill {
  keyed: Keyed;
  older: NonNullable<Keyed["older"]>;
  disk: Disk;
  /** States in the file. */
  written: number;
  /** The states from this one on may be among those that are only in the file. */
  unsettled: number;
}

export function spillStore(engine: Engine, disk: Disk, budget: number, sizes: PageSizes): Store {
  const { words } = engine.packing;
  const keyed = newKeyed(engine, wholeStates(words), budget, sizes);
  const older = {
    base: 0,
    read(from: number, to: number, into: Int32Array, at: number): void {
      disk.read(into.subarray(at, at + (to - from) * words), (from - 1) * words);
    },
  };
  keyed.older = older;
  const spill: Spill = { keyed, older, disk, written: 0, unsettled: 1 };
  return {
    ...storeOf(keyed),
    reserve: (count, more) => makeRoom(spill, count, more),
    settle: (count) => settle(spill, count),
  };
}

function makeRoom(spill: Spill, count: number, more: number): Limit | undefined {
  const { keyed, older } = spill;
  if (!reserve(keyed, more)) return undefined;
  if (older.base > 0 && spill.unsettled < count) return "memory";
  try {
    writeAll(spill, count);
  } catch (error) {
    if (error instanceof DiskFullError) return "disk";
    throw error;
  }
  const { table } = keyed;
  const gone = Math.ceil((table.next - 1) * (1 - KEPT));
  if (gone === 0) return "memory";
  retain(table, (n) => n > gone);
  older.base += gone;
  forget(spill, count);
  return bytesOf(keyed) <= keyed.budget ? reserve(keyed, more) : "memory";
}

function writeAll(spill: Spill, count: number): void {
  const { keyed, older, disk } = spill;
  const { words } = keyed.engine.packing;
  const { keys } = keyed.table;
  const perPage = 2 ** keys.bits;
  while (spill.written < count - 1) {
    const first = spill.written + 1 - older.base;
    const end = Math.min(count - older.base, (Math.floor(first / perPage) + 1) * perPage);
    const at = placeIn(keys, first);
    disk.append(pageOf(keys, first).subarray(at, at + (end - first) * words));
    spill.written += end - first;
  }
}

/** Numbers in the table have changed. */
function forget(spill: Spill, count: number): void {
  const { keyed } = spill;
  Object.assign(keyed, { from: 0, to: 0, compared: 0 });
  spill.unsettled = count;
}

function settle(spill: Spill, count: number): number {
  const { keyed, older } = spill;
  const { table } = keyed;
  // Whoever cuts off the last states cuts them off here, too.
  const cut = count - older.base < table.next;
  table.next = count - older.base;
  const first = Math.max(1, spill.unsettled - older.base);
  const known =
    older.base > 0 && first < table.next ? knownBefore(spill, first) : new Uint8Array(0);
  if (cut || known.includes(1)) retain(table, (n) => n < first || known[n - first] !== 1);
  const settled = older.base + table.next;
  forget(spill, settled);
  return settled;
}

/** For the states of the table from `first` on: 1 when it is in the file and not in memory. */
function knownBefore({ keyed, older, disk }: Spill, first: number): Uint8Array {
  const { table, engine } = keyed;
  const { words } = engine.packing;
  const known = new Uint8Array(table.next - first);
  const perChunk = Math.max(1, Math.floor(CHUNK_WORDS / words));
  for (let n = 1; n <= older.base; n += perChunk) {
    const some = new Int32Array(Math.min(perChunk, older.base + 1 - n) * words);
    disk.read(some, (n - 1) * words);
    for (let at = 0; at < some.length; at += words) {
      const found = find(table, some, at);
      if (found >= first) known[found - first] = 1;
    }
  }
  return known;
}
