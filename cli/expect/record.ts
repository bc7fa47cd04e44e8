/** What a search came to, in the form that `expect.json` keeps. */
import type { CheckResult, Verdict } from "../../checker/index.ts";
import { allStmts, contentHash, type Model, modelHash } from "../../model/ir/index.ts";
import type { LoadedSpec } from "../loader/load.ts";
import { folded } from "./coverage.ts";
import type { RunExpectation, SpecExpectation } from "./format.ts";

/** `holds`, `violated no_stale_gpu_pte`, `incomplete`. */
export function verdictText(verdict: Verdict): string {
  return verdict.kind === "violated" ? `violated ${verdict.violation.property}` : verdict.kind;
}

export function runOf(model: Model, result: CheckResult, isScheme: boolean): RunExpectation {
  const { states, transitions, depth, verdict } = result;
  const run = {
    verdict: verdictText(verdict),
    states,
    transitions,
    depth,
    model: stepsHash(model),
  };
  if (!isScheme || verdict.kind !== "holds") return run;
  const rows = result.coverage.filter(({ actor }) => takesPart(model, actor));
  const labels = rows.map(({ actor, label, fired }) => ({ label: `${actor}.${label}`, fired }));
  const never = folded(labels);
  const fired = labels.filter((l) => l.fired > 0).length;
  return { ...run, fired, ...(never.length > 0 ? { never } : {}) };
}

/** Does the configuration have one of these at least? */
export function takesPart(model: Model, actor: string): boolean {
  return model.actors.some((a) => a.name === actor && a.count > 0);
}

/** State, actors and steps, without the claims. */
export function stepsHash(model: Model): string {
  let hash = known.get(model);
  if (hash === undefined) {
    hash = modelHash({ ...model, always: [], atRest: [], reachable: [], liveness: [] });
    known.set(model, hash);
  }
  return hash;
}

/** A model is asked for its hash before its search, after it, and when it is written down. */
const known = new WeakMap<Model, string>();

/** Everything that a scheme claims, by name: its kind, and the hash of what it says. */
export function propertiesOf(model: Model): SpecExpectation["properties"] {
  const lists = {
    always: model.always,
    at_rest: model.atRest,
    reachable: model.reachable,
    liveness: model.liveness ?? [],
  };
  const named = Object.entries(lists).flatMap(([kind, list]) =>
    list.map((property) => [property.name, `${kind} ${contentHash(property)}`]),
  );
  const steps = model.actors.flatMap((actor) => actor.steps);
  const rules = steps.flatMap((step) =>
    allStmts(step.body).flatMap((s) => (s.kind === "assert" ? [s.rule] : [])),
  );
  const asserted = [...new Set(rules)].sort().map((rule) => [rule, "assert"]);
  return Object.fromEntries([...asserted, ...named]);
}

/** The scheme in its first configuration. */
export function firstModel(spec: LoadedSpec): Model {
  return spec.build(spec.configs[0]?.name ?? "", "");
}
