/**
 * What each thread of a parallel search does. The function is also sent to the worker threads as
 * text, so it may use nothing but its arguments and the language.
 *
 * All threads share states, index and the list of work. A level is cut into items of a few
 * hundred states; each thread takes one after the other, stores what it finds in its own chunks
 * of state numbers, and all meet at the end of the level. When the index is nearly full, all meet
 * at once and enlarge it together.
 */

/** Words of the shared control block. */
export const CONTROL = {
  arrived: 0,
  generation: 1,
  cursor: 2,
  items: 3,
  nextItems: 4,
  nextId: 5,
  flag: 6,
  slotBits: 7,
  depth: 8,
  /** Not 0: a thread died. */
  failed: 9,
  size: 16,
} as const;

export const FLAG = { run: 0, resize: 1, memory: 2, violation: 3, stop: 4 } as const;

/** Numbers each thread reports. */
export const STATS = { states: 0, transitions: 1, terminal: 2, size: 8 } as const;

export interface SharedSearch {
  control: Int32Array;
  /** Pairs: first state and the one after the last; this level's and the next one's. */
  items: [Int32Array, Int32Array];
  states: Int32Array;
  index: Int32Array;
  stats: Float64Array;
  threads: number;
  words: number;
  /** State numbers end here. */
  mostStates: number;
  /** Bits that the index may have at most. */
  mostSlotBits: number;
  chunk: number;
  itemStates: number;
  flags: typeof FLAG;
  at: typeof CONTROL;
  stat: typeof STATS;
}

/** The generated code of one thread. */
export interface SharedEngine {
  bind(states: Int32Array, index: Int32Array, slotBits: number): void;
  expand(from: number, to: number): number;
  insert(id: number, filled: number): number;
  place(from: number, to: number): void;
  check(from: number, to: number): number;
  reach(from: number, to: number): void;
}

/**
 * Runs until the search is over for all threads. The states 1 to `initial - 1` are there already,
 * as the work of the first level. `poll` is asked after every batch for a flag to raise.
 */
export function participate(
  shared: SharedSearch,
  engine: SharedEngine,
  registers: Int32Array,
  thread: number,
  initial: number,
  poll: (() => number) | undefined,
): void {
  const { control, items, states, index, stats, threads, words, chunk, itemStates } = shared;
  const { at, flags, stat } = shared;
  /** Pairs, like the items: all states that this thread stored. */
  const own: number[] = thread === 0 ? [1, initial] : [];
  let id = 0;
  let idEnd = 0;
  let segment = 0;
  let published = own.length;
  let level = 0;
  let from = 0;
  let to = 0;
  const barrier = (): void => {
    const generation = Atomics.load(control, at.generation);
    if (Atomics.add(control, at.arrived, 1) === threads - 1) {
      Atomics.store(control, at.arrived, 0);
      Atomics.add(control, at.generation, 1);
      Atomics.notify(control, at.generation);
    } else {
      while (Atomics.load(control, at.generation) === generation) {
        Atomics.wait(control, at.generation, generation, 200);
        if (Atomics.load(control, at.failed) !== 0) throw new Error("a worker thread died");
      }
    }
  };
  const rebind = (): void => engine.bind(states, index, Atomics.load(control, at.slotBits));
  /** An end of the search is never forgotten for a resize. */
  const raise = (flag: number): void => {
    if (flag === flags.resize) Atomics.compareExchange(control, at.flag, flags.run, flag);
    else Atomics.store(control, at.flag, flag);
  };
  const closeSegment = (): void => {
    if (id > segment) own.push(segment, id);
    segment = id;
  };
  /** Room for this many states in a row; false when there is none. */
  const makeRoom = (most: number): boolean => {
    if (id + most <= idEnd) return true;
    closeSegment();
    const size = Math.max(chunk, most);
    const start = Atomics.add(control, at.nextId, size);
    if (start + size > shared.mostStates) return false;
    id = start;
    segment = start;
    idEnd = start + size;
    return true;
  };
  const crowded = (): boolean => {
    const slots = 2 ** Atomics.load(control, at.slotBits);
    return Atomics.load(control, at.nextId) + chunk * threads > slots * 0.75;
  };
  const storeBatch = (): void => {
    const filled = registers[0] as number;
    const first = id;
    id = engine.insert(id, filled);
    const base = thread * stat.size;
    stats[base + stat.states] = (stats[base + stat.states] as number) + id - first;
    stats[base + stat.transitions] = (stats[base + stat.transitions] as number) + filled / words;
    stats[base + stat.terminal] =
      (stats[base + stat.terminal] as number) + (registers[2] as number);
    engine.reach(first, id);
    if (engine.check(first, id) > 0) raise(flags.violation);
  };
  const workOnce = (): boolean => {
    if (from >= to) {
      const item = Atomics.add(control, at.cursor, 1);
      if (item >= Atomics.load(control, at.items)) return false;
      const list = items[level % 2] as Int32Array;
      from = list[2 * item] as number;
      to = list[2 * item + 1] as number;
    }
    const next = engine.expand(from, to);
    if (registers[1] !== 0) {
      raise(flags.violation);
      return false;
    }
    if (!makeRoom((registers[0] as number) / words)) {
      raise(flags.memory);
      return false;
    }
    storeBatch();
    from = next;
    if (crowded()) raise(flags.resize);
    const wish = poll?.() ?? flags.run;
    if (wish !== flags.run) raise(wish);
    return true;
  };
  const resize = (): void => {
    const bits = Atomics.load(control, at.slotBits) + 1;
    if (bits > shared.mostSlotBits) {
      barrier();
      if (thread === 0) Atomics.store(control, at.flag, flags.memory);
      barrier();
      return;
    }
    const share = 2 ** bits / threads;
    index.fill(0, Math.floor(share * thread), Math.floor(share * (thread + 1)));
    barrier();
    if (thread === 0) Atomics.store(control, at.slotBits, bits);
    barrier();
    rebind();
    closeSegment();
    for (let k = 0; k < own.length; k += 2) engine.place(own[k] as number, own[k + 1] as number);
    if (thread === 0) Atomics.store(control, at.flag, flags.run);
    barrier();
  };
  const publish = (): void => {
    closeSegment();
    const list = items[(level + 1) % 2] as Int32Array;
    for (; published < own.length; published += 2) {
      const end = own[published + 1] as number;
      for (let first = own[published] as number; first < end; first += itemStates) {
        const item = Atomics.add(control, at.nextItems, 1);
        list[2 * item] = first;
        list[2 * item + 1] = Math.min(end, first + itemStates);
      }
    }
  };
  rebind();
  for (;;) {
    while (Atomics.load(control, at.flag) === flags.run && workOnce());
    barrier();
    const flag = Atomics.load(control, at.flag);
    barrier();
    if (flag === flags.resize) {
      resize();
      if (Atomics.load(control, at.flag) === flags.memory) return;
      continue;
    }
    if (flag !== flags.run) return;
    publish();
    barrier();
    if (thread === 0) {
      const count = Atomics.load(control, at.nextItems);
      Atomics.store(control, at.items, count);
      Atomics.store(control, at.nextItems, 0);
      Atomics.store(control, at.cursor, 0);
      if (count > 0) Atomics.add(control, at.depth, 1);
    }
    barrier();
    level++;
    if (Atomics.load(control, at.items) === 0) return;
  }
}
