/** The fast store: whole states in one array, which the engine reads and indexes itself. */
import type { Engine } from "../search/engine.ts";
import {
  type Arena,
  arenaBytes,
  claimAll,
  enlargeIndex,
  hasRoom,
  isBudgetUsed,
  isCrowded,
  newArena,
  reserveStates,
} from "./arena.ts";
import { wholeStates } from "./codecs.ts";
import { keyedStore } from "./keyed.ts";
import { adopt } from "./paged-table.ts";
import { PAGE_SIZES, sameWords } from "./pages.ts";
import type { Store } from "./store.ts";

export interface FlatStore extends Store {
  arena: Arena;
  /**
   * Memory for that many states and slots, at once, with the first `count` states in it and the
   * slots that are in use; false when there is not so much.
   */
  claim(count: number, states: number, slotBits: number): boolean;
  /**
   * Others have written in it, and in its first slots, as many as two to the power `slotBits`:
   * only its first `count - 1` states are good.
   */
  reclaim(count: number, slotBits: number): void;
}

/**
 * Has more slots, with the first `count - 1` states in them. False when the budget or the machine
 * is exhausted.
 *
 * @param most number of a state that is to come
 * @param expected states that there may be in the end
 */
export function growIndex(
  engine: Engine,
  arena: Arena,
  count: number,
  most: number,
  expected?: number,
): boolean {
  const { slotBits } = arena;
  if (!enlargeIndex(arena, most, expected)) return false;
  engine.bind(arena);
  engine.widen(slotBits, count);
  return true;
}

export function flatStore(engine: Engine, budget: number, sizes = PAGE_SIZES): FlatStore {
  const { batch, packing } = engine;
  const { words } = packing;
  const arena = newArena(words, budget, sizes);
  const rebind = (): void => engine.bind(arena);
  rebind();
  const reserve: Store["reserve"] = (count, more, expected) => {
    const most = count + more;
    while (isCrowded(arena, most)) {
      if (growIndex(engine, arena, count, most, expected?.())) continue;
      if (hasRoom(arena, most)) break;
      return "memory";
    }
    if (!reserveStates(arena, most)) return "memory";
    rebind();
    return undefined;
  };
  return {
    arena,
    claim: (count, states, slotBits) => {
      const done = claimAll(arena, count, states, slotBits);
      rebind();
      return done;
    },
    reclaim: (count, slotBits) => {
      arena.index.fill(0, 0, 2 ** slotBits);
      rebind();
      engine.enter(count);
    },
    reserve,
    expand: engine.expand,
    insert: (count) => engine.insert(count, batch.filled),
    check: engine.check,
    reach: engine.reach,
    read: (from, to) => arena.states.subarray(from * words, to * words),
    is: (state, other, at) => sameWords(other, at, arena.states, state * words, words),
    restore: (states, read) => {
      const limit = reserve(1, states);
      if (limit) return limit;
      read(arena.states.subarray(words, (states + 1) * words), 0);
      engine.enter(states + 1);
      return undefined;
    },
    successor(count, more) {
      if (isBudgetUsed(arena, count + more)) return undefined;
      const { states } = arena;
      arena.index = new Int32Array(0);
      const table = adopt(states, count, words, sizes, budget);
      return table && keyedStore(engine, wholeStates(words), budget, sizes, table);
    },
    bytes: (count) => arenaBytes(arena, count),
    rebind,
  };
}
