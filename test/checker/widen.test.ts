/** An index of more slots, filled from the one before: every state is found, and none twice. */
import { expect, it } from "vitest";
import { type Code, loadCode } from "../../checker/compile/load.ts";
import { planMemory } from "../../checker/compile/memory.ts";
import { LINE, linesOf, newFilter, siftText, storeText } from "../../checker/store/table.ts";

const WORDS = 2;
const PLAN = planMemory({ words: WORDS, successors: 1024, labels: 1, facts: 0, processes: 1 });

/** The table, and of the other generated code what it needs. */
function tableOf(states: number, slotBits: number, shared: boolean) {
  const compute = `"use strict"; ${siftText(WORDS, false)} return { sift };`;
  const store = storeText(WORDS, shared);
  const code = loadCode({ compute, store, plan: PLAN, words: WORDS, filter: newFilter(WORDS) });
  const words = new Int32Array((states + 1) * WORDS);
  const index = new Int32Array(2 ** slotBits);
  return { code, words, index };
}

/** Inserts the successors `from`..`to - 1`: state k is some function of k. */
function insert({ arrays, insert: store }: Code, count: number, from: number, to: number): number {
  let n = count;
  for (let first = from; first < to; first += 1024) {
    const some = Math.min(to - first, 1024);
    for (let k = 0; k < some; k++) {
      arrays.C[2 * k] = Math.imul(first + k, 0x9e3779b1);
      arrays.C[2 * k + 1] = first + k;
    }
    n = store(n, some * WORDS);
  }
  return n;
}

/** States that fill the index to that part, and another number of threads that spread it. */
const CASES = [0.2, 0.75, 0.9, 1].flatMap((load) =>
  [1, 2, 3].flatMap((more) => [1, 2, 5].map((threads) => [load, more, threads] as const)),
);

it.each(CASES)("load %f, %i bits more, %i threads", (load, more, threads) => {
  const bits = 10;
  const states = Math.floor(2 ** bits * load) - (load === 1 ? 1 : 0);
  const { code, words, index } = tableOf(states + 100, bits + more, threads > 1);
  code.bind(words, index, bits);
  expect(insert(code, 1, 0, states)).toBe(states + 1);
  const share = linesOf(bits) / threads;
  const starts = Array.from({ length: threads + 1 }, (_, k) =>
    code.unspilled(Math.floor(share * k), bits),
  );
  expect(starts.at(-1)).toBe((starts[0] as number) + linesOf(bits));
  code.bind(words, index, bits + more);
  // In any order, as threads may do it.
  for (let k = threads; k > 0; k--) {
    code.widen(bits, starts[k - 1] as number, starts[k] as number);
  }
  const numbers = [...index].filter((slot) => slot !== 0).map((s) => s & (2 ** (bits + more) - 1));
  expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: states }, (_, k) => k + 1));
  expect(insert(code, states + 1, 0, states)).toBe(states + 1);
  expect(insert(code, states + 1, states, states + 100)).toBe(states + 101);
});

it("what is in a full line, or behind one, is looked up by its words", () => {
  const bits = 10;
  const { code, words, index } = tableOf(1000, bits + 1, false);
  code.bind(words, index, bits);
  insert(code, 1, 0, 900);
  const full = Array.from({ length: linesOf(bits) }, (_, line) =>
    index.subarray(line * LINE, (line + 1) * LINE).every((slot) => slot !== 0),
  );
  expect(full.filter(Boolean).length).toBeGreaterThan(5);
  expect(full.some((is, line) => is && full[line - 1])).toBe(true);
});
