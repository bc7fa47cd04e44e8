/** Ctrl-C, closed pipes, streams that are no terminals. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { folderWith, mmrace, run, start } from "./mmrace.ts";
import { race, walkers } from "./specs.ts";

const DEEP = ["check", ".", "--config", "deep", "--no-typecheck", "--max-memory", "4G"];

/** Resolves when the process has written that much to standard output: the search has begun. */
function firstOutput(stream: NodeJS.ReadableStream | null): Promise<void> {
  return new Promise((resolve) => stream?.once("data", () => resolve()));
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("Ctrl-C", () => {
  it("once: what is known so far, and exit code 130", async () => {
    const folder = folderWith({ "walkers.spec.ts": walkers });
    const { child, ended } = start(folder, DEEP);
    await firstOutput(child.stdout);
    await pause(500);
    child.kill("SIGINT");
    const { code, out } = await ended;
    expect(out).toMatch(/^\? +walkers +deep +- +[\d,]{5,} .* incomplete: interrupted$/m);
    expect(out).toMatch(/^1 check: 0 as expected, 1 incomplete$/m);
    expect(code).toBe(130);
  });

  it("ends the whole run, and the report says what was not done", async () => {
    const other = walkers.replace('"walkers",\n', '"other",\n');
    const folder = folderWith({ "a.spec.ts": walkers, "b.spec.ts": other });
    const { child, ended } = start(folder, [...DEEP, "--json", "--jobs", "1"]);
    await pause(1500);
    child.kill("SIGINT");
    const { code, out } = await ended;
    expect(JSON.parse(out)).toMatchObject({
      exitCode: 130,
      planned: 2,
      results: [{ verdict: "incomplete", limit: "interrupted" }],
    });
    expect(code).toBe(130);
  });
});

describe("streams", () => {
  it("a reader that goes away ends the run quietly", () => {
    const folder = folderWith({ "race.spec.ts": race });
    const command = `"${process.execPath}" "${mmrace}" check . --no-typecheck --mutants | head -1`;
    const script = `set -o pipefail; ${command}; echo "code $?"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", script], { cwd: folder, encoding: "utf8" });
    expect(stdout.split("\n")[0]).toContain("verdict");
    expect(stdout).toMatch(/^code (141|0)$/m);
    expect(stderr).toBe("");
  });

  it("no escapes where nobody asked for colours", () => {
    const folder = folderWith({ "race.spec.ts": race });
    const args = ["check", ".", "--no-typecheck", "--mutants"];
    expect(run(folder, args).out).not.toContain("\u001b");
    const forced = { FORCE_COLOR: "1" };
    expect(run(folder, args, forced).out).toContain("\u001b[32m");
    expect(run(folder, args, { ...forced, NO_COLOR: "1" }).out).not.toContain("\u001b");
    expect(run(folder, [...args, "--no-color"], forced).out).not.toContain("\u001b");
  });
});
