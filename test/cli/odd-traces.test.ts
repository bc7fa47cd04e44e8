/** Traces at the edges, through every kind of picture: one step and 500, 12 actors, odd text. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { instance } from "@viz-js/viz";
import { describe, expect, it } from "vitest";
import { replayFile } from "../../cli/counterexample.ts";
import { PICTURES, type Picture, picture } from "../../cli/pictures.ts";
import { check, folderWith, run } from "./mmrace.ts";
import { race } from "./specs.ts";

const viz = await instance();
const KINDS = Object.keys(PICTURES) as Picture[];

function counting(processes: number, upTo: number, text: string): string {
  return `import { actor, goto, range, set, shared, spec, when } from "mmrace";
const k = shared({ n: range(0, ${upTo}) });
const counter = actor("counter", {}, () => ({
  count: [${JSON.stringify(text)}, set(k.n, k.n.plus(1)), ${
    processes === 1 ? 'goto("count")' : 'when(k.n.eq(-1), [goto("count")])'
  }],
})).times(${processes}).as(${JSON.stringify(text)});
export default spec({
  name: "counting",
  configs: { ci: {} },
  shared: k,
  actors: { counter },
  always: { below: k.n.lt(${upTo}) },
});
`;
}

const ODD = '<b>&amp; "quoted" \\N \\n | {a|b} <!-- \u00e9\u2192\u6f22 --> </script> $(x) %s';

const CASES: [string, string, number][] = [
  ["one step", counting(1, 1, "n++"), 1],
  ["no step", counting(1, 1, "n++").replace("k.n.lt(1)", "k.n.ne(0)"), 0],
  ["500 steps", counting(1, 500, "n++"), 500],
  ["12 processes", counting(12, 12, "n++"), 12],
  ["odd text", counting(2, 2, ODD), 2],
  ["a line of 600 columns", counting(2, 2, "very_long(argument), ".repeat(30)), 2],
];

describe.each(CASES)("a counterexample with %s", (_, spec, steps) => {
  it("is drawn in every kind, and replays", async () => {
    const folder = folderWith({ "x.spec.ts": spec });
    expect(check(folder, ".", "--draw").code).toBe(1);
    const file = "out/counting.json";
    expect(JSON.parse(readFileSync(join(folder, file), "utf8")).steps).toHaveLength(steps);
    const replayed = run(folder, ["replay", file, "--brief"]);
    expect([replayed.code, replayed.err]).toEqual([0, ""]);
    for (const line of replayed.out.split("\n")) expect(line.length).toBeLessThanOrEqual(75);
    expect(replayed.out).toMatch(/^[ -~\n]*$/);
    const { trace } = await replayFile(join(folder, file));
    for (const kind of KINDS) {
      expect((await picture(trace, kind)).length, kind).toBeGreaterThan(50);
    }
    expect(viz.render(await picture(trace, ".dot")).errors).toEqual([]);
  });

  it("is in the report, and its states in the graph", () => {
    const folder = folderWith({ "x.spec.ts": spec });
    expect(run(folder, ["report", "."]).code).toBe(1);
    const page = readFileSync(join(folder, "report.html"), "utf8");
    expect(page.match(/<\/script>/g)).toHaveLength(2);
    const drawn = run(folder, ["graph", ".", "--max-states", "30"]);
    expect(drawn.code).toBe(0);
    expect(viz.render(drawn.out).errors).toEqual([]);
  });
});

it("the command draws every kind", () => {
  const folder = folderWith({ "x.spec.ts": counting(2, 2, ODD) });
  check(folder, ".", "--draw");
  for (const kind of KINDS) {
    const drawn = run(folder, ["draw", "out/counting.json", "-o", `p${kind}`]);
    expect([drawn.code, drawn.err], kind).toEqual([0, ""]);
    expect(readFileSync(join(folder, `p${kind}`), "utf8").length, kind).toBeGreaterThan(50);
  }
});

describe("where Graphviz fails", () => {
  /** The thread that draws is started from text, the one that searches from a file. */
  const broken = `const threads = require("node:worker_threads");
const { Worker } = threads;
threads.Worker = class extends Worker {
  constructor(code, options) {
    super(options && options.eval ? "throw new Error('no graphviz')" : code, options);
  }
};
require("node:module").syncBuiltinESMExports();
`;
  const failing = (folder: string, args: string[]) =>
    run(folder, args, { NODE_OPTIONS: `--require ${join(folder, "broken.cjs")}` });
  const files = { "x.spec.ts": race, "broken.cjs": broken };
  const stem = "race.no_recheck_under_lock";

  it("check --draw keeps the other files and says so", () => {
    const folder = folderWith(files);
    const { code, err } = failing(folder, ["check", ".", "--no-typecheck", "--mutants", "--draw"]);
    expect(err).toContain(`${stem}.svg: note: not drawn: no graphviz`);
    expect(code).toBe(0);
    const names = ["dot", "json", "txt"].map((e) => `${stem}.${e}`);
    expect(readdirSync(join(folder, "out")).sort()).toEqual(names);
  });

  it.each([
    ["draw", ["draw", `out/${stem}.json`, "-o", "p.svg"]],
    ["graph", ["graph", ".", "-o", "p.svg"]],
  ])("%s writes the DOT instead, and says so", (_, args) => {
    const folder = folderWith(files);
    check(folder, ".", "--mutants", "--draw");
    const { code, err } = failing(folder, args);
    expect(err).toContain("p.svg: Graphviz cannot draw it: no graphviz");
    expect(err).toContain("p.dot is written instead");
    expect(code).toBe(2);
    expect(existsSync(join(folder, "p.svg"))).toBe(false);
    expect(readFileSync(join(folder, "p.dot"), "utf8")).toContain("digraph");
  });

  it("the report goes without the picture of the lock orders", () => {
    const locks = race.replace("driver_lock: mutex()", "driver_lock: mutex(), inner: mutex()");
    const nested = locks.replace(
      'map: ["write',
      'inner: ["mutex_lock(&inner)", mutex_lock(k.inner)],\n' +
        '  inner_out: ["mutex_unlock(&inner)", mutex_unlock(k.inner)],\n  map: ["write',
    );
    const folder = folderWith({ ...files, "x.spec.ts": nested });
    const { code, err } = failing(folder, ["report", "."]);
    expect(err).toContain("race: note: lock orders not drawn: no graphviz");
    expect(code).toBe(0);
    expect(readFileSync(join(folder, "report.html"), "utf8")).not.toContain("lock orders seen");
  });
});
