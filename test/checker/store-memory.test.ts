/** Memory that is asked for at once: what it keeps, and what it does not touch. */
import { expect, it } from "vitest";
import { claimAll, enlargeIndex, newArena, reserveStates } from "../../checker/store/arena.ts";
import { giveBack } from "../../checker/store/give-back.ts";

it("claims memory for all states with the first ones in it, and no word beyond these", () => {
  const arena = newArena(2, 2 ** 30);
  arena.states.fill(7);
  expect(claimAll(arena, 3, 2 ** 18, 20)).toBe(true);
  expect(arena.states).toHaveLength(2 ** 19);
  expect(arena.index).toHaveLength(2 ** 20);
  expect([...arena.states.subarray(0, 7)]).toEqual([7, 7, 7, 7, 7, 7, 0]);
});

it("has empty slots behind the others after growing, twofold where that is enough", () => {
  const arena = newArena(2, 2 ** 30);
  const grown = (expected?: number): number => {
    const slots = 2 ** arena.slotBits;
    arena.index.fill(7, 0, slots);
    expect(enlargeIndex(arena, 10_000, expected)).toBe(true);
    expect(arena.index.subarray(0, slots).every((slot) => slot === 7)).toBe(true);
    const more = arena.index.subarray(slots, 2 ** arena.slotBits);
    expect(more.every((slot) => slot === 0)).toBe(true);
    return arena.slotBits;
  };
  expect(grown()).toBe(16);
  expect(grown(90_000)).toBe(17);
  expect(grown(200_000)).toBe(19);
  // Without memory for four times as much.
  arena.budget = 2 ** 22 + 2 ** 18;
  expect(grown()).toBe(20);
});

it("gives back what a search had, at once", async () => {
  const arena = newArena(2, 2 ** 30);
  expect(reserveStates(arena, 2 ** 20)).toBe(true);
  const memory = new WeakRef(arena.states.buffer);
  arena.states = new Int32Array(0);
  // What was referred to in a turn lasts as long as the turn.
  await new Promise((resolve) => setTimeout(resolve));
  expect(memory.deref()).toBeDefined();
  await new Promise((resolve) => setTimeout(resolve));
  giveBack();
  expect(memory.deref()).toBeUndefined();
});
