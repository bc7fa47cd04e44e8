/** `mmrace mutate` and `mmrace repair` as their users see them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fits } from "../../cli/expect/survivors.ts";
import { folderWith, run } from "./mmrace.ts";
import { mistakesIn } from "./schemas.ts";
import { lineOf, race } from "./specs.ts";

const folder = () => folderWith({ "race.spec.ts": race });

describe("a pattern of mutations", () => {
  it.each([
    ["drop lock: a.b", "drop lock: a.b", true],
    ["drop lock: a.b", "drop lock: axb", false],
    ["drop lock: *.b", "drop lock: a.c.b", true],
    ["drop lock: *.b", "drop lock: a.b.c", false],
    ["{drop lock|try, and go on}: a.*", "try, and go on: a.b", true],
    ["{drop lock|take later}: a.*", "drop lock|take later: a.b", false],
    ["ignore check: a.b if (x{1} * 2 || y)", "ignore check: a.b if (x{1} * 2 || y)", true],
  ])("%s and %s: %s", (pattern, id, fit) => {
    expect(fits(pattern, id)).toBe(fit);
  });
});

describe("mmrace mutate", () => {
  it("says what needs each protection, and asks where nothing does, with exit code 1", () => {
    const { code, out } = run(folder(), ["mutate", "race.spec.ts"]);
    expect(out).toMatch(/^race \(ci\): \d+ mutations: \d+ break a property/);
    expect(out).toMatch(/drop lock +\S+ +breaks no_stale_gpu_pte in \d+ steps/);
    const line = lineOf(race, "when(k.cpu_pte.at(me.page)");
    expect(out).toMatch(/ignore check +look_up +redundant in this model \(\d+ states\)/);
    expect(out).toContain(
      `race.spec.ts:${line}: what does gpu_fault need the check at look_up for`,
    );
    expect(code).toBe(1);
  });

  it("exits with 0 when everything is needed", () => {
    const args = ["mutate", "race.spec.ts", "--kinds", "drop lock", "--actor", "munmap"];
    const { code, out } = run(folder(), args);
    expect(out).not.toContain("questions");
    expect(code).toBe(0);
  });

  /** The race with these answers in its expect.json. */
  const answered = (survivors: Record<string, string>, never: string[] = []) => {
    const at = folder();
    const file = join(at, "expect.json");
    const counts = { states: 0, transitions: 0, depth: 0, model: "" };
    const configs = { ci: { sizes: {}, runs: { "-": { verdict: "holds", ...counts, never } } } };
    const spec = { file: "race.spec.ts", properties: {}, configs, survivors };
    const sheet = { format: "mmrace-expect", version: 1, specs: { race: spec } };
    writeFileSync(file, JSON.stringify(sheet));
    return {
      at,
      file,
      mutate: (...args: string[]) => run(at, ["mutate", "race.spec.ts", ...args]),
    };
  };

  it("asks no more when expect.json has the answer", () => {
    const { at, file, mutate } = answered({ "ignore check: *.look_up": "recheck sees it, too" });
    const { code, out } = mutate("--kinds", "ignore check");
    expect(out).toMatch(/look_up .*redundant in this model .*: recheck sees it, too/);
    expect(out).toContain("1 redundant in this model, 0 of these unanswered");
    expect(out).not.toContain("questions");
    expect(code).toBe(0);
    run(at, ["promote", "race.spec.ts", "--no-typecheck"]);
    expect(readFileSync(file, "utf8")).toContain("recheck sees it, too");
  });

  it("does not ask about a step that is never taken", () => {
    const { mutate } = answered({}, ["gpu_fault.look_up"]);
    const { code, out } = mutate("--kinds", "ignore check", "--actor", "gpu_fault");
    expect(out).toMatch(/look_up .*redundant in this model .*: the step is never taken/);
    expect(out).not.toContain("questions");
    expect(code).toBe(0);
  });

  it("finds answers to what is not asked, and to what is needed", () => {
    const { mutate } = answered({
      "*check: gpu_fault.{look_up|recheck}": "too wide",
      "ignore check: gpu_fault.look_up": "the one before has answered",
      "drop lock: munmap.take_lokc": "misspelt",
    });
    const { code, out } = mutate("--kinds", "ignore check");
    expect(out).not.toContain("questions");
    expect(out).toContain(
      "needed after all\n  *check: gpu_fault.{look_up|recheck} fits ignore check: ",
    );
    expect(out).toMatch(/not asked by any mutation\n {2}ignore check: .*\n {2}drop lock: .*\n$/);
    expect(code).toBe(1);
    const report = JSON.parse(mutate("--kinds", "drop lock", "--json").out);
    expect(mistakesIn("necessity.schema.json", report)).toEqual([]);
    expect(report).toMatchObject({ needed: [], stale: [expect.any(String), expect.any(String)] });
  });

  it("names them without searching, and refuses a kind that is none", () => {
    const listed = run(folder(), ["mutate", "race.spec.ts", "--list", "--kinds", "drop lock"]);
    expect(listed.code).toBe(0);
    expect(listed.out.trim().split("\n").length).toBeGreaterThan(0);
    expect(listed.out).not.toContain("ignore check");
    const wrong = run(folder(), ["mutate", "race.spec.ts", "--kinds", "drop locks"]);
    expect(wrong).toMatchObject({ code: 2, out: "" });
    expect(wrong.err).toContain("did you mean drop lock");
  });

  it("draws what breaks, and writes one JSON document", () => {
    const at = folder();
    const args = ["mutate", "race.spec.ts", "--kinds", "drop lock", "--json", "--draw", "out"];
    const report = JSON.parse(run(at, args).out);
    expect(report).toMatchObject({ format: "mmrace-necessity", version: 1, spec: "race" });
    const schema = "necessity.schema.json";
    expect(mistakesIn(schema, report)).toEqual([]);
    expect(mistakesIn(schema, { ...report, version: 2 })).not.toEqual([]);
    expect(mistakesIn(schema, { ...report, more: 1 })).not.toEqual([]);
    const broken = report.mutations.filter(
      (m: { effect: { kind: string } }) => m.effect.kind === "breaks",
    );
    expect(broken.length).toBeGreaterThan(0);
  });
});

describe("mmrace repair", () => {
  it("finds the two edits that make a mutant hold, and shows the change", () => {
    const args = ["repair", "race.spec.ts", "--variant", "no_recheck_under_lock"];
    expect(run(folder(), args).out).toMatch(/edits tried, none makes it hold/);
    const { code, out } = run(folder(), [...args, "--edits", "2", "--number", "1"]);
    expect(out).toMatch(/edits tried, 1 make it hold, stopped at 1/);
    expect(out).toMatch(/check again, gpu_fault\.take_lock/);
    expect(out).toMatch(/^ {3}\+ .*again: if \(!pte_present\(pte\)\) return/m);
    expect(code).toBe(0);
  });

  it("says so when no small edit helps", () => {
    const zap = race.replace(
      '  drop_lock: ["mutex_unlock(&driver->lock)", mutex_unlock(k.driver_lock)],\n  clear',
      "  clear",
    );
    const at = folderWith({ "race.spec.ts": zap });
    const { code, out } = run(at, ["repair", "race.spec.ts"]);
    expect(out).toMatch(/edits tried, none makes it hold/);
    expect(code).toBe(1);
  });

  it("has nothing to do where the scheme holds", () => {
    const { code, out } = run(folder(), ["repair", "race.spec.ts"]);
    expect({ code, out }).toEqual({
      code: 0,
      out: "race (ci) holds: there is nothing to repair\n",
    });
  });
});
