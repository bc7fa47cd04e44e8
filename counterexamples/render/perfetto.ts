/**
 * The trace for Perfetto (ui.perfetto.dev) and other readers of Chrome's Trace Event Format: a
 * thread per process, a track per held lock, a track per cell that changes, arrows for stale
 * values.
 *
 * One step takes one millisecond. Slices of one track must nest, so locks get tracks of their own.
 */
import type { Trace } from "../../model/ir/trace.ts";
import { type Hold, holdsOf } from "./holds.ts";
import { laneName, lanesOf } from "./lanes.ts";
import { statesOf } from "./states.ts";
import { chosenText, codeText } from "./step-text.ts";
import { verdictOf } from "./verdict.ts";

/** One event; times in microseconds, `ph` as the format defines it. */
interface TraceEvent {
  name: string;
  ph: "X" | "M" | "i" | "s" | "f";
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  cat?: string;
  id?: number;
  /** Flow ends: bind to the slice around them. Instants: scope. */
  bp?: "e";
  s?: "g";
  args?: Record<string, string | number>;
}

const STEP = 1000;
/** The groups of tracks. */
const PROCESSES = 1;
const CELLS = 2;
/** Lock tracks of a process are numbered from here, times its own number. */
const LOCK_TRACKS = 1000;

/** JSON text, object form. */
export function toPerfetto(trace: Trace): string {
  const events = [
    name("process_name", PROCESSES, 0, [trace.model, trace.variant].filter(Boolean).join(": ")),
    name("process_name", CELLS, 0, "state"),
    ...lanesOf(trace).map((l) => name("thread_name", PROCESSES, l.pid, l.name)),
    ...trace.steps.map(
      (step): TraceEvent => ({
        name: codeText(step).trim(),
        ph: "X",
        pid: PROCESSES,
        tid: step.pid,
        ts: startOf(step.number),
        dur: STEP,
        cat: "step",
        args: { step: step.number, label: step.label, chosen: chosenText(step) },
      }),
    ),
    ...lockTracks(trace),
    ...cellTracks(trace),
    ...flows(trace),
    ...verdict(trace),
  ];
  return `${JSON.stringify({ displayTimeUnit: "ms", traceEvents: events }, null, 1)}\n`;
}

function startOf(step: number): number {
  return (step - 1) * STEP;
}

function name(kind: string, pid: number, tid: number, text: string): TraceEvent {
  return { name: kind, ph: "M", pid, tid, ts: 0, args: { name: text } };
}

function lockTracks(trace: Trace): TraceEvent[] {
  const tracks: string[] = [];
  return holdsOf(trace).flatMap((hold) => {
    const key = `${hold.pid} ${hold.name} ${hold.slot}`;
    const known = tracks.includes(key);
    if (!known) tracks.push(key);
    const tid = hold.pid * LOCK_TRACKS + tracks.indexOf(key);
    const title = `${laneName(trace, hold.pid)}: ${hold.name}`;
    const slice = lockSlice(trace, hold, tid);
    return known ? [slice] : [name("thread_name", PROCESSES, tid, title), slice];
  });
}

/** From the end of the step that takes it to the end of the one that gives it back. */
function lockSlice(trace: Trace, hold: Hold, tid: number): TraceEvent {
  const ts = hold.from * STEP;
  const end = (hold.open ? trace.steps.length : hold.to) * STEP;
  const { lock, mode } = hold;
  const text = `${hold.name} (${mode})`;
  const args = { lock, mode };
  return { name: text, ph: "X", pid: PROCESSES, tid, ts, dur: end - ts, cat: "lock", args };
}

function cellTracks(trace: Trace): TraceEvent[] {
  const states = statesOf(trace);
  const changed = new Set(trace.steps.flatMap((s) => s.changes.map((c) => c.name)));
  return [...changed].flatMap((cell, i) => {
    const tid = i + 1;
    const events = [name("thread_name", CELLS, tid, cell)];
    let since = 0;
    states.forEach((state, at) => {
      const value = state.get(cell) ?? "";
      if (at < states.length - 1 && states[at + 1]?.get(cell) === value) return;
      const dur = (at + 1 - since) * STEP;
      events.push({ name: value, ph: "X", pid: CELLS, tid, ts: since * STEP, dur, cat: "state" });
      since = at + 1;
    });
    return events;
  });
}

function flows(trace: Trace): TraceEvent[] {
  return (trace.why?.flows ?? []).flatMap((flow, i): TraceEvent[] => {
    const [from, to] = [trace.steps[flow.from - 1], trace.steps[flow.to - 1]];
    if (!from || !to) return [];
    const end = { name: flow.text, cat: flow.kind, id: i + 1, pid: PROCESSES };
    const middle = STEP / 2;
    return [
      { ...end, ph: "s", tid: from.pid, ts: startOf(flow.from) + middle },
      { ...end, ph: "f", bp: "e", tid: to.pid, ts: startOf(flow.to) + middle },
    ];
  });
}

function verdict(trace: Trace): TraceEvent[] {
  const { headline } = verdictOf(trace);
  if (headline === "") return [];
  const ts = trace.steps.length * STEP;
  const tid = trace.steps.at(-1)?.pid ?? lanesOf(trace)[0]?.pid ?? 0;
  return [{ name: headline, ph: "i", s: "g", pid: PROCESSES, tid, ts, cat: "verdict" }];
}
