/** Counterexample files and the specs that they belong to. */
import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import {
  type CounterexampleError,
  type CounterexampleFile,
  readCounterexample,
  writeCounterexample,
} from "../counterexamples/file.ts";
import { explain } from "../counterexamples/why.ts";
import {
  interpret,
  type Model,
  modelHash,
  ReplayError,
  replay,
  startOf,
  type Trace,
} from "../model/ir/index.ts";
import { type Problem, UserError } from "./errors.ts";
import { readText } from "./files.ts";
import { findSpec } from "./loader/find.ts";
import { type LoadedSpec, loadSpec } from "./loader/load.ts";

export interface Replayed {
  trace: Trace;
  /** The model is not the one that was checked, though the schedule still works on it. */
  changed: boolean;
}

/**
 * The text of a counterexample file.
 * @param spec path of the spec, as shown
 * @param folder where the file will lie
 */
export function counterexampleText(
  trace: Trace,
  model: Model,
  spec: string,
  folder: string,
): string {
  const { config, variant, steps, violation, loopFrom } = trace;
  if (!violation) throw new Error("a counterexample violates something");
  const start = JSON.stringify(startOf(model, trace));
  const starts = interpret(model).initialStates();
  return writeCounterexample({
    spec: relative(resolve(folder), resolve(spec)),
    config,
    variant,
    hash: modelHash(model),
    initial: starts.findIndex((s) => JSON.stringify(s) === start),
    violation: { kind: violation.kind, property: violation.property },
    steps: steps.map(({ process, label, choices, text }) => ({ process, label, choices, text })),
    ...(loopFrom === undefined ? {} : { loopFrom }),
  });
}

/**
 * Takes the recorded steps again, and says why they violate what they do. Throws UserError for a
 * file or a spec that does not allow it.
 */
export async function replayFile(path: string): Promise<Replayed> {
  const { trace, model, changed } = await replayPlainly(path, loadSpec);
  return { trace: explain(model, trace), changed };
}

/** The same without the reasons, one after the other; what fails does not stop the others. */
export async function* replayFiles(paths: string[]): AsyncGenerator<Replayed | UserError> {
  const specs = new Map<string, Promise<LoadedSpec>>();
  const load = (spec: string): Promise<LoadedSpec> => {
    const loading = specs.get(spec) ?? loadSpec(spec);
    specs.set(spec, loading);
    return loading;
  };
  for (const path of paths) {
    try {
      yield await replayPlainly(path, load);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      yield error;
    }
  }
}

async function replayPlainly(path: string, load: typeof loadSpec) {
  const read = readCounterexample(readText(path));
  if (read.error) throw new UserError(misread(path, read.error));
  const { file } = read;
  const spec = await load(findSpec(specOf(path, file)));
  const model = spec.build(file.config, file.variant);
  const changed = modelHash(model) !== file.hash;
  try {
    return { trace: retrace(model, file), model, changed };
  } catch (error) {
    if (!(error instanceof ReplayError)) throw error;
    const why = changed
      ? `${spec.file} has changed, and the schedule no longer works on it`
      : "the schedule does not work on its own spec";
    const fix = changed ? "find a new one: mmrace check --draw" : "the file was altered";
    throw new UserError({ file: path, message: `${why}: ${error.message}`, fix });
  }
}

/**
 * The run in a file that was written for this very model; undefined when there is no such file, or
 * it does not do what it says.
 */
export function storedRun(path: string, model: Model): Trace | undefined {
  const { file } = existsSync(path) ? readCounterexample(readText(path)) : {};
  if (!file || file.hash !== modelHash(model)) return undefined;
  try {
    return retrace(model, file);
  } catch (error) {
    if (error instanceof ReplayError) return undefined;
    throw error;
  }
}

function retrace(model: Model, file: CounterexampleFile): Trace {
  const start = interpret(model).initialStates()[file.initial];
  if (!start) throw new ReplayError(0, `there is no initial state number ${file.initial}`);
  const { config, variant, steps, violation, loopFrom } = file;
  return replay(model, config, variant, steps, violation, start, loopFrom);
}

const LINE = /^line (\d+), column (\d+)$/;

function misread(path: string, { place, message }: CounterexampleError): Problem {
  const [, line, column] = LINE.exec(place) ?? [];
  if (!line) return { file: path, message: `${place}: ${message}` };
  return { src: { file: path, line: Number(line), column: Number(column) }, message };
}

/** The spec as seen from the file, or, for a file that was moved, as seen from here. */
function specOf(path: string, file: CounterexampleFile): string {
  const beside = join(dirname(path), file.spec);
  const here = file.spec.replace(/^(\.\.\/)+/, "");
  const found = [beside, here].find((candidate) => existsSync(candidate));
  if (found) return found;
  const fix = `looked for ${beside} and ${here}`;
  throw new UserError({ file: path, message: `its spec ${file.spec} is not there`, fix });
}
