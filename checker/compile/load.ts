/** Generated code, loaded into a thread. */
import type { MemoryPlan, Regions } from "./memory.ts";

/** The part of the language's own interface that is used; Node's types have no values for it. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array<ArrayBuffer>) => WebAssembly.Module;
  Memory: new (size: { initial: number; maximum: number }) => { buffer: ArrayBuffer };
  Instance: new (
    module: WebAssembly.Module,
    imports: { m: { m: { buffer: ArrayBuffer } } },
  ) => { exports: unknown };
};

/** Compiles what `translate` wrote. */
export function moduleFrom(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  return new WebAssembly.Module(bytes);
}

/** All that a thread needs; it survives the copying of messages. */
export interface Generated {
  /** Steps and properties: as JavaScript, or translated. */
  compute: string | WebAssembly.Module;
  /** The hash table, which is always JavaScript. */
  store: string;
  plan: MemoryPlan;
  /** Words of a state. */
  words: number;
  /** What the filter of recent states begins with. */
  filter: Int32Array;
}

export type Arrays = Record<keyof Regions, Int32Array | Float64Array | Uint8Array> &
  Record<"W" | "C" | "H" | "P" | "K" | "R" | "M", Int32Array> & { N: Float64Array; Q: Uint8Array };

/** The code of one thread; see `Engine` for what each does. */
export interface Code {
  arrays: Arrays;
  bind(states: Int32Array, index: Int32Array, slotBits: number): void;
  expand(from: number, to: number): number;
  insert(count: number, filled: number): number;
  /** Enters these states, which are in no slot yet, into the index. */
  place(from: number, to: number): void;
  /** First line from here on that has nothing of the line before, in an index of these bits. */
  unspilled(line: number, bits: number): number;
  /** Spreads these lines of an index that had these bits over the one that is bound. */
  widen(bits: number, first: number, end: number): void;
  check(from: number, to: number): number;
  reach(from: number, to: number): void;
  canonAll(filled: number): void;
}

/** What the compute text defines; the states are those in the window, from 0. */
interface Compute {
  /** Number of the first state that is not finished. */
  expand(count: number): number;
  /** Number of the first bad state, or `count`. */
  check(count: number): number;
  reach(count: number): void;
  /** How many successors may be new. */
  sift(filled: number): number;
  canonAll(filled: number): void;
}

interface Store extends Pick<Code, "bind" | "place" | "unspilled" | "widen"> {
  settle(count: number, most: number): number;
}

/**
 * Loads the code. Also sent to worker threads as text: it may use its argument and the language
 * only.
 *
 * @throws EvalError where code generation is forbidden
 */
export function loadCode({ compute, store, plan, words, filter }: Generated): Code {
  const translated = typeof compute !== "string";
  const pages = plan.pages;
  const memory = translated
    ? new WebAssembly.Memory({ initial: pages, maximum: pages })
    : { buffer: new ArrayBuffer(pages * 2 ** 16) };
  const kinds = { i32: Int32Array, f64: Float64Array, byte: Uint8Array };
  const views = Object.entries(plan.regions).map(([name, { at, length, element }]) => {
    return [name, new kinds[element](memory.buffer, at, length)] as const;
  });
  const arrays = Object.fromEntries(views) as Arrays;
  arrays.K.set(filter);
  const load = (text: string): unknown =>
    new Function(...Object.keys(arrays), text)(...Object.values(arrays));
  const table = load(store) as Store;
  const steps = translated
    ? (new WebAssembly.Instance(compute, { m: { m: memory } }).exports as Compute)
    : (load(compute) as Compute);
  const { windowStates } = plan;
  const window = arrays.W;
  let states = window;
  /** Brings states into the window; returns how many. */
  const show = (from: number, to: number): number => {
    const count = Math.min(to - from, windowStates);
    window.set(states.subarray(from * words, (from + count) * words));
    return count;
  };
  return {
    arrays,
    bind: (of, index, slotBits) => {
      states = of;
      table.bind(of, index, slotBits);
    },
    expand: (from, to) => from + steps.expand(show(from, to)),
    insert: (count, filled) => table.settle(count, steps.sift(filled)),
    place: table.place,
    unspilled: table.unspilled,
    widen: table.widen,
    check: (from, to) => {
      for (let at = from; at < to; ) {
        const count = show(at, to);
        const bad = steps.check(count);
        if (bad < count) return at + bad;
        at += count;
      }
      return 0;
    },
    reach: (from, to) => {
      for (let at = from; at < to; ) {
        const count = show(at, to);
        steps.reach(count);
        at += count;
      }
    },
    canonAll: steps.canonAll,
  };
}
