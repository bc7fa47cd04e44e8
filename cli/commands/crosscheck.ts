import { availableParallelism } from "node:os";
import { onlyClaim, runClaimsOf, safetyOf } from "../../model/export/index.ts";
import { type Model, resetDeadLocals } from "../../model/ir/index.ts";
import { bytesOf, type Command, type Input, secondsOf } from "../args.ts";
import {
  crosscheck,
  crosscheckClaims,
  FAIR_TOOLS,
  type Own,
  type OwnClaim,
  type Row,
} from "../crosscheck/crosscheck.ts";
import { contradicted, crosscheckTable } from "../crosscheck/table.ts";
import { findTool, TOOLS, type Tool } from "../crosscheck/tools.ts";
import { fail } from "../errors.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { exportHeader, exportName } from "../export-text.ts";
import { findSpec } from "../loader/find.ts";
import { selectionOf } from "../plan.ts";
import { prepare, type Task } from "../prepare.ts";
import { progressLine, showClock } from "../progress.ts";
import { runTasks } from "../run.ts";
import { didYouMean } from "../suggest.ts";

const SECONDS = 600;
const BYTES = 4 * 2 ** 30;
/** Claims about infinite runs of larger models take SPIN and TLC many minutes each. */
const RUN_STATES = 20_000;

const count = (n: number): string => n.toLocaleString("en");

export const crosscheckCommand: Command = {
  name: "crosscheck",
  summary: "ask SPIN, Rumur, TLC and LTSmin for a second opinion",
  usage: "SPEC [--with TOOL,TOOL...] [--config NAME] [--variant NAME]",
  details: [
    "Exports the model, runs the tools that are installed, and compares verdicts and, where the",
    "scheme holds, the numbers of states and transitions. SPIN and TLC are also asked about each",
    `claim about infinite runs: of models with more than ${count(RUN_STATES)} states, which takes`,
    "them long, only with --liveness. Exit code 1 when a tool contradicts; 3 when one failed, when",
    "one named by --with gave no answer, or when none did.",
  ].join("\n"),
  options: {
    with: { value: "TOOLS", help: `some of ${TOOLS.join(",")} (default: all)` },
    config: { value: "NAME", help: "configuration (default: the first)" },
    variant: { value: "NAME", help: "a mutant or variant instead of the scheme itself" },
    liveness: { help: "ask about infinite runs however many states there are" },
    "time-limit": { value: "TIME", help: `for each program that is run (default: ${SECONDS}s)` },
    "max-memory": { value: "SIZE", help: "for each tool that can be limited (default: 4G)" },
  },
  args: { min: 1, max: 1 },
  run: ask,
};

async function ask(input: Input): Promise<number> {
  const { args, values } = input;
  const tools = toolsOf(values.get("with"));
  const limits = {
    seconds: secondsOf(input, "time-limit") ?? SECONDS,
    megabytes: Math.ceil((bytesOf(input, "max-memory") ?? BYTES) / 2 ** 20),
    threads: availableParallelism(),
  };
  const selection = selectionOf(values);
  const { tasks } = await prepare([findSpec(args[0] as string)], selection, { typecheck: false });
  const task = tasks[0] as Task;
  // The same model for everybody: what is not read again is reset in the model, not in the search.
  const whole = resetDeadLocals(task.model);
  const model = safetyOf(whole);
  const search = async (asked: Model, liveness: false | string[]) => {
    const limits = { deadReset: false, liveness };
    const run = await runTasks([{ ...task, model: asked }], limits, () => undefined);
    return run.interrupted ? undefined : run.outcomes[0]?.result;
  };
  const result = await search(model, false);
  if (!result) return EXIT.interrupted;
  const { states, transitions, verdict } = result;
  const own: Own = { states, transitions, verdict: verdict.kind };
  const header = exportHeader(task);
  const telling = startAsking();
  const options = {
    tools,
    name: exportName(task),
    header,
    limits,
    env: process.env,
    asking: telling.about,
  };
  const rows = await crosscheck(model, own, options);
  // A run that is cut short by a violation says nothing about infinite ones.
  const keys = isFairTool(tools) && own.verdict === "holds" ? runClaimsOf(whole) : [];
  const isLarge = states > RUN_STATES && !input.flags.has("liveness");
  const claims: OwnClaim[] = [];
  telling.pause();
  for (const key of isLarge ? [] : keys) {
    const [kind, name] = key.split(" ") as [string, string];
    const found = await search(onlyClaim(whole, key), [kind === "liveness" ? name : kind]);
    if (!found) return EXIT.interrupted;
    claims.push({ key, verdict: found.verdict.kind });
  }
  rows.push(...(await crosscheckClaims(whole, states, claims, options)));
  telling.end();
  process.stdout.write(`${header[0]}\n\n${crosscheckTable(own, rows, claims)}\n`);
  if (isLarge && keys.length > 0) process.stdout.write(notAsked(keys, states));
  return codeOf(rows, values.has("with"));
}

/** Tells for how long another tool has been at it: `asking spin about safety elapsed=00:00:42`. */
function startAsking() {
  const line = progressLine(process.stderr);
  let what = "";
  let since = 0;
  const tell = (): void => {
    if (what) line.say(`asking ${what} elapsed=${showClock((Date.now() - since) / 1000)}`);
  };
  const timer = setInterval(tell, 250).unref();
  const pause = (): void => {
    what = "";
    line.clear();
  };
  return {
    about(text: string): void {
      what = text;
      since = Date.now();
    },
    pause,
    end(): void {
      clearInterval(timer);
      pause();
    },
  };
}

/** Is one of them there that can be asked about infinite runs? */
function isFairTool(tools: readonly Tool[]): boolean {
  return tools.some((tool) => FAIR_TOOLS.includes(tool) && findTool(tool, process.env));
}

function notAsked(keys: string[], states: number): string {
  const names = keys.map((key) => key.replace(/^liveness /, "")).join(", ");
  return `not asked, with ${count(states)} states (--liveness asks): ${names}\n`;
}

function toolsOf(list: string | undefined): readonly Tool[] {
  if (list === undefined) return TOOLS;
  return [...new Set(list.split(","))].map((name) => {
    const found = TOOLS.find((tool) => tool === name);
    return found ?? fail(`--with ${name}: no such tool`, didYouMean(name, TOOLS));
  });
}

/** @param named the user asked for exactly these tools */
function codeOf(rows: Row[], named: boolean): ExitCode {
  if (contradicted(rows)) return EXIT.violation;
  if (rows.some((row) => row.verdict === "failed")) return EXIT.incomplete;
  const agreed = rows.filter((row) => row.agree === true).length;
  return agreed === 0 || (named && agreed < rows.length) ? EXIT.incomplete : EXIT.ok;
}
