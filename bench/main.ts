/**
 * Compares us with the checkers that are installed: the same models in one run, the tools taking
 * turns, so that whatever else the machine does meets all of them. A time counts only if the
 * counts are right.
 *
 *     npm run bench -- [--sizes S,M,L,X] [--runs 3] [--tools REGEX] [--out FILE]
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Cost, median, type Ran } from "./measure.ts";
import { GPUSVM_SIZES } from "./models/gpusvm.ts";
import { plot, type Row, table } from "./report.ts";
import { type Counts, installedTools, type Tool, workFolder } from "./tools.ts";

const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "S,M,L" },
    runs: { type: "string", default: "3" },
    tools: { type: "string", default: "" },
    out: { type: "string", default: "bench-result" },
  },
});

function checkCounts(tool: Tool, size: string, found: Counts): void {
  const expected = GPUSVM_SIZES[size];
  if (!expected || tool.counts === "reduced") return;
  const states = tool.counts === "full" ? expected.states : expected.symmetric;
  const wrong =
    found.states !== states ||
    (tool.counts === "full" &&
      found.transitions !== undefined &&
      found.transitions !== expected.transitions);
  if (wrong) {
    const { transitions } = found;
    throw new Error(`${tool.name}, ${size}: ${found.states} states, ${transitions} transitions`);
  }
}

function measure(tools: Tool[], size: string, runs: number, root: string): Row[] {
  const built = new Map<Tool, Cost | undefined>();
  for (const tool of tools) built.set(tool, tool.prepare(size, workFolder(root, tool, size)));
  const all = new Map<Tool, (Ran & Counts)[]>(tools.map((tool) => [tool, []]));
  for (let round = 0; round < runs; round++) {
    for (const tool of tools) {
      const ran = tool.run(size, workFolder(root, tool, size));
      checkCounts(tool, size, ran);
      all.get(tool)?.push(ran);
      process.stderr.write(`${size} ${tool.name}: ${ran.cpu.toFixed(2)} s\n`);
    }
  }
  return tools.map((tool): Row => {
    const ran = all.get(tool) ?? [];
    const wall = median(ran.map((r) => r.wall));
    const { states = 0, transitions } = ran[0] ?? {};
    return {
      size,
      tool: tool.name,
      states,
      transitions,
      cpu: median(ran.map((r) => r.cpu)),
      wall,
      cold: wall + (built.get(tool)?.wall ?? 0),
      residentPerState: median(ran.map((r) => r.resident)) / states,
    };
  });
}

const root = mkdtempSync(join(os.tmpdir(), "mmrace-bench-"));
try {
  const wanted = new RegExp(values.tools);
  const tools = installedTools().filter((tool) => wanted.test(tool.name));
  const runs = Math.max(1, Number(values.runs));
  const rows = values.sizes.split(",").flatMap((size) => measure(tools, size, runs, root));
  console.log(table(rows));
  const machine = { cpus: os.cpus().length, model: os.cpus()[0]?.model, load: os.loadavg() };
  const result = { machine, node: process.version, runs, rows };
  writeFileSync(`${values.out}.json`, `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(`${values.out}.svg`, plot(rows));
} finally {
  rmSync(root, { recursive: true });
}
