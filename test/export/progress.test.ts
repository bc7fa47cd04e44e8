/**
 * Claims about infinite runs: SPIN, with its own weak fairness, against known verdicts and, on
 * random models, against brute force over the reference interpreter.
 */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crosscheckClaims, type OwnClaim } from "../../cli/crosscheck/crosscheck.ts";
import { exportModel, onlyClaim, runClaimsOf, TARGETS } from "../../model/export/index.ts";
import { build as b, interpret, type Model } from "../../model/ir/index.ts";
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
import { has, LIMITS } from "./support/check.ts";

const SEED = 20260102;
const RANDOM = process.env.CROSSCHECK_ALL ? 200 : 8;

const inside = someAt("side0", "leave");
const petersons = [
  b.leadsTo("who_waits_gets_in", someAt("side0", "spin"), inside),
  b.alwaysEventually("always_in", inside),
];

/** Every kind of claim, every kind of fairness, finite processes, marks. */
const KNOWN: [string, Model, ("holds" | "violated")[]][] = [
  ["a weakly fair mutex", mutexClients("weak"), ["violated"]],
  ["a strongly fair mutex", mutexClients("strong"), ["holds"]],
  ["a mutex whose owner may stop", mutexClients("none"), ["violated"]],
  ["a worker that never opens", patient(), ["violated"]],
  ["Peterson", peterson(petersons), ["holds", "violated"]],
  ["a livelock", livelock(), ["violated"]],
  ["a finite writer", seqlock(true), ["holds", "holds"]],
  ["a writer without end", seqlock(false), ["violated", "violated"]],
];

async function verdicts(model: Model, own: OwnClaim[]): Promise<(string | undefined)[][]> {
  const options = { tools: ["spin" as const], name: "model", header: [], limits: LIMITS };
  const rows = await crosscheckClaims(model, 1000, own, { ...options, env: process.env });
  return rows.map((row) => [row.asked, row.verdict, row.note]);
}

function asRows(own: OwnClaim[]): (string | undefined)[][] {
  return own.map(({ key, verdict }) => [key, verdict, ""]);
}

describe.skipIf(!has("spin"))("SPIN", () => {
  it.each(KNOWN)("judges %s as we do", async (_, model, known) => {
    const own = runClaimsOf(model).map((key, i): OwnClaim => {
      return { key, verdict: known[i] as "holds" | "violated" };
    });
    expect(own).toHaveLength(known.length);
    expect(await verdicts(model, own)).toEqual(asRows(own));
  });

  it.each(randomModels())("judges random program %i as brute force does", async (_, model, own) => {
    expect(await verdicts(model, own)).toEqual(asRows(own));
  });
});

function randomModels(): [number, Model, OwnClaim[]][] {
  const models = fc.sample(anyProgressModel, { numRuns: 40 * RANDOM, seed: SEED });
  const found = models.flatMap((model, i): [number, Model, OwnClaim[]][] => {
    if (runClaimsOf(model).length === 0) return [];
    const graph = naiveGraph(interpret(model), 60);
    if (!graph || graph.initial.length === 0) return [];
    return [
      [i, model, runClaimsOf(model).map((key) => ({ key, verdict: naive(graph, model, key) }))],
    ];
  });
  // As many that fail as that hold.
  const fails = (own: OwnClaim[]): boolean => own.some((c) => c.verdict === "violated");
  const bad = found.filter(([, , own]) => fails(own)).slice(0, RANDOM / 2);
  return [...found.filter(([, , own]) => !fails(own)).slice(0, RANDOM - bad.length), ...bad];
}

function naive(graph: NaiveGraph, { liveness = [] }: Model, key: string): "holds" | "violated" {
  const [kind, name] = key.split(" ");
  const claim = liveness.find((p) => kind === "liveness" && p.name === name);
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

  it("need a step that TLC can tell from standing still", () => {
    const loop = b.actor("spinner", [b.step("again", "cpu_relax()", b.goto("again", "retry"))]);
    const { refusals } = exportModel(b.model("m", [loop]), "tla", options);
    expect(refusals).toMatchObject([{ place: "spinner.again" }]);
  });

  it("are written for TLC with the fairness of each actor", () => {
    const fair = (m: Model): string => exportModel(m, "tla", options).files[0]?.text ?? "";
    expect(fair(mutexClients("strong"))).toContain("SF_vars(one(self))");
    expect(fair(mutexClients("none"))).not.toContain("Fairness");
    expect(fair(model)).toContain("<>[][~zap(self)]_vars");
    expect(fair(onlyClaim(model, "liveness read_ends"))).not.toContain("no_starvation");
  });
});
