import { describe, expect, it } from "vitest";
import { bfs } from "../support/bfs.ts";
import { independent, philosophers, testAndSet } from "../support/classics.ts";

describe("numbers of states in closed form", () => {
  it.each([
    [1, 1],
    [2, 3],
    [3, 4],
    [4, 3],
  ])("%i independent processes of %i steps", (k, n) => {
    const { states, transitions, deadlocks } = bfs(independent(k, n));
    expect(states.length).toBe(n ** k);
    expect(transitions).toBe(k * n ** k);
    expect(deadlocks).toEqual([]);
  });

  it.each([1, 2, 3, 4, 5])("test-and-set lock with %i clients", (n) => {
    const { states, transitions, verdicts } = bfs(testAndSet(n));
    expect(states.length).toBe((n + 1) * 2 ** n);
    expect(transitions).toBe(n * (n + 3) * 2 ** (n - 1));
    expect(verdicts).toEqual([]);
  });

  it.each([2, 3, 4, 5])("%i philosophers, either fork first", (n) => {
    const { states, transitions, deadlocks, verdicts } = bfs(philosophers(n));
    expect(states.length).toBe(3 ** n);
    expect(transitions).toBe(7 * n * 3 ** (n - 2));
    expect(deadlocks.length).toBe(2);
    expect(verdicts).toEqual(["deadlock deadlock"]);
  });
});
