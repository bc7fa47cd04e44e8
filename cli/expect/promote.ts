/** Writes down what was found, beside the specs. */
import { basename } from "node:path";
import type { LockOrder } from "../../checker/index.ts";
import type { Outcome } from "../judge.ts";
import type { LoadedSpec } from "../loader/load.ts";
import { tierOf } from "../plan.ts";
import type { Task } from "../prepare.ts";
import {
  type ConfigExpectation,
  type Expectations,
  SCHEME,
  type SpecExpectation,
  stringifyExpectations,
} from "./format.ts";
import { dueOf, isKept, orderIn } from "./lock-order.ts";
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
    const orders = lockOrdersOf(spec, old, fresh);
    const lock_order = Object.keys(orders).length > 0 ? { lock_order: orders } : {};
    return [[name, { sizes, runs: runsOf(spec, old, fresh), ...lock_order }] as const];
  });
  const properties = propertiesOf(firstModel(spec));
  const promoted = { file: basename(spec.file), properties, configs: Object.fromEntries(found) };
  return before?.survivors ? { ...promoted, survivors: before.survivors } : promoted;
}

/** The orders of locks that are kept, in the order of the spec; one of the same model stays. */
function lockOrdersOf(
  spec: LoadedSpec,
  old: ConfigExpectation | undefined,
  fresh: Outcome[],
): Record<string, LockOrder> {
  const found = ["", ...spec.variants.map((v) => v.name)].flatMap((variant) => {
    const key = variant || SCHEME;
    const outcome = fresh.find((o) => o.task.variant === variant);
    const known = old?.lock_order?.[key];
    const isSame = !outcome || dueOf(outcome.task, known) === undefined;
    const kept = outcome?.result.lockOrder ?? (isSame ? known : undefined);
    return kept ? [[key, kept] as const] : [];
  });
  return Object.fromEntries(found);
}

/**
 * For which searches of a promotion the order of locks is looked for, too: those whose model is
 * not the one that it is known of. Its hash, or undefined.
 *
 * @param before what was promoted beside the spec
 */
export function lockOrderDue(
  before: (task: Task) => Expectations,
): (task: Task) => string | undefined {
  return (task) => {
    if (!isKept(task.kind, tierOf(task))) return undefined;
    return dueOf(task, orderIn(before(task), task));
  };
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
