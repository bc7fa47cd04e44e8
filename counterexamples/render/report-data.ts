/** What the report's page is given for each trace: everything it draws, as JSON. */
import type { Trace, TraceStep } from "../../model/ir/trace.ts";
import type { Src } from "../../model/ir/types.ts";
import { LOCK_COLORS } from "./dot-style.ts";
import { holdsOf } from "./holds.ts";
import { ladder } from "./ladder.ts";
import { lanesOf } from "./lanes.ts";
import { lockdepScenario } from "./lockdep.ts";
import { statesOf } from "./states.ts";
import { chosenText, codeText, RETRIES } from "./step-text.ts";
import { flowText, verdictOf, waitText } from "./verdict.ts";

/** Where links lead: `{file}`, `{line}` and `{name}` are filled in. */
export interface LinkTemplates {
  /** A place in a spec; empty for no link. */
  source: string;
  /** A function of the kernel. */
  kernel: string;
}

interface PageLink {
  text: string;
  href: string;
}

/** A place in a source file, with a link when there is somewhere to go. */
interface PagePlace {
  file: string;
  line: number;
  href: string;
}

interface PageStep {
  number: number;
  pid: number;
  label: string;
  text: string;
  notes: string[];
  /** It uses something stale, decides the race, or retries for ever. */
  cause: boolean;
  changes: { name: string; from: string; to: string; watched: boolean }[];
  source: PagePlace | null;
  kernel: PageLink[];
}

/** A trace as the page wants it. */
export interface PageTrace {
  title: string;
  headline: string;
  about: string[];
  lanes: { pid: number; name: string; doc: string }[];
  steps: PageStep[];
  blocked: { pid: number; text: string; note: string }[];
  initial: [string, string][];
  watched: string[];
  holds: PageHold[];
  loopFrom: number;
  /** An expression to watch from the start: the part of the property that is false. */
  watch: string;
  ladder: string;
}

interface PageHold {
  pid: number;
  name: string;
  shared: boolean;
  from: number;
  to: number;
  slot: number;
  color: string;
}

export function pageTrace(trace: Trace, title: string, links: LinkTemplates): PageTrace {
  const { headline, lines } = verdictOf(trace);
  const scenario = lockdepScenario(trace);
  const [first] = statesOf(trace);
  const watched = trace.steps.flatMap((s) => s.changes.filter((c) => c.watched).map((c) => c.name));
  return {
    title,
    headline,
    about: lines,
    lanes: lanesOf(trace).map((l) => ({ pid: l.pid, name: l.name, doc: l.doc ?? "" })),
    steps: trace.steps.map((s) => pageStep(trace, s, links)),
    blocked: trace.blocked.map((b) => ({
      pid: b.pid,
      text: b.text,
      note: waitText(trace, b),
    })),
    initial: [...(first ?? [])],
    watched: [...new Set(watched)],
    holds: pageHolds(trace),
    loopFrom: trace.loopFrom ?? 0,
    watch: trace.why?.failed?.replace(/^(\w+ = [^:,]+(, )?)+: /, "") ?? "",
    ladder: scenario ? `${ladder(trace)}\n${scenario}` : ladder(trace),
  };
}

function pageStep(trace: Trace, step: TraceStep, links: LinkTemplates): PageStep {
  const flows = (trace.why?.flows ?? []).filter((f) => f.to === step.number).map(flowText);
  const turn = step.number === trace.why?.turn ? ["unavoidable from here on"] : [];
  const waits = step.locks.filter((l) => l.op === "wait").map((l) => `waited for ${l.name}`);
  const chosen = chosenText(step);
  const retries = step.retries ? [RETRIES] : [];
  return {
    number: step.number,
    pid: step.pid,
    label: step.label,
    text: codeText(step),
    notes: [...(chosen === "" ? [] : [chosen]), ...waits, ...flows, ...turn, ...retries],
    cause: flows.length + turn.length + retries.length > 0,
    changes: step.changes.map(({ name, from, to, watched }) => ({ name, from, to, watched })),
    source: step.src ? pagePlace(step.src, links) : null,
    kernel: kernelNames(step).map((name) => ({ text: name, href: fill(links.kernel, { name }) })),
  };
}

function pagePlace({ file, line }: Src, links: LinkTemplates): PagePlace {
  return { file, line, href: fill(links.source, { file, line: String(line) }) };
}

/** The functions a step was inlined from, and those that its C line calls. */
function kernelNames(step: TraceStep): string[] {
  const called = [...step.text.matchAll(/\b([a-z_]\w{3,})\(/g)].map((m) => m[1] as string);
  const names = [...step.routine, ...called].filter((n) => /^[a-z_]\w*$/i.test(n));
  return [...new Set(names)];
}

/** Fills a template; what is filled in cannot leave the path (`javascript:` and the like). */
function fill(template: string, values: Record<string, string>): string {
  return template.replace(/\{(\w+)\}/g, (_, key: string) =>
    (values[key] ?? "").split("/").map(encodeURIComponent).join("/"),
  );
}

function pageHolds(trace: Trace): PageHold[] {
  const holds = holdsOf(trace);
  const classes = [...new Set(holds.map((h) => h.class))];
  return holds.map((h) => ({
    pid: h.pid,
    name: h.name,
    shared: h.mode === "shared",
    from: h.from,
    to: h.open ? trace.steps.length + 1 : h.to,
    slot: h.slot,
    color: LOCK_COLORS[classes.indexOf(h.class) % LOCK_COLORS.length] as string,
  }));
}
