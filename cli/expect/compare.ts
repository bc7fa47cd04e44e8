/** Where a search differs from what was expected of it: each difference is a finding by name. */
import type { CheckResult } from "../../checker/index.ts";
import type { Model, Src } from "../../model/ir/index.ts";
import type { Finding } from "../finding.ts";
import { showCount } from "../progress.ts";
import { isCovered } from "./coverage.ts";
import type { RunExpectation, SpecExpectation } from "./format.ts";
import { propertiesOf, stepsHash, takesPart, verdictText } from "./record.ts";

/** What is comparable: counts are other ones with reductions. */
export interface Comparable {
  counts: boolean;
  progress: boolean;
}

/** @param place of the expectation, for what has no better one */
export function compareRun(
  expected: RunExpectation,
  model: Model,
  result: CheckResult,
  place: Src,
  comparable: Comparable,
): Finding[] {
  if (result.verdict.kind === "incomplete") return [];
  const found: Finding[] = [];
  const add = (rule: Finding["rule"], text: string, src = place): void => {
    found.push({ rule, text, src });
  };
  const verdict = verdictText(result.verdict);
  if (comparable.progress && verdict !== expected.verdict) {
    const violation = result.verdict.kind === "violated" ? result.verdict.violation : undefined;
    const text = `the verdict was "${expected.verdict}" and is "${verdict}"`;
    add("verdict_changed", text, violation?.src);
  }
  if (comparable.counts && countsOf(result) !== countsOf(expected)) {
    add("count_changed", `there were ${countsOf(expected)}, and are ${countsOf(result)}`);
  }
  found.push(...noLongerTaken(expected, model, result, place));
  if (found.length === 0 && stepsHash(model) !== expected.model) {
    add("model_changed", "the state or the steps are not those that were promoted");
  }
  return found;
}

type Counts = Pick<RunExpectation, "states" | "transitions" | "depth">;

function countsOf({ states, transitions, depth }: Counts): string {
  return `${showCount(states)} states, ${showCount(transitions)} transitions, depth ${depth}`;
}

/** Steps that were taken then, or did not exist, and are not taken now. */
function noLongerTaken(
  { fired, never = [] }: RunExpectation,
  model: Model,
  result: CheckResult,
  place: Src,
): Finding[] {
  if (fired === undefined || result.verdict.kind !== "holds") return [];
  const dead = result.coverage.filter((row) => row.fired === 0 && takesPart(model, row.actor));
  return dead.flatMap(({ actor, label }): Finding[] => {
    const name = `${actor}.${label}`;
    if (isCovered(name, never)) return [];
    const steps = model.actors.find((a) => a.name === actor)?.steps ?? [];
    const src = steps.find((s) => s.label === label)?.src ?? place;
    return [{ rule: "label_no_longer_fires", text: `the step ${name} is not taken any more`, src }];
  });
}

/** Sizes of a configuration. */
export function compareSizes(
  expected: Record<string, number>,
  sizes: Record<string, number>,
  src: Src,
): Finding[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(sizes)])];
  return names.flatMap((name): Finding[] => {
    const [was, is] = [expected[name], sizes[name]];
    if (was === is) return [];
    const text = `the size ${name} was ${was ?? "not there"} and is ${is ?? "not there"}`;
    const isSmaller = was !== undefined && (is === undefined || is < was);
    return [{ rule: isSmaller ? "size_smaller" : "size_changed", text, src }];
  });
}

/** @param model the scheme in its first configuration */
export function compareClaims(
  { properties }: SpecExpectation,
  model: Model,
  place: Src,
): Finding[] {
  const now = propertiesOf(model);
  const lists = [...model.always, ...model.atRest, ...model.reachable, ...(model.liveness ?? [])];
  const gone = Object.keys(properties).filter((name) => !(name in now));
  const other = Object.keys(now).filter((name) => properties[name] !== now[name]);
  return [
    ...gone.map((name): Finding => {
      return { rule: "property_removed", text: `${name} is not claimed any more`, src: place };
    }),
    ...other.map((name): Finding => {
      const src = lists.find((p) => p.name === name)?.src ?? place;
      return name in properties
        ? { rule: "property_changed", text: `${name} says something else than before`, src }
        : { rule: "property_not_promoted", text: `${name} is claimed, and not promoted yet`, src };
    }),
  ];
}
