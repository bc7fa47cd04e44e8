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
  /** Below this it grows fourfold, from here on twofold. */
  eagerSlotBits: number;
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

/** A poll that never wants anything. */
type Poll = (() => number) | undefined;

/** One thread of the search; see {@link Participant.run}. */
export class Participant {
  private readonly shared: SharedSearch;
  private readonly engine: SharedEngine;
  private readonly registers: Int32Array;
  private readonly thread: number;
  private readonly poll: Poll;
  /**
   * Pairs, like the items: all states that this thread stored; those before `published` are work.
   */
  private readonly own: number[];
  private published: number;
  /** Next state number, where the run of numbers began, and where the chunk ends. */
  private id = 0;
  private segment = 0;
  private idEnd = 0;
  private level = 0;
  /** What is left of the item at hand. */
  private from = 0;
  private to = 0;

  constructor(
    shared: SharedSearch,
    engine: SharedEngine,
    registers: Int32Array,
    thread: number,
    initial: number,
    poll: Poll,
  ) {
    this.shared = shared;
    this.engine = engine;
    this.registers = registers;
    this.thread = thread;
    this.poll = poll;
    this.own = thread === 0 ? [1, initial] : [];
    this.published = this.own.length;
  }

  /**
   * Returns when the search is over for all threads. The states 1 to `initial - 1` are there
   * already, as the work of the first level. `poll` is asked after every batch for a flag to
   * raise.
   */
  run(): void {
    const { control, at, flags } = this.shared;
    this.rebind();
    for (;;) {
      while (Atomics.load(control, at.flag) === flags.run && this.workOnce());
      this.barrier();
      const flag = Atomics.load(control, at.flag);
      this.barrier();
      if (flag === flags.resize) {
        this.resize();
        if (Atomics.load(control, at.flag) === flags.memory) return;
        continue;
      }
      if (flag !== flags.run) return;
      this.publish();
      this.barrier();
      if (this.thread === 0) this.nextLevel();
      this.barrier();
      this.level++;
      if (Atomics.load(control, at.items) === 0) return;
    }
  }

  private barrier(): void {
    const { control, at, threads } = this.shared;
    const generation = Atomics.load(control, at.generation);
    if (Atomics.add(control, at.arrived, 1) === threads - 1) {
      Atomics.store(control, at.arrived, 0);
      Atomics.add(control, at.generation, 1);
      Atomics.notify(control, at.generation);
      return;
    }
    while (Atomics.load(control, at.generation) === generation) {
      Atomics.wait(control, at.generation, generation, 200);
      if (Atomics.load(control, at.failed) !== 0) throw new Error("a worker thread died");
    }
  }

  private rebind(): void {
    const { states, index, control, at } = this.shared;
    this.engine.bind(states, index, Atomics.load(control, at.slotBits));
  }

  /** An end of the search is never forgotten for a resize. */
  private raise(flag: number): void {
    const { control, at, flags } = this.shared;
    if (flag === flags.resize) Atomics.compareExchange(control, at.flag, flags.run, flag);
    else Atomics.store(control, at.flag, flag);
  }

  /** Takes one batch of work; false when there is none left, or the search must stop. */
  private workOnce(): boolean {
    const { control, at, items, flags, words } = this.shared;
    if (this.from >= this.to) {
      const item = Atomics.add(control, at.cursor, 1);
      if (item >= Atomics.load(control, at.items)) return false;
      const list = items[this.level % 2] as Int32Array;
      this.from = list[2 * item] as number;
      this.to = list[2 * item + 1] as number;
    }
    const next = this.engine.expand(this.from, this.to);
    if (this.registers[1] !== 0) {
      this.raise(flags.violation);
      return false;
    }
    if (!this.makeRoom((this.registers[0] as number) / words)) {
      this.raise(flags.memory);
      return false;
    }
    this.storeBatch();
    this.from = next;
    if (this.isCrowded()) this.raise(flags.resize);
    const wish = this.poll?.() ?? flags.run;
    if (wish !== flags.run) this.raise(wish);
    return true;
  }

  private storeBatch(): void {
    const { stats, stat, words, flags } = this.shared;
    const filled = this.registers[0] as number;
    const first = this.id;
    this.id = this.engine.insert(first, filled);
    const base = this.thread * stat.size;
    const add = (which: number, more: number): void => {
      stats[base + which] = (stats[base + which] as number) + more;
    };
    add(stat.states, this.id - first);
    add(stat.transitions, filled / words);
    add(stat.terminal, this.registers[2] as number);
    this.engine.reach(first, this.id);
    if (this.engine.check(first, this.id) > 0) this.raise(flags.violation);
  }

  /** Room for this many states in a row; false when there is none. */
  private makeRoom(most: number): boolean {
    const { control, at, chunk, mostStates } = this.shared;
    if (this.id + most <= this.idEnd) return true;
    this.closeSegment();
    const size = Math.max(chunk, most);
    const start = Atomics.add(control, at.nextId, size);
    if (start + size > mostStates) return false;
    this.id = start;
    this.segment = start;
    this.idEnd = start + size;
    return true;
  }

  private closeSegment(): void {
    if (this.id > this.segment) this.own.push(this.segment, this.id);
    this.segment = this.id;
  }

  private isCrowded(): boolean {
    const { control, at, chunk, threads } = this.shared;
    const slots = 2 ** Atomics.load(control, at.slotBits);
    return Atomics.load(control, at.nextId) + chunk * threads > slots * 0.75;
  }

  /** All threads are here: together they clear the index, now larger, and fill it again. */
  private resize(): void {
    const { control, at, flags, index, threads, mostSlotBits, eagerSlotBits } = this.shared;
    const { thread, own } = this;
    const before = Atomics.load(control, at.slotBits);
    const bits = Math.min(mostSlotBits, before + (before < eagerSlotBits ? 2 : 1));
    if (bits === before) {
      this.barrier();
      if (thread === 0) Atomics.store(control, at.flag, flags.memory);
      this.barrier();
      return;
    }
    const share = 2 ** bits / threads;
    index.fill(0, Math.floor(share * thread), Math.floor(share * (thread + 1)));
    this.barrier();
    if (thread === 0) Atomics.store(control, at.slotBits, bits);
    this.barrier();
    this.rebind();
    this.closeSegment();
    for (let k = 0; k < own.length; k += 2) {
      this.engine.place(own[k] as number, own[k + 1] as number);
    }
    if (thread === 0) Atomics.store(control, at.flag, flags.run);
    this.barrier();
  }

  /** Puts what this thread found on the list of work for the next level. */
  private publish(): void {
    const { control, at, items, itemStates } = this.shared;
    this.closeSegment();
    const list = items[(this.level + 1) % 2] as Int32Array;
    for (; this.published < this.own.length; this.published += 2) {
      const end = this.own[this.published + 1] as number;
      for (let first = this.own[this.published] as number; first < end; first += itemStates) {
        const item = Atomics.add(control, at.nextItems, 1);
        list[2 * item] = first;
        list[2 * item + 1] = Math.min(end, first + itemStates);
      }
    }
  }

  private nextLevel(): void {
    const { control, at } = this.shared;
    const count = Atomics.load(control, at.nextItems);
    Atomics.store(control, at.items, count);
    Atomics.store(control, at.nextItems, 0);
    Atomics.store(control, at.cursor, 0);
    if (count > 0) Atomics.add(control, at.depth, 1);
  }
}
