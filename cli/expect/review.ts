/**
 * Compares what a run finds with the `expect.json` beside each spec, and fails closed: what is
 * expected and not there is as much a finding as what is there and not expected.
 */
import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Src } from "../../model/ir/index.ts";
import { lineAndColumn } from "../../model/ir/json-syntax.ts";
import { readText } from "../files.ts";
import type { Finding } from "../finding.ts";
import type { LoadedSpec } from "../loader/load.ts";
import { showPath } from "../loader/paths.ts";
import { tierOf } from "../plan.ts";
import type { Task } from "../prepare.ts";
import type { SearchResult } from "../search.ts";
import { type Comparable, compareClaims, compareRun, compareSizes } from "./compare.ts";
import { EXPECT_FILE, type Expectations, parseExpectations, SCHEME } from "./format.ts";
import { compareLockOrder, dueOf, orderIn } from "./lock-order.ts";
import { firstModel } from "./record.ts";

export interface Reviewed {
  findings: Finding[];
  /** There was something to compare with. */
  promoted: boolean;
}

export type Review = (task: Task, result: SearchResult) => Reviewed;

/** An `expect.json`, read. */
interface Sheet {
  specs: Expectations;
  /** Of the entry at the end of these keys, or of the last of them that is there. */
  place(...keys: string[]): Src;
}

/** Path of the expectations of a spec, as shown. */
export function expectFileOf(spec: Pick<LoadedSpec, "file">): string {
  return showPath(join(dirname(resolve(spec.file)), EXPECT_FILE));
}

/** Undefined when there are none. Throws UserError for a file that cannot be understood. */
export function readExpectations(file: string): Expectations | undefined {
  return sheetIn(file)?.specs;
}

function sheetIn(file: string): Sheet | undefined {
  if (!existsSync(file)) return undefined;
  const text = readText(file);
  const specs = parseExpectations(text, file);
  return { specs, place: (...keys) => ({ file, ...lineAndColumn(text, offsetOf(text, keys)) }) };
}

/** Where the last key is that can be found, each behind the one before it. */
function offsetOf(text: string, keys: string[]): number {
  let at = 0;
  for (const key of keys) {
    const found = text.indexOf(`${JSON.stringify(key)}:`, at);
    if (found < 0) break;
    at = found;
  }
  return at;
}

/**
 * Reads the expectations of all specs now, so that a broken file is told before the first search.
 *
 * @param strict a spec without any `expect.json` is a finding, too
 */
export function startReview(tasks: Task[], strict: boolean, comparable: Comparable): Review {
  const sheets = new Map(tasks.map(({ spec }) => [spec, sheetIn(expectFileOf(spec))]));
  // What is said of a whole spec, or of a whole configuration, is said once.
  const firstOf = (spec: LoadedSpec, config?: string): Task | undefined =>
    tasks.find((t) => t.spec === spec && (config === undefined || t.config === config));
  return (task, result) => {
    const { spec, config, variant } = task;
    const sheet = sheets.get(spec);
    if (!sheet) return strict ? missing(task, noSheet(task)) : { findings: [], promoted: false };
    const findings = task === firstOf(spec) ? compareSpec(spec, sheet) : [];
    const entry = sheet.specs[spec.name]?.configs[config];
    const run = entry?.runs[variant || SCHEME];
    if (!run) return missing(task, sheet.place(spec.name, config), findings);
    if (task === firstOf(spec, config)) {
      const { sizes = {} } = spec.configs.find((c) => c.name === config) ?? {};
      findings.push(...compareSizes(entry.sizes, sizes, sheet.place(spec.name, config)));
    }
    const place = sheet.place(spec.name, config, "runs", variant || SCHEME);
    findings.push(...compareRun(run, task.model, result, place, comparable));
    const order = entry.lock_order?.[variant || SCHEME];
    if (order && result.lockOrder) {
      const at = sheet.place(spec.name, config, "lock_order", variant || SCHEME);
      findings.push(...compareLockOrder(order, result.lockOrder, at));
    }
    return { findings, promoted: true };
  };
}

/**
 * For which searches the order of locks is looked for, too: those whose model is not the one that
 * it was promoted of, or all that have one. Its hash, or undefined.
 */
export function lockOrderInDoubt(tasks: Task[], all: boolean): (task: Task) => string | undefined {
  const files = [...new Set(tasks.map(({ spec }) => expectFileOf(spec)))];
  const sheets = new Map(files.map((file) => [file, readExpectations(file)]));
  return (task) => {
    const known = orderIn(sheets.get(expectFileOf(task.spec)) ?? {}, task);
    return known && dueOf(task, all ? undefined : known);
  };
}

function noSheet({ spec }: Task): Src {
  return { file: expectFileOf(spec), line: 1, column: 1 };
}

function missing(task: Task, src: Src, before: Finding[] = []): Reviewed {
  const deep = tierOf(task) === "deep";
  const writer = deep ? "mmrace promote --tier deep" : "mmrace promote";
  const what = `${task.variant || "the scheme"}${deep ? ` in ${task.config}` : ""}`;
  const text = `there is no expectation of ${what}: ${writer} writes it`;
  return { findings: [...before, { rule: "expectation_missing", text, src }], promoted: false };
}

/** What is expected and does not exist any more. No search is needed to see that. */
function compareSpec(spec: LoadedSpec, { specs, place }: Sheet): Finding[] {
  const found: Finding[] = [];
  const gone = (rule: Finding["rule"], text: string, ...keys: string[]): void => {
    found.push({ rule, text, src: place(...keys) });
  };
  const folder = dirname(resolve(spec.file));
  for (const [name, { file }] of Object.entries(specs)) {
    if (name === spec.name) continue;
    const isHere = file === basename(spec.file);
    if (isHere) gone("spec_removed", `the spec ${name} is called ${spec.name} now`, name);
    else if (!existsSync(join(folder, file))) {
      gone("spec_removed", `the spec ${name} is gone, with its file ${file}`, name);
    }
  }
  const own = specs[spec.name];
  if (own) found.push(...compareClaims(own, firstModel(spec), place(spec.name, "properties")));
  for (const [config, { runs }] of Object.entries(own?.configs ?? {})) {
    if (!spec.configs.some((c) => c.name === config)) {
      gone(
        "configuration_removed",
        `there is no configuration ${config} any more`,
        spec.name,
        config,
      );
      continue;
    }
    for (const variant of Object.keys(runs)) {
      if (variant === SCHEME || spec.variants.some((v) => v.name === variant)) continue;
      const keys = [spec.name, config, "runs", variant];
      gone("variant_removed", `there is no mutant or variant ${variant} any more`, ...keys);
    }
  }
  return found;
}
