/**
 * What each thread of a parallel search does. The function is also sent to the worker threads as
 * text, so it may use nothing but its arguments and the language.
 *
 * All threads share states, index and the list of work. A level is cut into items, large ones
 * where it is wide: neighbours have successors in common, which one thread finds in its own
 * cache. Each thread takes one item after the other, stores what it finds in its own chunks
 * of state numbers, and all meet at the end of the level. When the index is nearly full, all meet
 * at once and enlarge it together. When the search is to be left or ended, each thread finishes
 * its item first: then the items that were taken are expanded, and no others.
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
  /** Threads, other than the first one, that will not touch the arrays any more. */
  gone: 10,
  /** The next piece of the index that is to be spread. */
  piece: 11,
  size: 16,
} as const;

export const FLAG = { run: 0, resize: 1, memory: 2, violation: 3, stop: 4, pause: 5 } as const;

/** Numbers each thread reports; `beat` only says that it is alive. */
export const STATS = { states: 0, transitions: 1, terminal: 2, beat: 3, size: 8 } as const;

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
  /** Slots in a line of the index. */
  lineSlots: number;
  /** Pieces in which the index is spread over a larger one. */
  pieces: number;
  /** State numbers that a thread takes at once. */
  chunk: number;
  /** Least and most states of an item. */
  itemStates: [number, number];
  /** State numbers that are enough for all threads to finish their items. */
  reserve: number;
  /** The index grows beyond the first load; beyond the second one it is too full. */
  loads: [number, number];
  /** Waits of 200 ms without a sign of life after which a thread is given up. */
  patience: number;
  /** Why a thread died, in UTF-8 and zeros. */
  failure: Uint8Array;
  flags: typeof FLAG;
  at: typeof CONTROL;
  stat: typeof STATS;
}

/** The generated code of one thread. */
export interface SharedEngine {
  bind(states: Int32Array, index: Int32Array, slotBits: number): void;
  expand(from: number, to: number): number;
  insert(id: number, filled: number): number;
  unspilled(line: number, bits: number): number;
  widen(bits: number, first: number, end: number): void;
  check(from: number, to: number): number;
  reach(from: number, to: number): void;
}

/** What the first thread does beside searching. */
export interface Conductor {
  /** After every batch: a flag to raise. */
  poll(): number;
  /** The next level is in the list of work, with this many items. */
  levelDone(items: Int32Array, count: number): void;
  /** All have finished their items and listed what they found; `items` is the next level's list. */
  paused(items: Int32Array): void;
}

/** One thread of the search; see {@link Participant.run}. */
export class Participant {
  private readonly shared: SharedSearch;
  private readonly engine: SharedEngine;
  private readonly registers: Int32Array;
  private readonly thread: number;
  private readonly conductor: Conductor | undefined;
  /** Pairs, like the items: the states that this thread stored and that are no work yet. */
  private readonly own: number[] = [];
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
    conductor: Conductor | undefined,
  ) {
    this.shared = shared;
    this.engine = engine;
    this.registers = registers;
    this.thread = thread;
    this.conductor = conductor;
  }

  /**
   * Returns when the search is over for all threads. What was found before is in the lists of work
   * for this level and the next one.
   */
  run(): void {
    const { control, at, flags } = this.shared;
    this.rebind();
    for (;;) {
      while (this.mayGoOn() && this.workOnce());
      this.barrier();
      const flag = Atomics.load(control, at.flag);
      this.barrier();
      if (flag === flags.violation) return;
      if (flag === flags.resize) {
        this.resize();
        continue;
      }
      this.publish();
      this.barrier();
      if (this.thread === 0) {
        if (flag === flags.run) this.nextLevel();
        else this.conductor?.paused(this.nextList());
        if (flag === flags.pause) Atomics.store(control, at.flag, flags.run);
      }
      this.barrier();
      if (flag === flags.stop || flag === flags.memory) return;
      if (flag !== flags.run) continue;
      this.level++;
      if (Atomics.load(control, at.items) === 0) return;
    }
  }

  /** An item is finished before the search is left or ended. */
  private mayGoOn(): boolean {
    const { control, at, flags } = this.shared;
    const flag = Atomics.load(control, at.flag);
    if (flag === flags.run) return true;
    return flag !== flags.resize && flag !== flags.violation && this.from < this.to;
  }

  private beat(): void {
    const { stats, stat } = this.shared;
    const mine = this.thread * stat.size + stat.beat;
    stats[mine] = (stats[mine] as number) + 1;
  }

  /** Of what all threads report under this number. */
  private sum(which: number): number {
    const { stats, stat, threads } = this.shared;
    let sum = 0;
    for (let k = 0; k < threads; k++) sum += stats[k * stat.size + which] as number;
    return sum;
  }

  private barrier(): void {
    const { control, at, threads, patience } = this.shared;
    const { beat } = this.shared.stat;
    const generation = Atomics.load(control, at.generation);
    if (Atomics.add(control, at.arrived, 1) === threads - 1) {
      Atomics.store(control, at.arrived, 0);
      Atomics.add(control, at.generation, 1);
      Atomics.notify(control, at.generation);
      return;
    }
    let beats = this.sum(beat);
    for (let silent = 0; Atomics.load(control, at.generation) === generation; silent++) {
      Atomics.wait(control, at.generation, generation, 200);
      if (Atomics.load(control, at.failed) !== 0) throw new Error("a thread died");
      if (this.sum(beat) !== beats) silent = 0;
      beats = this.sum(beat);
      if (silent > patience) throw new Error("a thread gives no sign of life");
    }
  }

  private rebind(): void {
    const { states, index, control, at } = this.shared;
    this.engine.bind(states, index, Atomics.load(control, at.slotBits));
  }

  /** A violation is never forgotten, and no end of the search for what can wait. */
  private raise(flag: number): void {
    const { control, at, flags } = this.shared;
    if (flag === flags.violation) Atomics.store(control, at.flag, flag);
    else Atomics.compareExchange(control, at.flag, flags.run, flag);
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
    this.makeRoom((this.registers[0] as number) / words);
    this.storeBatch();
    this.from = next;
    this.beat();
    if (this.isCrowded()) this.raise(flags.resize);
    const wish = this.conductor?.poll() ?? flags.run;
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

  /** Room for this many states in a row; the end of memory is announced while there is some. */
  private makeRoom(most: number): void {
    const { control, at, flags, chunk, mostStates, reserve } = this.shared;
    if (this.id + most <= this.idEnd) return;
    this.closeSegment();
    const size = Math.max(chunk, most);
    const start = Atomics.add(control, at.nextId, size);
    const end = start + size;
    if (end + reserve > mostStates) this.raise(flags.memory);
    if (end > mostStates) throw new Error("no room for states");
    this.id = start;
    this.segment = start;
    this.idEnd = end;
  }

  private closeSegment(): void {
    if (this.id > this.segment) this.own.push(this.segment, this.id);
    this.segment = this.id;
  }

  private isCrowded(): boolean {
    const { control, at, stat, chunk, threads, mostSlotBits, loads } = this.shared;
    const bits = Atomics.load(control, at.slotBits);
    const load = bits < mostSlotBits ? loads[0] : loads[1];
    // A slot has room for state numbers below that of the slots; some numbers are never used.
    const numbers = Atomics.load(control, at.nextId) + chunk * threads;
    return numbers > 2 ** bits || this.sum(stat.states) > 2 ** bits * load;
  }

  /** All threads are here: together they spread the lines of the index over a larger one. */
  private resize(): void {
    const { control, at, flags, mostSlotBits, eagerSlotBits, lineSlots, pieces } = this.shared;
    const { engine, thread } = this;
    const before = Atomics.load(control, at.slotBits);
    const bits = Math.min(mostSlotBits, before + (before < eagerSlotBits ? 2 : 1));
    if (bits > before) {
      const share = 2 ** before / lineSlots / pieces;
      const starts = Array.from({ length: pieces + 1 }, (_, piece) =>
        engine.unspilled(Math.floor(share * piece), before),
      );
      // Nobody alters a line that another one still looks at.
      this.barrier();
      if (thread === 0) {
        Atomics.store(control, at.slotBits, bits);
        Atomics.store(control, at.piece, 0);
      }
      this.barrier();
      this.rebind();
      const take = (): number => Atomics.add(control, at.piece, 1);
      for (let k = take(); k < pieces; k = take()) {
        engine.widen(before, starts[k] as number, starts[k + 1] as number);
        this.beat();
      }
    }
    this.barrier();
    if (thread === 0) Atomics.store(control, at.flag, bits > before ? flags.run : flags.memory);
    this.barrier();
  }

  private nextList(): Int32Array {
    return this.shared.items[(this.level + 1) % 2] as Int32Array;
  }

  /** Puts what this thread found on the list of work for the next level. */
  private publish(): void {
    const { control, at } = this.shared;
    this.closeSegment();
    const list = this.nextList();
    const { own } = this;
    const [least, most] = this.shared.itemStates;
    let left = 0;
    for (let k = 0; k < own.length; k += 2) {
      left += (own[k + 1] as number) - (own[k] as number);
    }
    for (let k = 0; k < own.length; k += 2) {
      const end = own[k + 1] as number;
      for (let first = own[k] as number; first < end; ) {
        // Ever smaller ones: so that no thread waits long for the others at the end of the level.
        const size = Math.min(most, Math.max(least, Math.ceil(left / 4)), end - first);
        const item = Atomics.add(control, at.nextItems, 1);
        list[2 * item] = first;
        list[2 * item + 1] = first + size;
        first += size;
        left -= size;
      }
    }
    own.length = 0;
  }

  private nextLevel(): void {
    const { control, at } = this.shared;
    const count = Atomics.load(control, at.nextItems);
    this.conductor?.levelDone(this.nextList(), count);
    Atomics.store(control, at.items, count);
    Atomics.store(control, at.nextItems, 0);
    Atomics.store(control, at.cursor, 0);
    if (count > 0) Atomics.add(control, at.depth, 1);
  }
}
