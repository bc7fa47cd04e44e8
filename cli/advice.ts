/** What a search that ran out of memory or disk would have needed, and what to try. */
import type { Outcome } from "./judge.ts";
import { showBytes, showCount, showRounded } from "./progress.ts";
import type { Limits } from "./search.ts";

export function adviceText(outcomes: Outcome[], limits: Limits): string {
  return outcomes.map((outcome) => adviceFor(outcome, limits)).join("");
}

function adviceFor({ task, result }: Outcome, limits: Limits): string {
  const { verdict, states, bytes, expected } = result;
  if (verdict.kind !== "incomplete" || states === 0) return "";
  if (verdict.limit !== "memory" && verdict.limit !== "disk") return "";
  const each = bytes / states;
  const spilled = limits.spillTo !== undefined;
  const full = `${showCount(states)} states in ${showBytes(bytes)} of memory`;
  const estimate = !expected
    ? "how many there are cannot be told yet"
    : `there may be ${showRounded(expected.low)} to ${showRounded(expected.high)}` +
      (spilled ? "" : `: ${showBytes(expected.low * each)} to ${showBytes(expected.high * each)}`);
  const lines = [
    `${task.spec.name} (${task.config}): ${full}, ${Math.ceil(each)} bytes each; ${estimate}`,
    `  try: ${ideas(limits, verdict.limit === "disk").join(", ")}`,
  ];
  return `\n${lines.join("\n")}\n`;
}

function ideas(limits: Limits, diskIsFull: boolean): string[] {
  const list: [string, boolean | undefined][] = [
    ["another disk for --spill", diskIsFull],
    ["more --max-memory", !diskIsFull],
    ["--symmetry", !limits.symmetry],
    ["--partial-order", !limits.partialOrder],
    ["--compress", !limits.compress && !limits.spillTo],
    ["--spill DIR", !limits.spillTo],
    ["a smaller configuration", true],
    ["--hash-compaction (not exact)", !limits.hashCompaction],
  ];
  return list.filter(([, fits]) => fits).map(([text]) => text);
}
