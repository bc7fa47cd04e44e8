/**
 * Claims about infinite runs: SPIN, with its own weak fairness, against known verdicts and, on
 * random models, against brute force over the reference interpreter.
 */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { check } from "../../checker/index.ts";
import { crosscheckClaims, type OwnClaim } from "../../cli/crosscheck/crosscheck.ts";
import { exportModel, onlyClaim, runClaimsOf, TARGETS } from "../../model/export/index.ts";
import { build as b, interpret, type Liveness, type Model } from "../../model/ir/index.ts";
import { type NaiveGraph, naiveGraph, starves, violates } from "../support/naive-progress.ts";
import {
  livelock,
  mutexClients,
  patient,
  peterson,
  seqlock,
  someAt,
} from "../support/progress-models.ts";
import { anyProgressModel } from "../support/random-progress.ts";
import { explored, has, LIMITS } from "./support/check.ts";

const SEED = 20260102;
const RANDOM = process.env.CROSSCHECK_ALL ? 100 : 6;

const inside = someAt("side0", "leave");
const formula = "[] (waits -> (waits U inside))";
const atoms = [
  { name: "waits", expr: someAt("side0", "spin") },
  { name: "inside", expr: inside },
];
const petersons = [
  b.leadsTo("who_waits_gets_in", someAt("side0", "spin"), inside),
  b.alwaysEventually("always_in", inside),
  { kind: "ltl" as const, name: "waits_until_in", formula, atoms },
];

function weaklyFair(model: Model): Model {
  return { ...model, actors: model.actors.map((a) => ({ ...a, fairness: "weak" as const })) };
}

/** Every kind of claim, every kind of fairness, finite processes, marks. */
const KNOWN: [string, Model, ("holds" | "violated")[]][] = [
  ["a weakly fair mutex", mutexClients("weak"), ["violated"]],
  ["a strongly fair mutex", mutexClients("strong"), ["holds"]],
  ["a mutex whose owner may stop", mutexClients("none"), ["violated"]],
  ["a worker that never opens", patient(), ["violated"]],
  ["Peterson", weaklyFair(peterson(petersons)), ["holds", "holds", "holds"]],
  ["Peterson, the other side stops", peterson(petersons.slice(0, 1)), ["violated"]],
  ["a livelock", livelock(), ["violated"]],
  ["a finite writer", seqlock(true), ["holds", "holds"]],
  ["a writer without end", seqlock(false), ["violated", "violated"]],
];

const TARGET = { spin: "promela", tlc: "tla" } as const;
type FairTool = keyof typeof TARGET;

async function verdicts(tool: FairTool, model: Model, own: OwnClaim[]) {
  const options = { tools: [tool], name: "model", header: [], limits: LIMITS };
  const rows = await crosscheckClaims(model, 100, own, { ...options, env: process.env });
  return rows.map((row) => [row.asked, row.verdict, row.note]);
}

function asRows(own: OwnClaim[]): (string | undefined)[][] {
  return own.map(({ key, verdict }) => [key, verdict, ""]);
}

function isSaid(tool: FairTool, model: Model): boolean {
  return exportModel(model, TARGET[tool], { name: "m", header: [] }).refusals.length === 0;
}

describe.each(["spin", "tlc"] as const)("%s", (tool) => {
  const known = KNOWN.filter(([, model]) => isSaid(tool, model));

  it.skipIf(!has(tool)).each(known)("judges %s as we do", async (_, model, expected) => {
    const own = runClaimsOf(model).map((key): OwnClaim => {
      const [kind, name] = key.split(" ") as [string, string];
      const liveness = [kind === "liveness" ? name : kind];
      return { key, verdict: check(onlyClaim(model, key), { liveness }).verdict.kind };
    });
    expect(own.map((c) => c.verdict)).toEqual(expected);
    expect(await verdicts(tool, model, own)).toEqual(asRows(own));
  });

  it.skipIf(!has(tool)).each(has(tool) ? randomModels(tool) : [])(
    "judges random program %i, %s, as brute force does",
    async (_, _kind, model, own) => {
      expect(await verdicts(tool, model, own)).toEqual(asRows(own));
    },
  );
});

type Random = [number, string, Model, OwnClaim[]];

/** Of each kind as many, for as many tools as can say it: strong fairness for TLC only. */
function randomModels(tool: FairTool): Random[] {
  const models = fc.sample(anyProgressModel, { numRuns: 60 * RANDOM, seed: SEED });
  const found = new Map<string, Random[]>();
  for (const [i, model] of models.entries()) {
    const keys = runClaimsOf(model);
    const graph = keys.length > 0 ? naiveGraph(interpret(model), 25) : undefined;
    if (!graph || graph.initial.length === 0 || !isSaid(tool, model)) continue;
    // TLC looks at deadlocks and ranges, too.
    if (tool === "tlc" && explored(model).verdicts.length > 0) continue;
    const strong = model.actors.reduce((n, a) => n + (a.fairness === "strong" ? a.count : 0), 0);
    // With a claim besides, SPIN may translate the formula for minutes; a known model has both.
    if (tool === "spin" && strong > 0) continue;
    const own = keys.map((key): OwnClaim => ({ key, verdict: naive(graph, model, key) }));
    const verdict = own.some((c) => c.verdict === "violated") ? "violated" : "holds";
    const kind = `${strong ? "strongly" : "weakly"} fair, ${verdict}`;
    const same = found.get(kind) ?? [];
    if (same.length < RANDOM / 2) found.set(kind, [...same, [i, kind, model, own.slice(0, 2)]]);
  }
  return [...found.values()].flat();
}

/** What random models claim. */
type Simple = Exclude<Liveness, { kind: "ltl" }>;

function naive(graph: NaiveGraph, { liveness = [] }: Model, key: string): "holds" | "violated" {
  const [kind, name] = key.split(" ");
  const claim = liveness.find((p) => kind === "liveness" && p.name === name) as Simple | undefined;
  const first = graph.interpreter.layout.processes.find((p) => p.actor.name === name);
  const wrong = claim ? violates(graph, claim) : starves(graph, first?.pid ?? 0);
  return wrong ? "violated" : "holds";
}

describe("claims about infinite runs", () => {
  const model = seqlock(true);
  const options = { name: "m", header: ["head"] };

  it("are refused by name where fairness can't be said", () => {
    for (const target of ["murphi", "pins-c"] as const) {
      const { files, refusals } = exportModel(model, target, options);
      expect(files).toEqual([]);
      expect(refusals).toMatchObject([
        { feature: "claims about infinite runs", place: "read_ends, starvation reader" },
      ]);
    }
  });

  it("are left out on demand, and the head says so", () => {
    for (const target of TARGETS) {
      const [file] = exportModel(model, target, { ...options, safetyOnly: true }).files;
      expect(file?.text).toContain("left out, as asked: read_ends, starvation reader");
      expect(file?.text).not.toMatch(/ltl |PROPERTY|WF_/);
    }
  });

  it("keep the symmetry of TLC out", () => {
    const { refusals } = exportModel(model, "tla", { ...options, symmetry: true });
    expect(refusals).toMatchObject([{ feature: "symmetry with claims about infinite runs" }]);
  });

  it("are refused with the operator that a target lacks", () => {
    const next = { ...petersons[2], formula: "[] (waits -> X inside)" } as Liveness;
    const refusals = (claims: Liveness[], target: "promela" | "tla") =>
      exportModel(peterson(claims), target, options).refusals;
    const place = "waits_until_in";
    expect(refusals([next], "promela")).toMatchObject([{ feature: "the operator *next*", place }]);
    expect(refusals(petersons, "tla")).toMatchObject([{ feature: "the operator *until*", place }]);
  });

  it("need a step that TLC can tell from standing still, where there is a choice", () => {
    const { refusals } = exportModel(patient(), "tla", options);
    expect(refusals).toMatchObject([
      { feature: "a fair choice to stay at a step", place: "worker.turn" },
    ]);
  });

  it("are refused by SPIN's export when the formula would be too long", () => {
    const two = mutexClients("strong");
    const actors = ["one", "two", "three"].map((name, i) => ({ ...two.actors[i % 2], name }));
    const three = { ...two, actors } as Model;
    const { refusals } = exportModel(three, "promela", options);
    expect(refusals).toMatchObject([{ feature: "strong fairness of 3 processes" }]);
    expect(exportModel(three, "tla", options).refusals).toEqual([]);
  });

  it("need a step that TLC can tell from standing still", () => {
    const loop = b.actor("spinner", [b.step("again", "cpu_relax()", b.goto("again", "retry"))]);
    const { refusals } = exportModel(b.model("m", [loop]), "tla", options);
    expect(refusals).toMatchObject([{ place: "spinner.again" }]);
  });

  it("may be about a jump that is never taken", () => {
    const never = [b.wait(b.FALSE), b.goto("spin", "retry")];
    const spin = { ...b.step("spin", "never", ...never), idle: true };
    const waiting = b.model("m", [b.actor("spinner", [spin])]);
    const [file] = exportModel(waiting, "tla", options).files;
    expect(file?.text).toMatch(/no_starvation_spinner ==\n {2}TRUE/);
  });

  it("are written for TLC with the fairness of each actor", () => {
    const fair = (m: Model): string => exportModel(m, "tla", options).files[0]?.text ?? "";
    expect(fair(mutexClients("strong"))).toContain("SF_vars(one(self))");
    expect(fair(mutexClients("none"))).not.toContain("Fairness");
    expect(fair(model)).toContain("<>[][~zap(self)]_vars");
    expect(fair(onlyClaim(model, "liveness read_ends"))).not.toContain("no_starvation");
  });
});
