/** Writes down what was found, beside the specs. */
import { basename } from "node:path";
import type { Outcome } from "../judge.ts";
import type { LoadedSpec } from "../loader/load.ts";
import {
  type ConfigExpectation,
  type Expectations,
  SCHEME,
  type SpecExpectation,
  stringifyExpectations,
} from "./format.ts";
import { firstModel, propertiesOf, runOf } from "./record.ts";

/**
 * The text of an `expect.json` with these outcomes in it. What was there of other specs of the
 * folder, and of configurations and variants that still exist, stays.
 *
 * @param specs all specs of the folder that were loaded
 */
export function promoted(
  before: Expectations,
  specs: LoadedSpec[],
  outcomes: Outcome[],
  exists: (file: string) => boolean,
): string {
  const here = specs.map((spec) => basename(spec.file));
  const others = Object.entries(before).filter(
    ([, { file }]) => !here.includes(file) && exists(file),
  );
  const own = specs.map((spec) => {
    const of = outcomes.filter((o) => o.task.spec === spec);
    return [spec.name, withOutcomes(spec, before[spec.name], of)] as const;
  });
  const all = [...others, ...own].sort(([a], [b]) => (a < b ? -1 : 1));
  return stringifyExpectations(Object.fromEntries(all));
}

function withOutcomes(
  spec: LoadedSpec,
  before: SpecExpectation | undefined,
  outcomes: Outcome[],
): SpecExpectation {
  const found = spec.configs.flatMap(({ name, sizes }) => {
    const fresh = outcomes.filter((o) => o.task.config === name);
    const old = before?.configs[name];
    if (fresh.length === 0) return old ? [[name, old] as const] : [];
    return [[name, { sizes, runs: runsOf(spec, old, fresh) }] as const];
  });
  const properties = propertiesOf(firstModel(spec));
  const promoted = { file: basename(spec.file), properties, configs: Object.fromEntries(found) };
  return before?.survivors ? { ...promoted, survivors: before.survivors } : promoted;
}

/** In the order of the spec. */
function runsOf(
  spec: LoadedSpec,
  old: ConfigExpectation | undefined,
  fresh: Outcome[],
): ConfigExpectation["runs"] {
  const names = ["", ...spec.variants.map((v) => v.name)];
  const runs = names.flatMap((variant) => {
    const key = variant || SCHEME;
    const outcome = fresh.find((o) => o.task.variant === variant);
    const run = outcome
      ? runOf(outcome.task.model, outcome.result, variant === "")
      : old?.runs[key];
    return run ? [[key, run] as const] : [];
  });
  return Object.fromEntries(runs);
}
