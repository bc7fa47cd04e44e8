/** `mmrace simulate` as its users see it. */
import { describe, expect, it } from "vitest";
import { folderWith, run } from "./mmrace.ts";
import { race, walkers } from "./specs.ts";

const broken = ["simulate", "race.spec.ts", "--variant", "no_recheck_under_lock"];

describe("mmrace simulate", () => {
  it("prints the first run that violates something, and the seed that brings it again", () => {
    const at = folderWith({ "race.spec.ts": race });
    const { code, out } = run(at, broken);
    expect(out).toMatch(/^race\.no_recheck_under_lock \(ci\): violated no_stale_gpu_pte\n/);
    const seed = /^seed (\d+), \d+ steps$/m.exec(out)?.[1] as string;
    const again = run(at, [...broken, "--seed", seed, "--runs", "1"]);
    expect(again.out).toContain(out.slice(out.indexOf("seed ")));
    expect([code, again.code]).toEqual([1, 1]);
  });

  it("is incomplete when no run violates anything, and names what no run has taken", () => {
    const at = folderWith({ "walkers.spec.ts": walkers });
    const args = ["simulate", "walkers.spec.ts", "--config", "deep", "--runs", "3", "--steps", "2"];
    const { code, out } = run(at, [...args, "--uncovered"]);
    expect(out).toContain("incomplete: no violation met, which proves nothing");
    expect(out).toContain("3 runs, 0 of them to their end, 6 steps");
    expect(out).toContain("  not taken: walker.six\n");
    expect(code).toBe(3);
  });

  it("refuses what makes no sense", () => {
    const at = folderWith({ "race.spec.ts": race });
    const wrong = run(at, [...broken, "--schedule", "random", "--changes", "3"]);
    expect(wrong).toMatchObject({ code: 2, out: "" });
    expect(wrong.err).toContain("--changes goes with --schedule priority");
    expect(run(at, [...broken, "--seed", "-1"]).code).toBe(2);
  });
});
