/** Random runs: the same for the same seed, runs of the model, good at finding what is there. */
import { interpret, replay } from "mmrace/ir";
import { describe, expect, it } from "vitest";
import { type Schedule, type Walk, walk } from "../../checker/index.ts";
import { randomFrom } from "../../checker/simulate/random.ts";
import spec from "../../specs/hmm-mirror/spec.ts";

const broken = interpret(spec.build({ variant: "retry_checked_outside_lock" }));
const good = interpret(spec.build({}));
const nothing = (): void => {};
const priority: Schedule = { kind: "priority", changes: 2 };

/** The first run that violates something, of 400. */
function first(schedule: Schedule): { seed: number; found: Walk } | undefined {
  for (let seed = 1; seed <= 400; seed++) {
    const found = walk(broken, schedule, seed, 300, nothing);
    if (found.violation) return { seed, found };
  }
  return undefined;
}

describe("a random run", () => {
  it("is the same for the same seed, and another one for another", () => {
    const runs = [1, 1, 2].map((seed) => walk(good, { kind: "random" }, seed, 200, nothing));
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]).not.toEqual(runs[2]);
  });

  it("violates nothing where the scheme holds", () => {
    for (let seed = 1; seed <= 30; seed++) {
      for (const schedule of [{ kind: "random" } as const, priority]) {
        const { violation, ended } = walk(good, schedule, seed, 400, nothing);
        expect({ violation, ended }).toEqual({ violation: undefined, ended: true });
      }
    }
  });

  it.each([{ kind: "random" } as const, priority])("finds a race and replays: %o", (schedule) => {
    const { found } = first(schedule) ?? {};
    expect(found?.violation?.property).toBe("no_stale_gpu_pte");
    const { moves, violation, start } = found as Walk;
    const trace = replay(broken.model, "ci", "", moves, violation, start);
    expect(trace.steps).toHaveLength(moves.length);
    expect(trace.violation?.property).toBe("no_stale_gpu_pte");
  });

  it("tells of each step that it takes", () => {
    const fired: string[] = [];
    const { moves } = walk(good, priority, 7, 50, (_, label) => fired.push(label));
    expect(fired).toEqual(moves.map((m) => m.label));
  });
});

describe("random numbers", () => {
  it("fall into all parts of the range alike", () => {
    const random = randomFrom(42);
    const counts = new Array(10).fill(0);
    for (let i = 0; i < 10_000; i++) counts[random.below(10)]++;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it("differ between neighbouring seeds", () => {
    const firsts = Array.from({ length: 100 }, (_, seed) => randomFrom(seed).below(1e9));
    expect(new Set(firsts).size).toBe(100);
  });
});
