/** `mmrace check`: verdicts, expectations, limits, files, exit codes. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { check, folderWith, run } from "./mmrace.ts";
import { deadlock, lineOf, race, walkers } from "./specs.ts";

describe("verdicts", () => {
  it("a scheme that holds and a mutant that breaks what it must", () => {
    const { code, out, err } = check(folderWith({ "race.spec.ts": race }), ".", "--mutants");
    expect(out).toMatch(/^ok +race +ci +- +40 +62 +10 +\d+\.\d\d +holds, not promoted$/m);
    expect(out).toMatch(/^ok +race +ci +no_recheck_under_lock .*, as it must, not promoted$/m);
    expect(out).toMatch(/^2 checks: 2 as expected$/m);
    expect(err).toBe("");
    expect(code).toBe(0);
  });

  it("a violation: place, ladder, exit code 1", () => {
    const text = race
      .replace('when(k.invalidated.at(me.page), [goto("drop_lock")]),', "")
      .replace(/ {2}mutants: [\s\S]*/, "});\n");
    const { code, out } = check(folderWith({ "race.spec.ts": text }), "race.spec.ts");
    const line = lineOf(text, "k.gpu_pte.at(p)");
    expect(out).toMatch(/^FAIL +race +ci +- .* violated no_stale_gpu_pte$/m);
    expect(out).toMatch(new RegExp(`^race\\.spec\\.ts:${line - 1}:23: race \\(ci\\): `, "m"));
    expect(out).toContain("+ mutex_lock(&driver->lock)");
    expect(out).toContain("*** no_stale_gpu_pte violated at step 11 ***");
    expect(out).toMatch(/^1 check: 0 as expected, 1 failed$/m);
    expect(code).toBe(1);
  });

  it.each([
    ["as documented", '"gpu_fault.look_up"', 0, "violated no_stale_gpu_pte, as documented"],
    [
      "another way",
      '"gpu_fault.map"',
      1,
      "violated no_stale_gpu_pte, but gpu_fault.take_lock does not come where it is documented",
    ],
  ])("a bug that happens %s, without being asked for", (_name, first, exit, says) => {
    const bug = `from: "0123456789ab", order: [${first}, "gpu_fault.take_lock"],`;
    const text = race.replace("mutants: {", "bugs: {").replace("breaks:", `${bug} breaks:`);
    const { code, out } = check(folderWith({ "race.spec.ts": text }), ".");
    expect(out).toContain(says);
    expect(code).toBe(exit);
  });

  it("a deadlock, also as lockdep prints it", () => {
    const { code, out } = check(folderWith({ "deadlock.spec.ts": deadlock }), "deadlock.spec.ts");
    expect(out).toMatch(/^FAIL +deadlock .* violated deadlock$/m);
    expect(out).toContain(" *** DEADLOCK ***");
    expect(code).toBe(1);
  });

  it.each([
    [
      "breaks another property",
      'breaks: "no_stale_gpu_pte"',
      'breaks: "deadlock"',
      "violated no_stale_gpu_pte, but must violate deadlock",
    ],
    [
      "breaks nothing",
      'remove(gpu_fault, "recheck")',
      "",
      "holds, but must violate no_stale_gpu_pte",
    ],
  ])("a mutant that %s", (_name, part, by, says) => {
    const folder = folderWith({ "race.spec.ts": race.replace(part, by) });
    const { code, out } = check(folder, ".", "--mutants");
    expect(out).toMatch(/^ok +race +ci +- /m);
    expect(out).toContain(says);
    expect(code).toBe(1);
  });

  it("nothing holds vacuously: a fact that is never reached, a step that is never taken", () => {
    const never = '"mapped")]},';
    const text = race
      .replace(
        'map: ["write the device PTE", set(k.gpu_pte.at(me.page), "mapped")],',
        'map: ["skip", goto("drop_lock")],\n  dead: ["never", set(k.gpu_pte.at(me.page), "none")],',
      )
      .replace(never, never);
    const { code, out } = check(folderWith({ "race.spec.ts": text }), ".");
    expect(out).toMatch(/ holds, 2 findings$/m);
    const dead = lineOf(text, 'dead: ["never"');
    expect(out).toMatch(new RegExp(`^race\\.spec\\.ts:${dead}:\\d+: .*gpu_fault\\.dead`, "m"));
    const fact = lineOf(text, "gpu_maps_a_page:");
    expect(out).toMatch(new RegExp(`^race\\.spec\\.ts:${fact}:\\d+: .*gpu_maps_a_page`, "m"));
    expect(code).toBe(1);
  });
});

describe("what must not look like a success", () => {
  it("no initial state", () => {
    const text = walkers.replace(
      "  always:",
      "  assume: [k.unused.eq(1), k.unused.eq(0)],\n  always:",
    );
    const { code, out } = check(folderWith({ "a.spec.ts": text }), ".");
    expect(out).toMatch(/^FAIL +walkers +ci .* nothing checked: no initial state$/m);
    expect(code).toBe(2);
  });

  it("a mistake of our own asks for a report and exits with 70", () => {
    const configs = '[{ name: "a", sizes: {}, tier: "ci" }]';
    const spec = `{ kind: "mmrace-spec", name: "x", doc: "", configs: ${configs}, variants: [],
      build: () => null }`;
    const { code, out, err } = check(folderWith({ "a.spec.ts": `export default ${spec};\n` }), ".");
    expect(err).toMatch(/^mmrace: internal error: TypeError: /);
    expect(err).toContain("Please report it");
    expect([code, out]).toEqual([70, ""]);
  });
});

describe("what is checked", () => {
  const states = (out: string) => [...out.matchAll(/^\S+ +walkers +(\w+) +- +([\d,]+) /gm)];

  it("the configurations of tier ci, one by name, those of another tier", () => {
    const folder = folderWith({ "walkers.spec.ts": walkers });
    const found = (...args: string[]) =>
      states(check(folder, ".", ...args).out).map(([, config, n]) => `${config} ${n}`);
    expect(found()).toEqual(["ci 343", "wide 16,807"]);
    expect(found("--config", "wide")).toEqual(["wide 16,807"]);
    expect(found("--tier", "deep", "--max-states", "1000")).toEqual(["deep 1,000"]);
  });

  it("the first configuration in tier ci, even when all are called deep", () => {
    const text = walkers.replace("{ ci: { walkers: 3 }, wide: { walkers: 5 }, deep:", "{ deep:");
    const { code, out } = check(folderWith({ "a.spec.ts": text }), ".", "--max-states", "1000");
    expect([code, states(out).length]).toEqual([3, 1]);
  });

  it("one variant only", () => {
    const folder = folderWith({ "race.spec.ts": race });
    const { out } = check(folder, ".", "--variant", "no_recheck_under_lock");
    expect(out).toMatch(/^1 check: 1 as expected$/m);
  });

  it("folders are searched for *.spec.ts and spec.ts, without node_modules", () => {
    const named = (name: string) => race.replace('"race"', `"${name}"`);
    const folder = folderWith({
      "specs/one/spec.ts": named("one"),
      "specs/two.spec.ts": named("two"),
      "specs/helper.ts": "throw 1;\n",
      "specs/myspec.ts": "throw 2;\n",
      "specs/node_modules/x/three.spec.ts": "throw 3;\n",
      "specs/.hidden/four.spec.ts": "throw 4;\n",
    });
    const { code, out } = check(folder);
    expect([...out.matchAll(/^ok +(\w+)/gm)].map(([, name]) => name)).toEqual(["one", "two"]);
    expect(code).toBe(0);
  });

  it("specs with helper files, enums and folders of their own", () => {
    const folder = folderWith({
      "a/race.spec.ts": race
        .replace('"Page"', "names.Page")
        .replace("const Page", 'import { names } from "../lib/names";\nconst Page'),
      "lib/names.ts": 'export enum names { Page = "Page" }\n',
    });
    expect(check(folder, "a").code).toBe(0);
  });

  it("plain JavaScript", () => {
    const folder = folderWith({ "race.mjs": race });
    expect(check(folder, "race.mjs").code).toBe(0);
  });

  it("a model file, with the verdict of the spec that it came from", () => {
    const folder = folderWith({ "race.spec.ts": race });
    const ir = run(folder, ["print", "race.spec.ts", "--ir"]).out;
    const other = folderWith({ "race.ir.json": ir });
    const { code, out } = check(other, "race.ir.json");
    expect(out).toMatch(/^ok +race +default +- +40 +62 +10 /m);
    expect(code).toBe(0);
  });

  it("types are checked unless that is turned off", () => {
    const text = `${race}const n: number = "1";\nvoid n;\n`;
    const folder = folderWith({ "race.spec.ts": text });
    expect(run(folder, ["check", "race.spec.ts"]).code).toBe(2);
    expect(check(folder, "race.spec.ts").code).toBe(0);
  });
});

describe("limits: incomplete is never ok", () => {
  it.each([
    [["--max-states", "1_000"], "incomplete: --max-states reached"],
    [["--max-memory", "16M"], "incomplete: --max-memory reached"],
    [["--time-limit", "300ms"], "incomplete: --time-limit reached"],
  ])("%j", (limit, says) => {
    const folder = folderWith({ "walkers.spec.ts": walkers });
    const { code, out } = check(folder, ".", "--config", "deep", ...limit);
    expect(out).toMatch(new RegExp(`^\\? +walkers +deep .* ${says}$`, "m"));
    expect(out).toMatch(/^1 check: 0 as expected, 1 incomplete$/m);
    expect(code).toBe(3);
  });

  it("a violation that is found weighs more than a limit that is hit", () => {
    const broken = race.replace('remove(gpu_fault, "recheck")', "");
    const folder = folderWith({ "race.spec.ts": broken, "walkers.spec.ts": walkers });
    const { code } = check(folder, ".", "--mutants", "--max-states", "100");
    expect(code).toBe(1);
  });

  it("both engines count the same", () => {
    const folder = folderWith({ "race.spec.ts": race });
    for (const engine of ["compiled", "interpreted"]) {
      const { out } = check(folder, ".", "--engine", engine);
      expect(out).toMatch(/^ok +race +ci +- +40 +62 +10 /m);
    }
  });
});

describe("--json", () => {
  const report = (folder: string, ...args: string[]) => {
    const { code, out, err } = check(folder, ".", "--json", ...args);
    return { code, err, report: JSON.parse(out) };
  };

  it("is one document and nothing else, even when a spec prints", () => {
    const folder = folderWith({ "race.spec.ts": `${race}console.log("noise");\n` });
    const { code, err, report: found } = report(folder, "--mutants");
    expect(err).toBe("noise\n".repeat(1));
    expect(found).toMatchObject({
      format: "mmrace-report",
      version: 1,
      exitCode: 0,
      planned: 2,
      results: [
        { spec: "race", config: "ci", variant: "", verdict: "holds", states: 40, asExpected: true },
        {
          variant: "no_recheck_under_lock",
          verdict: "violated",
          violation: { property: "no_stale_gpu_pte", src: { file: "race.spec.ts" } },
          expected: { verdict: "violated", property: "no_stale_gpu_pte" },
          asExpected: true,
        },
      ],
    });
    expect(found.results[1].steps).toHaveLength(10);
    expect(code).toBe(0);
  });

  it("is the same in every run but for the timing", () => {
    const folder = folderWith({ "race.spec.ts": race });
    const [one, two] = [1, 2].map(() => ({ ...report(folder, "--mutants").report, timing: 0 }));
    expect(one).toEqual(two);
  });

  it("carries the exit code and the limit", () => {
    const folder = folderWith({ "walkers.spec.ts": walkers });
    const { code, report: found } = report(folder, "--max-states", "50");
    expect(found.results[0]).toMatchObject({ verdict: "incomplete", limit: "states" });
    expect([code, found.exitCode]).toEqual([3, 3]);
  });
});

describe("--draw", () => {
  it("writes four files for each violation, and nothing else", () => {
    const folder = folderWith({ "race.spec.ts": race });
    expect(check(folder, ".", "--mutants", "--draw", "--out", "a/b").code).toBe(0);
    const stem = "race.no_recheck_under_lock";
    const names = ["dot", "json", "svg", "txt"].map((ending) => `${stem}.${ending}`);
    expect(readdirSync(join(folder, "a/b")).sort()).toEqual(names);
    const text = (ending: string) => readFileSync(join(folder, "a/b", `${stem}.${ending}`), "utf8");
    expect(text("svg")).toMatch(/<svg[\s\S]*<\/svg>\s*$/);
    expect(text("dot")).toMatch(/^digraph|^\/\*|^\/\//);
    expect(text("txt")).toContain("violated at step 10");
    expect(JSON.parse(text("json")).spec).toBe("../../race.spec.ts");
  });

  it("draws nothing when all is well", () => {
    const folder = folderWith({ "race.spec.ts": race });
    expect(check(folder, ".", "--draw").code).toBe(0);
    expect(readdirSync(join(folder, "out"))).toEqual([]);
  });
});
