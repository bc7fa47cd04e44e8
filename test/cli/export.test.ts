/** `mmrace export` and `mmrace crosscheck`: files, standard output, refusals, exit codes. */
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeWith } from "../support/oracle.ts";
import { folderWith, run } from "./mmrace.ts";
import { race, walkers } from "./specs.ts";

const exported = (folder: string, ...args: string[]) =>
  run(folder, ["export", "race.spec.ts", ...args]);

describe("export", () => {
  it.each(["promela", "murphi", "pins-c"])("%s goes to standard output", (target) => {
    const { code, out, err } = exported(folderWith({ "race.spec.ts": race }), "--to", target);
    expect(out).toContain("race, configuration ci");
    expect(out).toContain("pages = 1");
    expect(out).toContain("mutex_lock(&driver->lock)");
    expect([code, err]).toEqual([0, ""]);
  });

  it("writes the module and its configuration for TLA+", () => {
    const folder = folderWith({ "race.spec.ts": race });
    const { code, out } = exported(folder, "--to", "tla", "-o", "a/Race.tla");
    expect([code, out]).toEqual([0, ""]);
    expect(readdirSync(join(folder, "a")).sort()).toEqual(["Race.cfg", "Race.tla"]);
    expect(readFileSync(join(folder, "a/Race.tla"), "utf8")).toMatch(/^-+ MODULE Race -+$/m);
  });

  it("takes the configuration and the variant that are asked for", () => {
    const folder = folderWith({ "race.spec.ts": race });
    const text = (...args: string[]) => exported(folder, "--to", "promela", ...args).out;
    expect(text("--config", "deep")).toContain("pages = 2");
    const mutant = text("--variant", "no_recheck_under_lock");
    expect(mutant).toContain("race, no_recheck_under_lock, configuration ci");
    expect(mutant).not.toContain("range->invalidated) goto drop_lock");
  });

  it("refuses what the target cannot say, and writes nothing", () => {
    const many = walkers.replace("deep: { walkers: 12 }", "deep: { walkers: 300 }");
    const folder = folderWith({ "race.spec.ts": many });
    const { code, err } = exported(folder, "--to", "promela", "--config", "deep", "-o", "x/a.pml");
    expect(err).toMatch(/^race\.spec\.ts: error: promela cannot say number of processes/);
    expect(code).toBe(2);
    expect(existsSync(join(folder, "x"))).toBe(false);
  });

  it("writes through a link, and never puts a file in a device's place", () => {
    const folder = folderWith({ "race.spec.ts": race, "kept.m": "old" });
    const at = (name: string): string => join(folder, name);
    for (const [link, to] of Object.entries({ link: "kept.m", none: "/dev/null" })) {
      symlinkSync(to, at(`${link}.m`));
      expect(exported(folder, "--to", "murphi", "-o", `${link}.m`).code).toBe(0);
      expect(lstatSync(at(`${link}.m`)).isSymbolicLink()).toBe(true);
    }
    expect(readFileSync(at("kept.m"), "utf8")).toContain("race, configuration ci");
    symlinkSync("/dev/full", at("full.m"));
    const { code, err } = exported(folder, "--to", "murphi", "-o", "full.m");
    expect(err).toContain("full.m: error: cannot write it: no space left on the device");
    expect(code).toBe(2);
  });

  it.each([
    [[], /--to is missing\n {2}fix: promela, tla, murphi, pins-c/],
    [["--to", "promla"], /--to promla: no such choice\n {2}fix: did you mean promela\?/],
    [["--to", "tla"], /--to tla makes 2 files\n {2}fix: say where: -o race\.tla/],
    [["--to", "murphi", "-o", "my-race.m"], /my-race\.m: not a name for a model/],
    [["--to", "murphi", "-o", "race.spec.ts/x.m"], /race\.spec\.ts: error: cannot write into it/],
  ])("refuses %j", (args, says) => {
    const { code, out, err } = exported(folderWith({ "race.spec.ts": race }), ...args);
    expect(err).toMatch(says);
    expect([code, out]).toEqual([2, ""]);
  });
});

describe("crosscheck", () => {
  const cross = (folder: string, env: Record<string, string>, ...args: string[]) =>
    run(folder, ["crosscheck", "race.spec.ts", ...args], env);

  it("names the tools that are missing, and is no success without an answer", () => {
    const folder = folderWith({ "race.spec.ts": race });
    const { code, out, err } = cross(folder, { PATH: folder });
    expect(out).toMatch(/^mmrace +safety +40 +62 +holds$/m);
    expect(out).toMatch(/^spin +safety +- +- +missing +- +no spin on PATH: apt-get install spin/m);
    expect([code, err]).toEqual([3, ""]);
  });

  it("refuses tools that it does not know", () => {
    const { code, err } = cross(folderWith({ "race.spec.ts": race }), {}, "--with", "spin,rumor");
    expect(err).toContain("--with rumor: no such tool\n  fix: did you mean rumur?");
    expect(code).toBe(2);
  });

  it("asks a tool once, says what it did not ask, and that the tool failed", () => {
    const large = walkers
      .replace("{ actor,", "{ actor, eventually,")
      .replace("walkers: 3", "walkers: 6")
      .replace(/\}\);\n$/, "  liveness: { is_set: eventually(k.unused.eq(1)) },\n});\n");
    const boom = "#!/bin/sh\necho boom >&2\nexit 3\n";
    const folder = folderWith({ "spec.ts": large, "x.spec.ts": race, spin: boom, gcc: boom });
    for (const name of ["spin", "gcc"]) chmodSync(join(folder, name), 0o755);
    const { code, out } = run(folder, ["crosscheck", ".", "--with", "spin,spin"], { PATH: folder });
    expect(out.split("\n").filter(Boolean)).toEqual([
      "walkers, configuration ci",
      expect.stringMatching(/^tool /),
      expect.stringMatching(/^mmrace +safety +117,649 .* holds$/),
      expect.stringMatching(/^spin +safety +- +- +failed +- +spin: boom$/),
      "not asked, with 117,649 states (--liveness asks): is_set",
    ]);
    expect(code).toBe(3);
  });

  describeWith(["spin", "gcc"], "with SPIN", () => {
    it("agrees on the race and on its mutant", () => {
      const folder = folderWith({ "race.spec.ts": race });
      const holds = cross(folder, {}, "--with", "spin");
      expect(holds.out).toMatch(/^spin [\d.]+ +safety +40 +62 +holds +yes/m);
      expect(holds.code).toBe(0);
      const mutant = cross(folder, {}, "--with", "spin", "--variant", "no_recheck_under_lock");
      expect(mutant.out).toMatch(/^spin .* violated +yes +always no_stale_gpu_pte/m);
      expect(mutant.code).toBe(0);
    });
  });
});
