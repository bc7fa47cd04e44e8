/** The table of a benchmark run for people, and the same as a picture. */
import { readFileSync, writeFileSync } from "node:fs";
import { between, table as markdownTable } from "../cli/markdown.ts";
import type { Subject } from "./subjects.ts";

export interface Row {
  subject: string;
  group: Subject["group"];
  tool: string;
  /** How many runs the medians are of. */
  runs: number;
  states: number;
  transitions: number | undefined;
  /** Medians, in seconds. */
  cpu: number;
  wall: number;
  /** Wall seconds from nothing to the verdict, code generation and compilation included. */
  cold: number;
  residentPerState: number;
  /** Of states and index, where the tool says it. */
  storedPerState: number | undefined;
}

export interface Result {
  machine: { cpus: number; model: string; load: number };
  node: string;
  runs: number;
  rows: Row[];
}

const SPIN = "SPIN, no reduction";

const HEAD = [
  "model",
  "tool",
  "states",
  "transitions",
  "CPU s",
  "wall s",
  "cold s",
  "Mstates/s",
  "ns/transition",
  "B/state",
  "stored B/state",
  "SPIN / it: CPU",
  "cold",
];

/** The last two: how many times less time than SPIN's exact search of the same model. */
function cellsOf(row: Row, rows: Row[]): string[] {
  const { subject, tool, states, transitions, cpu, wall, cold } = row;
  const spin = rows.find((r) => r.subject === subject && r.tool === SPIN);
  const times = (theirs: number | undefined, ours: number): string =>
    theirs && ours ? `${(theirs / ours).toFixed(1)}x` : "";
  // The system counts hundredths of a second.
  const perCpu = (n: number): string => (cpu === 0 ? "" : n.toFixed(2));
  return [
    subject,
    tool,
    states.toLocaleString("en"),
    transitions?.toLocaleString("en") ?? "",
    cpu === 0 ? "<0.01" : cpu.toFixed(2),
    wall.toFixed(2),
    cold.toFixed(2),
    perCpu(states / cpu / 1e6),
    transitions === undefined || cpu === 0 ? "" : ((cpu / transitions) * 1e9).toFixed(0),
    row.residentPerState.toFixed(0),
    row.storedPerState?.toFixed(0) ?? "",
    times(spin?.cpu, cpu),
    times(spin?.cold, cold),
  ];
}

export function table(rows: Row[]): string {
  const lines = [HEAD, ...rows.map((row) => cellsOf(row, rows))];
  const widths = HEAD.map((_, i) => Math.max(...lines.map((l) => (l[i] ?? "").length)));
  const pad = (text: string, i: number): string =>
    i < 2 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0);
  return lines.map((l) => l.map(pad).join("  ").trimEnd()).join("\n");
}

/** Puts what was measured between the markers of its group; the other groups stay as they are. */
export function writeTables(file: string, { machine, node, runs, rows }: Result): void {
  const groups = new Set(rows.map((row) => row.group));
  let text = readFileSync(file, "utf8");
  for (const group of groups) {
    const all = rows.filter((row) => row.group === group);
    const own = all.filter(
      (row) => row.group === "family" || row.group === "scaling" || isTelling(row.subject, rows),
    );
    const fewer = own.some((row) => row.runs < runs) ? ";\nwhat takes above 15 s ran once" : "";
    const models = (of: Row[]): number => new Set(of.map((row) => row.subject)).size;
    const small = models(all) - models(own);
    const left = small === 0 ? "" : `;\nmodels left out, below 10,000 states: ${small}`;
    const note =
      `Node ${node}, ${machine.cpus} x ${machine.model}, load ${machine.load.toFixed(1)} ` +
      `at the start, medians of ${runs} ${runs === 1 ? "run" : "runs"}${fewer}${left}.\n\n`;
    const inside = `\n${note}${markdownTable(
      HEAD,
      own.map((row) => cellsOf(row, rows)),
    )}\n`;
    text = between(text, `bench-${group}`, inside, file);
  }
  writeFileSync(file, text);
}

/** The time of smaller models is that of starting. */
function isTelling(subject: string, rows: Row[]): boolean {
  return rows.some((row) => row.subject === subject && row.states >= 10_000);
}

const BAR = 14;
const LABEL = 180;
const WIDTH = 520;
/** What is shorter cannot be measured. */
const LEAST_SECONDS = 0.01;

/** Horizontal bars of processor time, the tools below their model, on a logarithmic scale. */
export function plot(rows: Row[]): string {
  const seconds = rows.map((r) => Math.max(LEAST_SECONDS, r.cpu));
  const least = Math.min(...seconds) / 2;
  const most = Math.max(...seconds);
  const scale = (cpu: number): number => (Math.log(cpu / least) / Math.log(most / least)) * WIDTH;
  let y = 30;
  const bars = rows.map((r, i) => {
    const isFirst = r.subject !== rows[i - 1]?.subject;
    if (isFirst) y += BAR + 8;
    const heading = isFirst ? headingAt(y, r.subject) : "";
    y += BAR + 4;
    const width = scale(seconds[i] as number);
    const colour = r.tool.startsWith("mmrace") ? "#2b6cb0" : "#a0aec0";
    return [
      heading,
      `<text x="${LABEL - 6}" y="${y - 3}" text-anchor="end">${r.tool}</text>`,
      `<rect x="${LABEL}" y="${y - BAR}" width="${width.toFixed(1)}" height="${BAR}"`,
      ` fill="${colour}"/>`,
      `<text x="${(LABEL + width + 5).toFixed(1)}" y="${y - 3}">${r.cpu.toFixed(2)} s</text>`,
    ].join("");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${LABEL + WIDTH + 80}" height="${y + 10}"
 font-family="sans-serif" font-size="11">
<text x="${LABEL}" y="18">Processor seconds to the verdict, logarithmic</text>
${bars.join("\n")}
</svg>
`;
}

function headingAt(y: number, subject: string): string {
  return `<text x="${LABEL}" y="${y - 3}" font-weight="bold">${subject}</text>`;
}
