/** Memory that is asked for at once: what it keeps, and what it does not touch. */
import { expect, it } from "vitest";
import { claimAll, newArena } from "../../checker/store/arena.ts";

it("claims memory for all states with the first ones in it, and no word beyond these", () => {
  const arena = newArena(2, 2 ** 30, true);
  arena.states.fill(7);
  expect(claimAll(arena, 3, 2 ** 18, 20)).toBe(true);
  expect(arena.states).toHaveLength(2 ** 19);
  expect(arena.index).toHaveLength(2 ** 20);
  expect([...arena.states.subarray(0, 7)]).toEqual([7, 7, 7, 7, 7, 7, 0]);
});
