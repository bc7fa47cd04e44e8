/** The table of a benchmark run for people, and the same as a picture. */
export interface Row {
  size: string;
  tool: string;
  states: number;
  transitions: number | undefined;
  /** Medians, in seconds. */
  cpu: number;
  wall: number;
  /** Wall seconds from nothing to the verdict, code generation and compilation included. */
  cold: number;
  residentPerState: number;
}

const SPIN = "SPIN, no reduction";

/** How many times less processor time than SPIN's exact search of the same size. */
export function ratioToSpin(row: Row, rows: Row[]): number | undefined {
  const spin = rows.find((r) => r.size === row.size && r.tool === SPIN);
  return spin && spin.cpu / row.cpu;
}

export function table(rows: Row[]): string {
  const head = ["size", "tool", "states", "cpu s", "wall s", "cold s", "Mstates/s", "B/state"];
  const body = rows.map((r) => {
    const ratio = ratioToSpin(r, rows);
    return [
      r.size,
      r.tool,
      r.states.toLocaleString("en"),
      r.cpu.toFixed(2),
      r.wall.toFixed(2),
      r.cold.toFixed(2),
      (r.states / r.cpu / 1e6).toFixed(2),
      r.residentPerState.toFixed(0),
      ratio === undefined ? "" : `${ratio.toFixed(1)}x`,
    ];
  });
  const lines = [[...head, "SPIN / it"], ...body];
  const widths = lines[0]?.map((_, i) => Math.max(...lines.map((l) => (l[i] ?? "").length))) ?? [];
  const pad = (text: string, i: number): string =>
    i < 2 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0);
  return lines.map((l) => l.map(pad).join("  ").trimEnd()).join("\n");
}

const BAR = 14;
const LABEL = 220;
const WIDTH = 520;

/** Horizontal bars of processor time per tool and size, on a logarithmic scale. */
export function plot(rows: Row[]): string {
  const least = Math.min(...rows.map((r) => r.cpu)) / 2;
  const most = Math.max(...rows.map((r) => r.cpu));
  const scale = (cpu: number): number => (Math.log(cpu / least) / Math.log(most / least)) * WIDTH;
  const bars = rows.map((r, i) => {
    const y = 30 + i * (BAR + 4);
    const end = LABEL + scale(r.cpu) + 5;
    const colour = r.tool.startsWith("mmrace") ? "#2b6cb0" : "#a0aec0";
    return [
      `<text x="${LABEL - 6}" y="${y + 11}" text-anchor="end">${r.size}: ${r.tool}</text>`,
      `<rect x="${LABEL}" y="${y}" width="${scale(r.cpu).toFixed(1)}" height="${BAR}"`,
      ` fill="${colour}"/>`,
      `<text x="${end.toFixed(1)}" y="${y + 11}">${r.cpu.toFixed(2)} s</text>`,
    ].join("");
  });
  const height = 40 + rows.length * (BAR + 4);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${LABEL + WIDTH + 80}" height="${height}"
 font-family="sans-serif" font-size="11">
<text x="${LABEL}" y="18">Processor seconds to the verdict, logarithmic</text>
${bars.join("\n")}
</svg>
`;
}
