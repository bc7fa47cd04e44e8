/**
 * Compares us with the checkers that are installed: the same models in one run, the tools taking
 * turns, so that whatever else the machine does meets all of them. A time counts only if the
 * counts are right.
 *
 *     npm run bench -- [--sizes S,M,L,X] [--scaling] [--specs] [--deep] [--runs 3]
 *                      [--models REGEX] [--tools REGEX] [--cpu N] [--out FILE] [--write]
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Cost, median, type Ran, stayOn } from "./measure.ts";
import { plot, type Row, table, writeTables } from "./report.ts";
import { familySizes, type Subject, scalingSeries, schemes } from "./subjects.ts";
import { type Counts, GaveUp, type Tool } from "./tool.ts";
import { installedTools, workFolder } from "./tools.ts";

const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "S,M,L" },
    scaling: { type: "boolean", default: false },
    specs: { type: "boolean", default: false },
    deep: { type: "boolean", default: false },
    runs: { type: "string", default: "3" },
    models: { type: "string", default: "" },
    tools: { type: "string", default: "" },
    cpu: { type: "string" },
    out: { type: "string", default: "bench-result" },
    write: { type: "boolean", default: false },
  },
});

// Node reads all certificates in this file at every start, and we use none.
delete process.env.NODE_EXTRA_CA_CERTS;

if (values.cpu) stayOn(values.cpu);

const repository = join(import.meta.dirname, "..");

async function wantedSubjects(): Promise<Subject[]> {
  const wanted = new RegExp(values.models);
  return [
    ...familySizes(values.sizes.split(",").filter(Boolean)),
    ...(values.scaling ? scalingSeries() : []),
    ...(values.specs ? await schemes(repository, false) : []),
    ...(values.deep ? await schemes(repository, true) : []),
  ].filter((subject) => wanted.test(subject.name));
}

/** Throws when a count is not as published, or not that of the tool before. */
function checkCounts(tool: Tool, subject: Subject, found: Counts): void {
  const { states, transitions } = found;
  if (tool.counts === "reduced") return;
  if (tool.counts === "full" && !subject.counts) {
    if (transitions === undefined) throw new Error(`${tool.name} counts no transitions`);
    subject.counts = { states, transitions };
  }
  const { counts } = subject;
  const expected = tool.counts === "full" ? counts?.states : counts?.symmetric;
  const wrong =
    (expected !== undefined && states !== expected) ||
    (tool.counts === "full" && transitions !== undefined && transitions !== counts?.transitions);
  if (wrong) {
    throw new Error(`${tool.name}, ${subject.name}: ${states} states, ${transitions} transitions`);
  }
}

/** Slow enough that its median over several runs tells no more than one run. */
const LONG_SECONDS = 15;

function measure(all: Tool[], subject: Subject, runs: number, root: string): Row[] {
  const built = new Map<Tool, Cost>();
  const results = new Map<Tool, (Ran & Counts)[]>();
  for (let round = 0; round < runs; round++) {
    // Whether a tool fits may depend on the number of states, which the first one counts.
    for (const tool of all) {
      if (round === 0 && !tool.fits(subject)) continue;
      const before = results.get(tool) ?? [];
      if (round > 0 && (before.length === 0 || isLong(tool, before))) continue;
      const folder = workFolder(root, tool, subject);
      if (round === 0) built.set(tool, tool.prepare(subject, folder));
      const ran = runToTheEnd(tool, subject, folder);
      if (!ran) continue;
      checkCounts(tool, subject, ran);
      results.set(tool, [...before, ran]);
      process.stderr.write(`${subject.name} ${tool.name}: ${ran.cpu.toFixed(2)} s\n`);
    }
  }
  return [...results].map(([tool, ran]) => rowOf(tool, subject, ran, built.get(tool)?.wall ?? 0));
}

function runToTheEnd(tool: Tool, subject: Subject, folder: string): (Ran & Counts) | undefined {
  try {
    return tool.run(subject, folder);
  } catch (error) {
    if (!(error instanceof GaveUp)) throw error;
    process.stderr.write(`${subject.name} ${tool.name}: ${error.message}\n`);
    return undefined;
  }
}

/** Ours run as often as was asked. */
function isLong({ name }: Tool, [first]: Ran[]): boolean {
  return !name.startsWith("mmrace") && (first?.cpu ?? 0) > LONG_SECONDS;
}

function rowOf(tool: Tool, subject: Subject, ran: (Ran & Counts)[], buildWall: number): Row {
  const { states = 0, transitions, stored } = ran[0] ?? {};
  const wall = median(ran.map((r) => r.wall));
  return {
    subject: subject.name,
    group: subject.group,
    tool: tool.name,
    runs: ran.length,
    states,
    transitions,
    cpu: median(ran.map((r) => r.cpu)),
    wall,
    cold: wall + buildWall,
    residentPerState: median(ran.map((r) => r.resident)) / states,
    storedPerState: stored === undefined ? undefined : stored / states,
  };
}

const root = mkdtempSync(join(os.tmpdir(), "mmrace-bench-"));
try {
  const wanted = new RegExp(values.tools);
  const tools = installedTools().filter((tool) => wanted.test(tool.name));
  const runs = Math.max(1, Number(values.runs));
  const subjects = await wantedSubjects();
  const load = os.loadavg()[0] ?? 0;
  const rows = subjects.flatMap((subject) => measure(tools, subject, runs, root));
  console.log(table(rows));
  const machine = { cpus: os.cpus().length, model: os.cpus()[0]?.model ?? "", load };
  const result = { machine, node: process.version, runs, rows };
  writeFileSync(`${values.out}.json`, `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(`${values.out}.svg`, plot(rows));
  if (values.write) writeTables(join(repository, "bench", "README.md"), result);
} finally {
  rmSync(root, { recursive: true });
}
