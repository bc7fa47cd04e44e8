/**
 * The trace as a sequence diagram, for PlantUML and for Mermaid: a lifeline per process,
 * activated while it holds locks. Both draw what the ladder shows; arrows to earlier steps are
 * beyond them.
 */
import type { Trace, TraceStep } from "../../model/ir/trace.ts";
import { foldText, foldTrace } from "./fold.ts";
import { lanesOf } from "./lanes.ts";
import { stepLines } from "./step-text.ts";
import { ascii, atMost, wrap } from "./text.ts";
import { verdictOf, waitText } from "./verdict.ts";

const ROWS = 60;
const LINE_WIDTH = 40;
const LINES_PER_STEP = 5;

/** What differs between the two languages. */
interface Language {
  safe(text: string): string;
  newline: string;
  note(over: string, text: string): string;
  delay(over: string[], text: string): string;
}

/** PlantUML text, `@startuml` to `@enduml`. */
export function toPlantUml(trace: Trace): string {
  const lanes = lanesOf(trace);
  const safe = (text: string): string => escapePlantUml(ascii(text));
  const head = lanes.map((l) => `participant "${safe(l.name)}" as p${l.pid}`);
  const lines = body(trace, {
    safe,
    newline: "\\n",
    note: (over, text) => `note over ${over}: ${text}`,
    delay: (_, text) => `... ${text} ...`,
  });
  const title = safe([trace.model, trace.variant].filter(Boolean).join(": "));
  const all = ["@startuml", `title ${title}`, "hide footbox", ...head, ...lines, "@enduml"];
  return `${all.join("\n")}\n`;
}

/** Mermaid text, a `sequenceDiagram`. */
export function toMermaid(trace: Trace): string {
  const lanes = lanesOf(trace);
  const safe = (text: string): string => escapeMermaid(ascii(text));
  const head = lanes.map((l) => `participant p${l.pid} as ${safe(l.name)}`);
  const lines = body(trace, {
    safe,
    newline: "<br/>",
    note: (over, text) => `Note over ${over}: ${text}`,
    delay: (over, text) => `Note over ${[over[0], over.at(-1)].join(",")}: ${text}`,
  });
  return `sequenceDiagram\n${[...head, ...lines].map((l) => `  ${l}\n`).join("")}`;
}

function body(trace: Trace, language: Language): string[] {
  const lanes = lanesOf(trace).map((l) => `p${l.pid}`);
  const lines: string[] = [];
  const active = new Map<number, number>();
  for (const row of foldTrace(trace, ROWS)) {
    const steps = row.kind === "step" ? [row.step] : row.steps;
    const activations = steps.flatMap((step) => activation(step, active));
    if (row.kind === "fold") {
      // PlantUML allows no activation right after a delay.
      lines.push(...activations, language.delay(lanes, joined(foldText(trace, row), language)));
    } else {
      const text = stepText(row.step).map(language.safe).join(language.newline);
      const who = `p${row.step.pid}`;
      lines.push(`${who}->>${who}: ${row.step.number} ${text}`, ...activations);
    }
  }
  for (const b of trace.blocked) {
    lines.push(language.note(`p${b.pid}`, joined(waitText(trace, b), language)));
  }
  const { headline, lines: about } = verdictOf(trace);
  const over = [lanes[0], lanes.at(-1)].filter((p, i, all) => p && all.indexOf(p) === i).join(",");
  if (headline !== "" && over !== "") {
    const told = [headline, ...about].map((t) => joined(t, language));
    lines.push(language.note(over, told.join(language.newline)));
  }
  return lines;
}

function stepText(step: TraceStep): string[] {
  return atMost(stepLines(step, LINE_WIDTH), LINES_PER_STEP, LINE_WIDTH);
}

function joined(text: string, language: Language): string {
  return wrap(text, LINE_WIDTH).map(language.safe).join(language.newline);
}

/**
 * A lifeline is active once per lock held; a release of a lock held from the start shows nothing.
 */
function activation(step: TraceStep, active: Map<number, number>): string[] {
  const lines: string[] = [];
  for (const { op } of step.locks) {
    const count = active.get(step.pid) ?? 0;
    if (op === "acquire" || op === "trylock") {
      active.set(step.pid, count + 1);
      lines.push(`activate p${step.pid}`);
    } else if (op === "release" && count > 0) {
      active.set(step.pid, count - 1);
      lines.push(`deactivate p${step.pid}`);
    }
  }
  return lines;
}

/** `<U+XXXX>` for whatever means something in Creole or to the preprocessor. */
function escapePlantUml(text: string): string {
  return text
    .replace(/[^A-Za-z0-9 _.,:;()[\]=+*/!?>-]/g, unicode)
    .replace(/([-_*/.=[\]])(?=\1)/g, unicode)
    .replace(/(?<=^| )[^A-Za-z0-9 <]/g, unicode);
}

function unicode(c: string): string {
  return `<U+${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}>`;
}

/** `#NN;` for whatever means something to Mermaid, among it the word `end`. */
function escapeMermaid(text: string): string {
  return text
    .replace(/[^A-Za-z0-9 _.,()[\]=*/!?]/g, (c) => `#${c.charCodeAt(0)};`)
    .replace(/\bend\b/gi, (word) => `#${word.charCodeAt(0)};${word.slice(1)}`);
}
