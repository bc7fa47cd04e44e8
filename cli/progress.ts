/** Where a search is: on a terminal one line at 4 Hz, elsewhere one plain line every 30 seconds. */
import type { Progress } from "../checker/index.ts";

export interface ProgressLine {
  /** @param title what is being checked */
  update(title: string, progress: Progress): void;
  /** The same with a text of its own. */
  say(line: string): void;
  /** Takes the line off the terminal, before anything else is printed. */
  clear(): void;
}

interface Stream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

const TERMINAL_MS = 250;
const PLAIN_MS = 30_000;

/** @param now milliseconds; only differences count */
export function progressLine(stream: Stream, now: () => number = Date.now): ProgressLine {
  const terminal = stream.isTTY === true && process.env.TERM !== "dumb";
  let last = now();
  let shown = false;
  const say = (line: string): void => {
    if (now() - last < (terminal ? TERMINAL_MS : PLAIN_MS)) return;
    last = now();
    if (!terminal) {
      stream.write(`progress ${line}\n`);
      return;
    }
    stream.write(`\r${line.slice(0, (stream.columns ?? 80) - 1)}\u001b[K`);
    shown = true;
  };
  return {
    say,
    update: (title, progress) => say(progressText(title, progress)),
    clear() {
      if (shown) stream.write("\r\u001b[K");
      shown = false;
    },
  };
}

/**
 * `hmm-mirror depth=31 states=4,120,331 (of about 6M to 9M) queue=88,102 rate=1.1M/s mem=1.2G
 * elapsed=00:01:30`;
 * the estimate says between what the number of states may lie, and is missing while nobody knows.
 */
export function progressText(title: string, progress: Progress): string {
  const { depth, states, queue, bytes } = progress;
  const seconds = progress.elapsed / 1000;
  const rate = seconds > 0 ? states / seconds : 0;
  return [
    title,
    `depth=${depth}`,
    `states=${showCount(states)}${showEstimate(progress.expected)}`,
    `queue=${showCount(queue)}`,
    `rate=${showRate(rate)}/s`,
    `mem=${showBytes(bytes)}`,
    `elapsed=${showClock(seconds)}`,
  ].join(" ");
}

/** ` (of about 6M to 9M)`, or nothing. */
export function showEstimate(expected: Progress["expected"]): string {
  if (!expected) return "";
  return ` (of about ${showRounded(expected.low)} to ${showRounded(expected.high)})`;
}

/** Two digits: `6.3M`, `84k`. */
export function showRounded(n: number): string {
  const units: [number, string][] = [
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ];
  const [size, name] = units.find(([least]) => n >= least) ?? [1, ""];
  return `${Number((n / size).toPrecision(2))}${name}`;
}

/** `4,120,331`, the same in every locale. */
export function showCount(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}

function showRate(n: number): string {
  if (n >= 1e6) return `${(n / 1e6).toFixed(1)}M`;
  return n >= 1e3 ? `${(n / 1e3).toFixed(0)}k` : n.toFixed(0);
}

export function showBytes(bytes: number): string {
  if (bytes >= 2 ** 30) return `${(bytes / 2 ** 30).toFixed(1)}G`;
  return `${Math.ceil(bytes / 2 ** 20)}M`;
}

export function showClock(seconds: number): string {
  const two = (n: number) => String(Math.floor(n)).padStart(2, "0");
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}
