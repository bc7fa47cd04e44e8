/** A model through the other checkers: export, build, run, compare. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Exported, exportModel, onlyClaim } from "../../model/export/index.ts";
import { layoutOf, type Model } from "../../model/ir/index.ts";
import { withFolder } from "../temporary.ts";
import { BUILD_LIMITS, limitIn, type Report } from "./parse.ts";
import { type Ran, run } from "./process.ts";
import {
  type Command,
  type Limits,
  type Recipe,
  recipeFor,
  type Size,
  spinRuns,
} from "./recipes.ts";
import { findTool, TARGET_OF, type Tool, whatIsMissing } from "./tools.ts";

/** Our own result, of a search without reductions. */
export interface Own {
  verdict: "holds" | "violated" | "incomplete";
  states: number;
  transitions: number;
}

/** Our own result for a claim about infinite runs. */
export interface OwnClaim {
  /** `liveness NAME`, `starvation ACTOR`. */
  key: string;
  verdict: Own["verdict"];
}

export interface Row {
  tool: Tool;
  version: string;
  /** The claim about infinite runs that was asked; undefined for everything else. */
  asked: string | undefined;
  /** Without what the tool counts besides the model's own; undefined when it did not say. */
  states: number | undefined;
  transitions: number | undefined;
  verdict: "holds" | "violated" | "incomplete" | "failed" | "missing" | "refused";
  /** Undefined when there is nothing to compare: a tool is missing, or did not come to an end. */
  agree: boolean | undefined;
  /** `kind property` of what the tool found violated. */
  claim: string | undefined;
  note: string;
}

export interface CrosscheckOptions {
  tools: readonly Tool[];
  /** For the files and the TLA+ module. */
  name: string;
  /** Goes to the head of the exported files. */
  header: string[];
  limits: Limits;
  env: Readonly<Record<string, string | undefined>>;
  /** Told what is being asked, before each question: `spin about safety`. */
  asking?: (what: string) => void;
}

/** What a question is about, for people. */
export function askedText(key: string | undefined): string {
  return key === undefined ? "safety" : key.replace(/^liveness /, "");
}

/** Those that know fair runs. */
export const FAIR_TOOLS: readonly Tool[] = ["spin", "tlc"];

/**
 * Claims about infinite runs, one by one, by the tools that know fair runs and are there. Only
 * verdicts are compared: what a tool adds to tell fair runs from others counts as states.
 */
export async function crosscheckClaims(
  model: Model,
  states: number,
  claims: OwnClaim[],
  options: CrosscheckOptions,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const tool of FAIR_TOOLS) {
    const programs = options.tools.includes(tool) ? findTool(tool, options.env) : undefined;
    if (!programs) continue;
    for (const { key, verdict } of claims) {
      const exported = exportModel(onlyClaim(model, key), TARGET_OF[tool], options);
      const size = sizeOf(model, states, exported);
      const flag = exported.runs?.flags[key];
      const recipe =
        exported.runs && flag
          ? spinRuns(options.name, { ...exported.runs, flag }, size, options.limits, programs)
          : recipeFor(tool, options.name, size, options.limits, programs);
      const question: Question = { tool, programs, exported, recipe, asked: key };
      options.asking?.(`${tool} about ${askedText(key)}`);
      const row = await answer(question, options.limits);
      const agree = compared(row, verdict) ? row.verdict === verdict : undefined;
      rows.push({ ...row, states: undefined, transitions: undefined, agree });
    }
  }
  return rows;
}

/**
 * One row per tool, in the order asked for. Claims about infinite runs are left out. The model
 * should be the one that was searched: dead locals reset or not, no reductions. When ours is a
 * violation only the verdicts are compared, because every tool stops somewhere else.
 */
export async function crosscheck(
  model: Model,
  own: Own,
  options: CrosscheckOptions,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const tool of options.tools) rows.push(await second(tool, model, own, options));
  return rows;
}

/** What a tool will be asked about everything but infinite runs; undefined when it is missing. */
export function questionFor(
  tool: Tool,
  model: Model,
  states: number,
  options: Omit<CrosscheckOptions, "tools">,
): Question | undefined {
  const programs = findTool(tool, options.env);
  if (!programs) return undefined;
  const exported = exportModel(model, TARGET_OF[tool], { ...options, safetyOnly: true });
  const size = sizeOf(model, states, exported);
  const recipe = recipeFor(tool, options.name, size, options.limits, programs);
  return { tool, programs, exported, recipe, asked: undefined };
}

function sizeOf(model: Model, states: number, { files }: Exported): Size {
  const text = files.reduce((sum, file) => sum + file.text.length, 0);
  return { states, cells: layoutOf(model).slots.length, text };
}

const EMPTY = { version: "", states: undefined, transitions: undefined, claim: undefined };

async function second(
  tool: Tool,
  model: Model,
  own: Own,
  options: CrosscheckOptions,
): Promise<Row> {
  const question = questionFor(tool, model, own.states, options);
  if (!question) {
    const nothing = { tool, asked: undefined, ...EMPTY, agree: undefined };
    return { ...nothing, verdict: "missing", note: whatIsMissing(tool, options.env) };
  }
  options.asking?.(`${tool} about ${askedText(undefined)}`);
  const row = await answer(question, options.limits);
  return { ...row, agree: agrees(row, own) };
}

export interface Question {
  tool: Tool;
  programs: Record<string, string>;
  exported: Exported;
  recipe: Recipe;
  asked: string | undefined;
}

/** Builds and runs the tool in a folder of its own. */
export async function answer(
  { tool, programs, exported, recipe, asked }: Question,
  limits: Limits,
): Promise<Row> {
  const [refusal] = exported.refusals;
  if (refusal) {
    const note = `${refusal.feature} (${refusal.place}): ${refusal.text}`;
    return { tool, asked, ...EMPTY, agree: undefined, verdict: "refused", note };
  }
  return withFolder(async (folder) => {
    for (const file of exported.files) await writeFile(join(folder, file.name), file.text);
    const start = (command: Command): Promise<Ran> =>
      run(programs[command.program] ?? command.program, command.args, {
        cwd: folder,
        seconds: limits.seconds,
        processorSeconds: limits.processorSeconds,
        megabytes: command.limitMemory && limits.megabytes,
      });
    const report = await follow(recipe, start, limits);
    return rowOf(tool, asked, await versionOf(recipe, start), report, exported);
  });
}

type Start = (command: Command) => Promise<Ran>;

async function follow(recipe: Recipe, start: Start, limits: Limits): Promise<Report> {
  const nothing = { states: undefined, transitions: undefined, claim: undefined };
  const incomplete = (note: string): Report => ({ ...nothing, verdict: "incomplete", note });
  const outOfTime = `time limit of ${limits.processorSeconds ?? limits.seconds} s`;
  for (const command of recipe.build) {
    const { output, code, signal, timedOut } = await start(command);
    if (timedOut) return incomplete(`${outOfTime} (building)`);
    if (code === 0) continue;
    const limit = limitIn(output, BUILD_LIMITS);
    if (limit) return incomplete(`${limit} (building)`);
    const said = signal ?? output.trim().split("\n").slice(0, 2).join(" | ");
    return { ...nothing, verdict: "failed", note: `${command.program}: ${said}` };
  }
  const { output, signal, timedOut } = await start(recipe.search);
  if (timedOut) return incomplete(outOfTime);
  const report = recipe.parse(output);
  if (report.verdict !== "failed") return report;
  // Nobody but the system kills it: it does so when memory runs out.
  if (signal === "SIGKILL") return incomplete("killed: out of memory?");
  return { ...report, note: [signal, report.note].filter(Boolean).join(": ") };
}

async function versionOf(recipe: Recipe, start: Start): Promise<string> {
  const { output } = await start(recipe.version);
  return recipe.versionPattern.exec(output)?.[1] ?? "";
}

function rowOf(
  tool: Tool,
  asked: string | undefined,
  version: string,
  report: Report,
  exported: Exported,
): Row {
  const less = (n: number | undefined, extra: number): number | undefined =>
    n === undefined ? undefined : n - extra;
  // A search that stopped early may not have come to what is counted besides.
  const extra = report.verdict === "holds" ? exported.extra : { states: 0, transitions: 0 };
  const states = less(report.states, extra.states);
  const transitions = less(report.transitions, extra.transitions);
  const claim = report.claim === undefined ? undefined : exported.claims[report.claim];
  const { verdict, note } = report;
  return { tool, version, asked, states, transitions, verdict, claim, note, agree: undefined };
}

/** Is there something to compare? */
function compared(row: Row, own: Own["verdict"]): boolean {
  const isAnswer = row.verdict === "holds" || row.verdict === "violated";
  return isAnswer && own !== "incomplete";
}

/** Undefined when there is nothing to compare. */
export function agrees(row: Row, own: Own): boolean | undefined {
  if (!compared(row, own.verdict)) return undefined;
  if (row.verdict !== own.verdict) return false;
  if (own.verdict === "violated") return true;
  return row.states === own.states && row.transitions === own.transitions;
}
