/**
 * Counterexample files: versioned JSON with just what is needed to take the same steps again.
 * Replaying the moves on the model gives the trace back; nothing that a picture shows is stored
 * twice.
 */
import type { Violation } from "../model/ir/trace.ts";

export const COUNTEREXAMPLE_FORMAT = "mmrace-counterexample";
export const COUNTEREXAMPLE_VERSION = 1;

export interface CounterexampleStep {
  process: string;
  label: string;
  /** Value of each `choose` and branch number of each `either`, in order. */
  choices: number[];
  /** The C line, for people who read the file; replay does not use it. */
  text: string;
}

export interface CounterexampleFile {
  format: typeof COUNTEREXAMPLE_FORMAT;
  version: typeof COUNTEREXAMPLE_VERSION;
  /** Path of the spec, relative to the folder of this file, with `/`. */
  spec: string;
  config: string;
  /** Name of the mutant or variant; empty for the scheme itself. */
  variant: string;
  /** Canonical hash of the model that was checked. */
  hash: string;
  /** Number of the initial state in the interpreter's order; 0 when there is only one. */
  initial: number;
  violation: { kind: Violation["kind"]; property: string };
  steps: CounterexampleStep[];
  /** A lasso: the steps from this one (counting from 1) repeat for ever. */
  loopFrom?: number;
}

/**
 * What is wrong, and where in the file: `steps[3].choices`, or `line 4, column 7` for broken
 * JSON.
 */
export interface CounterexampleError {
  place: string;
  message: string;
}

export type CounterexampleResult =
  | { file: CounterexampleFile; error?: never }
  | { error: CounterexampleError; file?: never };

/**
 * The file's text: fixed key order, one step per line, so that files can be compared line by
 * line.
 */
export function writeCounterexample(file: Omit<CounterexampleFile, "format" | "version">): string {
  const { steps, loopFrom } = file;
  const head = {
    format: COUNTEREXAMPLE_FORMAT,
    version: COUNTEREXAMPLE_VERSION,
    spec: file.spec,
    config: file.config,
    variant: file.variant,
    hash: file.hash,
    initial: file.initial,
    violation: { kind: file.violation.kind, property: file.violation.property },
    ...(loopFrom === undefined ? {} : { loopFrom }),
  };
  const open = JSON.stringify(head, null, 2).replace(/\n}$/, "");
  const lines = steps.map(({ process, label, choices, text }) =>
    JSON.stringify({ process, label, choices, text }),
  );
  if (lines.length === 0) return `${open},\n  "steps": []\n}\n`;
  return `${open},\n  "steps": [\n    ${lines.join(",\n    ")}\n  ]\n}\n`;
}

/** The first thing that is wrong with the file. */
class Wrong extends Error {
  readonly place: string;
  constructor(place: string, message: string) {
    super(message);
    this.place = place;
  }
}

/**
 * Reads a file's text; whatever is wrong with it comes back as one message, never as an
 * exception.
 */
export function readCounterexample(text: string): CounterexampleResult {
  try {
    return { file: checked(parsed(text)) };
  } catch (error) {
    if (error instanceof Wrong) return { error: { place: error.place, message: error.message } };
    throw error;
  }
}

function parsed(text: string): unknown {
  if (text.trim() === "") throw new Wrong("line 1, column 1", "the file is empty");
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const position = /at position (\d+)/.exec(message)?.[1];
    const at = position === undefined ? text.length : Number(position);
    const lines = text.slice(0, at).split("\n");
    const place = `line ${lines.length}, column ${(lines.at(-1) as string).length + 1}`;
    throw new Wrong(place, "this is not JSON (the file may be cut off)");
  }
}

function checked(value: unknown): CounterexampleFile {
  const top = objectAt(value, "top level");
  if (top.format !== COUNTEREXAMPLE_FORMAT) {
    throw new Wrong(
      "format",
      `this is not a counterexample: "format" must be "${COUNTEREXAMPLE_FORMAT}"`,
    );
  }
  if (top.version !== COUNTEREXAMPLE_VERSION) {
    const found = JSON.stringify(top.version);
    const newer = typeof top.version === "number" && top.version > COUNTEREXAMPLE_VERSION;
    const hint = newer ? "; a newer mmrace wrote it" : "";
    throw new Wrong("version", `version ${found} is not version ${COUNTEREXAMPLE_VERSION}${hint}`);
  }
  const violation = objectAt(top.violation, "violation");
  const steps = arrayAt(top.steps, "steps").map((s, i) => stepAt(s, `steps[${i}]`));
  const file: CounterexampleFile = {
    format: COUNTEREXAMPLE_FORMAT,
    version: COUNTEREXAMPLE_VERSION,
    spec: pathAt(top.spec, "spec"),
    config: stringAt(top.config, "config"),
    variant: stringAt(top.variant, "variant"),
    hash: stringAt(top.hash, "hash"),
    initial: top.initial === undefined ? 0 : countAt(top.initial, "initial"),
    violation: {
      kind: kindAt(violation.kind),
      property: stringAt(violation.property, "violation.property"),
    },
    steps,
  };
  if (top.loopFrom !== undefined) {
    const from = countAt(top.loopFrom, "loopFrom");
    if (from < 1 || from > steps.length) {
      throw new Wrong("loopFrom", `${from} is not the number of a step (1..${steps.length})`);
    }
    file.loopFrom = from;
  }
  return file;
}

function stepAt(value: unknown, place: string): CounterexampleStep {
  const step = objectAt(value, place);
  return {
    process: stringAt(step.process, `${place}.process`),
    label: stringAt(step.label, `${place}.label`),
    choices: arrayAt(step.choices, `${place}.choices`).map((c, i) =>
      integerAt(c, `${place}.choices[${i}]`),
    ),
    text: stringAt(step.text, `${place}.text`),
  };
}

const KINDS: Record<Violation["kind"], true> = {
  always: true,
  atRest: true,
  assert: true,
  deadlock: true,
  range: true,
  unset: true,
  division: true,
  liveness: true,
  starvation: true,
};

function kindAt(value: unknown): Violation["kind"] {
  const kind = stringAt(value, "violation.kind");
  if (Object.hasOwn(KINDS, kind)) return kind as Violation["kind"];
  throw new Wrong("violation.kind", `"${kind}" is none of ${Object.keys(KINDS).join(", ")}`);
}

function objectAt(value: unknown, place: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new Wrong(place, `an object is expected, not ${nameOf(value)}`);
}

function arrayAt(value: unknown, place: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new Wrong(place, `an array is expected, not ${nameOf(value)}`);
}

function stringAt(value: unknown, place: string): string {
  if (typeof value === "string") return value;
  throw new Wrong(place, `a string is expected, not ${nameOf(value)}`);
}

/** A relative path with `/`: a file that names an absolute path would only work on one machine. */
function pathAt(value: unknown, place: string): string {
  const path = stringAt(value, place);
  if (path !== "" && !/^([/\\]|[A-Za-z]:)/.test(path)) return path;
  throw new Wrong(place, `a relative path is expected, not "${path}"`);
}

function integerAt(value: unknown, place: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new Wrong(place, `an integer is expected, not ${nameOf(value)}`);
}

function countAt(value: unknown, place: string): number {
  const count = integerAt(value, place);
  if (count >= 0) return count;
  throw new Wrong(place, `${count} is negative`);
}

function nameOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}
