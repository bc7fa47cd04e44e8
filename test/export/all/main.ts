/**
 * `npm run crosscheck:all [-- options]`: everything through the other tools. Takes hours the first
 * time; an answer once given is kept, so that it goes on where it was killed, and a later run asks
 * only what has changed.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism, homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findTool, TOOLS, type Tool } from "../../../cli/crosscheck/tools.ts";
import { packageFolder } from "../../../cli/home.ts";
import { type Answer, type Asking, ask } from "./answers.ts";
import { type Item, itemsOf, randomSubjects, specSubjects } from "./items.ts";
import { crosscheckPage, isDifferent, type Made } from "./page.ts";

const HELP = `options:
  --with TOOLS    some of ${TOOLS.join(",")} (default: those that are there)
  --random N      this many random programs (default: 1000)
  --jobs N        at a time (default: one per processor)
  --seconds N     of processor time for each program (default: 900)
  --megabytes N   for each program (default: 6000)
  --budget N      after this many minutes ask nothing more
  --retry         ask again what was not answered within the limits
  --cache DIR     where answers are kept (default: ~/.cache/mmrace/crosscheck)
  --output FILE   the page (default: docs/crosscheck.md)
`;

const { values } = parseArgs({
  options: {
    with: { type: "string" },
    random: { type: "string", default: "1000" },
    jobs: { type: "string", default: String(availableParallelism()) },
    seconds: { type: "string", default: "900" },
    megabytes: { type: "string", default: "6000" },
    budget: { type: "string", default: "Infinity" },
    retry: { type: "boolean", default: false },
    cache: { type: "string", default: join(homedir(), ".cache", "mmrace", "crosscheck") },
    output: { type: "string", default: join(packageFolder, "docs", "crosscheck.md") },
    help: { type: "boolean", default: false },
  },
});

const say = (text: string): boolean => process.stderr.write(`${text}\n`);

function toolsOf(list: string | undefined): Tool[] {
  if (list === undefined) return TOOLS.filter((tool) => findTool(tool, process.env));
  return list.split(",").map((name) => {
    const tool = TOOLS.find((each) => each === name);
    if (!tool || !findTool(tool, process.env)) throw new Error(`--with ${name}: not there`);
    return tool;
  });
}

/** `gcc 12.2.0`; those that are not there are left out. */
function compilers(): string[] {
  return ["gcc", "tcc"].flatMap((name) => {
    try {
      const args = name === "gcc" ? ["-dumpfullversion"] : ["-v"];
      const said = execFileSync(name, args, { encoding: "utf8" });
      return [`${name} ${/\d[\d.]*/.exec(said)?.[0]}`];
    } catch {
      return [];
    }
  });
}

/** In the order of the items, so many at a time. */
async function askAll(items: Item[], asking: Asking, jobs: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  const end = Date.now() + Number(values.budget) * 60_000;
  let [next, done, told] = [0, 0, 0];
  const worker = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) {
      const item = items[i] as Item;
      const answer = await ask(item, { ...asking, knownOnly: Date.now() > end });
      answers[i] = answer;
      done++;
      const name = `${item.subject.title}, ${item.tool}`;
      if (isDifferent(answer)) say(`DIFFERENT: ${name}: ${JSON.stringify(answer.row)}`);
      if (Date.now() - told < 10_000 && done < items.length) continue;
      told = Date.now();
      say(`${done} of ${items.length}, ${answers.filter(isDifferent).length} different; ${name}`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return answers;
}

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const limits = { processorSeconds: Number(values.seconds), megabytes: Number(values.megabytes) };
  const asking: Asking = {
    cache: values.cache,
    // A machine that has other work to do may take its time.
    limits: { ...limits, seconds: 20 * limits.processorSeconds, threads: 1 },
    knownOnly: false,
    retry: values.retry,
  };
  const tools = toolsOf(values.with);
  say(`asking ${tools.join(", ")}; answers are kept in ${asking.cache}`);
  const subjects = [
    ...(await specSubjects(packageFolder)),
    ...randomSubjects(Number(values.random)),
  ];
  const answers = await askAll(itemsOf(subjects, tools), asking, Number(values.jobs));
  const order = new Map(subjects.map((subject, i) => [subject, i] as const));
  answers.sort((a, b) => (order.get(a.item.subject) ?? 0) - (order.get(b.item.subject) ?? 0));
  const made: Made = { compilers: compilers(), limits };
  writeFileSync(values.output, crosscheckPage(answers, made));
  const different = answers.filter(isDifferent).length;
  const open = answers.filter((a) => !a.item.isTooLarge && a.row?.agree === undefined).length;
  say(`${answers.length} answers, ${different} different, ${open} open; see ${values.output}`);
  return different > 0 ? 1 : open > 0 ? 3 : 0;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));
process.exitCode = await main();
