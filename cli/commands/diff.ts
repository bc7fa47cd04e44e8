import { existsSync } from "node:fs";
import { join } from "node:path";
import { modelHash } from "../../model/ir/index.ts";
import { type Command, choiceOf, countOf, type Input } from "../args.ts";
import { CHANGES, type Change, type ChangeKind, type SchemeDiff } from "../diff/change.ts";
import { claimChanges, sizeChanges, stepChanges } from "../diff/compare.ts";
import { type DiffReport, diffJson, diffMarkdown, diffText } from "../diff/report.ts";
import { checkOut } from "../diff/revision.ts";
import {
  behaviourChanges,
  countChanges,
  lockChanges,
  searchAll,
  verdictChanges,
} from "../diff/search.ts";
import { fail } from "../errors.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { commitOf, repository } from "../git.ts";
import { languageIn } from "../home.ts";
import { LIMITS, limitsOf } from "../limits.ts";
import { DEFAULT_FOLDER, findSpecs } from "../loader/find.ts";
import { type LoadedSpec, loadSpec } from "../loader/load.ts";
import type { Task } from "../prepare.ts";
import { progressLine } from "../progress.ts";
import { type Limits, type Searcher, startSearcher } from "../search.ts";
import { didYouMean } from "../suggest.ts";
import { withFolder } from "../temporary.ts";

const KINDS = Object.keys(CHANGES) as ChangeKind[];
const DEFAULT_LIMIT = 20_000;

export const diffCommand: Command = {
  name: "diff",
  summary: "what a change of a spec means: properties, orders of locks, steps, behaviours, counts",
  usage: "BASE [HEAD] [options]",
  details: [
    "BASE and HEAD are git revisions, or files or folders with specs. Without HEAD, a revision is",
    "compared with the files as they are now. Specs are paired by name; what has not changed is",
    "not searched. A base that is a source tree of mmrace is read with its own language.",
    "",
    "--forbid takes kinds of change and makes the exit code 1 when there is one of them:",
    "",
    ...KINDS.map((kind) => `  ${kind.padEnd(18)} ${CHANGES[kind]}`),
    "",
    "Behaviours are sequences of consecutive steps; those and orders of locks are gathered over",
    "the first --behaviour-states states of each side. Exit code 3 when a limit was hit, unless",
    "something forbidden was found.",
  ].join("\n"),
  options: {
    specs: { value: "PATH", help: `file or folder to compare (default: ${DEFAULT_FOLDER})` },
    config: { value: "NAME", help: "configuration (default: the first of each spec)" },
    mutants: { help: "what mutants and variants come to, too" },
    forbid: { value: "LIST", help: "kinds of change that fail: new-violation,property-removed" },
    format: { value: "human|json|markdown", help: "markdown is for a comment on a pull request" },
    length: { value: "1|2", help: "steps in a behaviour (default: 2)" },
    "behaviour-states": { value: "N", help: "for locks and behaviours (default: 20k)" },
    ...LIMITS,
  },
  args: { min: 1, max: 2 },
  run: diff,
};

async function diff(input: Input): Promise<number> {
  const { values } = input;
  const forbidden = forbiddenIn(values.get("forbid"));
  const format = choiceOf(input, "format", ["human", "json", "markdown"]) ?? "human";
  if (!["1", "2", undefined].includes(values.get("length"))) fail("--length", "give 1 or 2");
  return withFolder(async (folder) => {
    const [base, head] = await sides(input, folder);
    const schemes = await compareAll(base, head, input);
    const found = schemes.flatMap((s) => s.changes).filter((c) => forbidden.includes(c.kind));
    const report: DiffReport = { base: base.name, head: head.name, schemes, forbidden };
    const texts = { human: diffText, json: diffJson, markdown: diffMarkdown };
    process.stdout.write(texts[format](report));
    return codeOf(schemes, found);
  });
}

function codeOf(schemes: SchemeDiff[], forbidden: Change[]): ExitCode {
  if (forbidden.length > 0) return EXIT.violation;
  const incomplete = schemes.some((s) => s.changes.some((c) => c.kind === "incomplete"));
  return incomplete ? EXIT.incomplete : EXIT.ok;
}

function forbiddenIn(list: string | undefined): ChangeKind[] {
  return (list?.split(",") ?? []).map((text) => {
    const kind = KINDS.find((k) => k === text.trim());
    return kind ?? fail(`--forbid ${text}: no such kind of change`, didYouMean(text, KINDS));
  });
}

/** One version of the specs. */
interface Side {
  name: string;
  specs: LoadedSpec[];
}

async function sides({ args, values }: Input, folder: string): Promise<[Side, Side]> {
  const [base = "", head] = args;
  const specs = values.get("specs");
  if (existsSync(base)) {
    if (head === undefined) fail(`${base} is compared with what?`, "name two files, or a revision");
    if (specs !== undefined) fail("--specs goes with git revisions");
    return [await sideAt(base, base), await sideAt(head, head)];
  }
  const of = (revision: string, name: string) => sideOf(revision, join(folder, name), specs);
  const before = await of(base, "base");
  if (head !== undefined && !existsSync(head)) return [before, await of(head, "head")];
  return [before, await sideAt(head ?? specs ?? DEFAULT_FOLDER, head ?? "the files as they are")];
}

async function sideAt(path: string, name: string, language?: string): Promise<Side> {
  const specs: LoadedSpec[] = [];
  for (const file of findSpecs([path])) specs.push(await loadSpec(file, language));
  return { name, specs };
}

/** The specs of a revision; none, when it has no such file or folder. */
async function sideOf(revision: string, folder: string, specs = DEFAULT_FOLDER): Promise<Side> {
  const commit = commitOf(revision, "neither a file nor a git revision here");
  checkOut(commit, folder);
  const root = join(folder, "tree");
  const path = join(root, repository().below, specs);
  if (!existsSync(path)) return { name: revision, specs: [] };
  return sideAt(path, revision, languageIn(root));
}

async function compareAll(base: Side, head: Side, input: Input): Promise<SchemeDiff[]> {
  const progress = progressLine(process.stderr);
  const searcher = startSearcher((task, p) => progress.update(task.stem, p));
  try {
    const schemes: SchemeDiff[] = [];
    for (const [before, after] of pairsOf(base.specs, head.specs)) {
      if (before && after) schemes.push(...(await compare(before, after, input, searcher)));
      else schemes.push(alone(before, after));
    }
    return schemes.filter((s) => s.changes.length > 0);
  } finally {
    progress.clear();
    await searcher.close();
  }
}

/** By name; two single files by place. */
function pairsOf(base: LoadedSpec[], head: LoadedSpec[]) {
  if (base.length === 1 && head.length === 1) return [[base[0], head[0]] as const];
  const names = [...new Set([...base, ...head].map((s) => s.name))];
  const named = (list: LoadedSpec[], name: string) => list.find((s) => s.name === name);
  return names.map((name) => [named(base, name), named(head, name)] as const);
}

function alone(before: LoadedSpec | undefined, after: LoadedSpec | undefined): SchemeDiff {
  const kind = before ? "spec-removed" : "spec-added";
  const spec = before?.name ?? after?.name ?? "";
  const config = (after ?? before)?.configs[0]?.name ?? "";
  return { spec, config, changes: [{ kind, subject: spec }] };
}

function taskOf(spec: LoadedSpec, config: string, variant: string): Task {
  const model = spec.build(config, variant);
  return { spec, config, variant, kind: "scheme", stem: spec.name, model };
}

async function compare(
  before: LoadedSpec,
  after: LoadedSpec,
  input: Input,
  searcher: Searcher,
): Promise<SchemeDiff[]> {
  const config = input.values.get("config") ?? after.configs[0]?.name ?? "";
  const [sizesBefore, sizesAfter] = [before, after].map(
    (s) => s.configs.find((c) => c.name === config)?.sizes,
  );
  if (!sizesAfter) return [];
  const spec = after.name;
  if (!sizesBefore) return [{ spec, config, changes: [{ kind: "size-changed", subject: config }] }];
  const changes = sizeChanges(sizesBefore, sizesAfter);
  const [base, head] = [taskOf(before, config, ""), taskOf(after, config, "")];
  if (modelHash(base.model) !== modelHash(head.model)) {
    changes.push(...(await schemeChanges(base, head, input, searcher)));
  }
  if (input.flags.has("mutants")) {
    changes.push(...(await variantChanges(before, after, limitsOf(input), searcher)));
  }
  return [{ spec, config, changes }];
}

async function schemeChanges(
  base: Task,
  head: Task,
  input: Input,
  searcher: Searcher,
): Promise<Change[]> {
  const limits = limitsOf(input);
  const limit = countOf(input, "behaviour-states") ?? DEFAULT_LIMIT;
  const length = countOf(input, "length") ?? 2;
  const was = await searchAll(base, limits, searcher);
  const is = await searchAll(head, limits, searcher);
  return [
    ...verdictChanges(was, is),
    ...claimChanges(base.model, head.model),
    ...stepChanges(base.model, head.model),
    ...lockChanges(base.model, head.model, limit),
    ...behaviourChanges(base.model, head.model, length, limit),
    ...countChanges(was, is),
  ];
}

/** What mutants and variants come to, where their models differ. */
async function variantChanges(
  before: LoadedSpec,
  after: LoadedSpec,
  limits: Limits,
  searcher: Searcher,
): Promise<Change[]> {
  const names = [...new Set([...before.variants, ...after.variants].map((v) => v.name))];
  const changes: Change[] = [];
  for (const name of names) {
    const verdicts = await Promise.all(
      [before, after].map((spec) => verdictOf(spec, name, limits, searcher)),
    );
    const [was, is] = verdicts;
    if (was === is) continue;
    changes.push({ kind: "mutant-changed", subject: name, text: `${was} -> ${is}` });
  }
  return changes;
}

async function verdictOf(
  spec: LoadedSpec,
  variant: string,
  limits: Limits,
  searcher: Searcher,
): Promise<string> {
  const found = spec.variants.find((v) => v.name === variant);
  const config = found?.config ?? spec.configs[0]?.name ?? "";
  if (!found) return "not there";
  const { verdict } = await searcher.run(taskOf(spec, config, variant), limits);
  return verdict.kind === "violated" ? `violated ${verdict.violation.property}` : verdict.kind;
}
