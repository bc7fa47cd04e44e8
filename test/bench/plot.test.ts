/** The picture of a benchmark: what is in it can be read. */
import { expect, it } from "vitest";
import { plot, type Row } from "../../bench/report.ts";

const row = (subject: string, tool: string, cpu: number): Row => ({
  subject,
  group: "deep",
  tool,
  runs: 1,
  states: 10,
  transitions: 20,
  cpu,
  wall: cpu,
  cold: cpu,
  residentPerState: 1,
  storedPerState: undefined,
});

const LONG = "xe-svm-partial-unmap (deep_cpu_fault)";

/** The widest letters of this size have fewer pixels. */
const LETTER = 7;

it("names a model of any length once, and no text begins left of the picture", () => {
  const svg = plot([row(LONG, "mmrace, partial order", 3), row(LONG, "SPIN, no reduction", 9)]);
  const ended = [...svg.matchAll(/<text x="([\d.]+)"[^>]*text-anchor="end">([^<]*)</g)];
  expect(ended).toHaveLength(2);
  for (const [, x, text = ""] of ended) expect(Number(x)).toBeGreaterThan(text.length * LETTER);
  expect(svg.split(LONG)).toHaveLength(2);
});

it("has a bar for what took no time that could be measured", () => {
  const svg = plot([row("tiny", "mmrace", 0.2), row("tiny", "SPIN, no reduction", 0)]);
  expect(svg).not.toMatch(/NaN|Infinity|width="-/);
});
