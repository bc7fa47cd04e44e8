/** Loads a spec, or a model that another front end wrote, and says everything wrong with it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Diagnostic, type Model, parseModel, validate } from "../../model/ir/index.ts";
import { messageOf, type Problem, UserError } from "../errors.ts";
import { readText } from "../files.ts";
import { withFolder } from "../temporary.ts";
import { type Bundle, bundle } from "./bundle.ts";
import { type Frame, framesOf, type Locate, locator } from "./locate.ts";
import { showPath } from "./paths.ts";

export interface Config {
  name: string;
  sizes: Record<string, number>;
  tier: "ci" | "deep";
  /** The property that the scheme violates in these sizes, and says so. */
  breaks?: string;
}

export interface Variant {
  name: string;
  kind: "bug" | "mutant" | "variant";
  /** The property that it must violate; without it, everything must hold. */
  breaks?: string;
  /** Steps, as "actor.label", that its counterexample must contain in this order. */
  order?: string[];
  from?: string;
  doc?: string;
  /** Where it is checked; without it, in the first configuration. */
  config?: string;
}

/** Which upstream race a spec retells. */
export interface Race {
  year: number;
  subsystem: string;
  class: string;
  /** Name of the spec whose fix brought this bug. */
  bug_in_fix_of?: string;
}

/** What a spec file exports by default. */
interface Spec {
  kind: "mmrace-spec";
  name: string;
  doc: string;
  race?: Race;
  configs: Config[];
  variants: Variant[];
  build(options: { config?: string; variant?: string; locate?: Locate }): Model;
}

export interface LoadedSpec {
  name: string;
  doc: string;
  race?: Race;
  /** As shown in messages. */
  file: string;
  configs: Config[];
  variants: Variant[];
  /** Absolute paths of all files that it is made of, the language too. */
  inputs: string[];
  /** A valid model. Throws UserError for the author's mistakes. */
  build(config: string, variant: string): Model;
}

/**
 * @param path absolute path of the file
 * @param tree a source tree of mmrace whose language the spec means, instead of this one
 */
export async function loadSpec(path: string, tree?: string): Promise<LoadedSpec> {
  return path.endsWith(".json") ? loadModel(path) : loadScript(path, tree);
}

function loadModel(path: string): LoadedSpec {
  const file = showPath(path);
  const parsed = parseModel(readText(path), file);
  if (!parsed.model) throw diagnosed(parsed.diagnostics, file);
  const model = parsed.model;
  return {
    name: model.name,
    doc: model.doc ?? "",
    file,
    configs: [{ name: "default", sizes: {}, tier: "ci" }],
    variants: [],
    inputs: [path],
    build: () => model,
  };
}

async function loadScript(path: string, tree?: string): Promise<LoadedSpec> {
  const file = showPath(path);
  const bundled = await bundle(path, tree);
  const { exports, locate } = await run(bundled, file);
  const spec = specOf(exports, file);
  const build = (config: string, variant: string): Model => {
    const model = guarded(file, locate, () =>
      spec.build({ config, locate, ...(variant ? { variant } : {}) }),
    );
    const diagnostics = validate(model);
    if (diagnostics.length > 0) throw diagnosed(diagnostics, file);
    return model;
  };
  const { name, doc, configs, variants, race } = spec;
  const { inputs } = bundled;
  return { name, doc, file, configs, variants, inputs, build, ...(race ? { race } : {}) };
}

/** Imports the bundle under a fresh name: a second load must not find the module of the first. */
function run(bundled: Bundle, file: string) {
  return withFolder(async (folder) => {
    // Whoever transforms modules while they load (vitest) leaves alone what lies in node_modules.
    const script = join(folder, "node_modules", "spec.mjs");
    const locate = locator(bundled, script);
    mkdirSync(dirname(script));
    writeFileSync(script, bundled.code);
    try {
      const exports = await settled(import(/* @vite-ignore */ pathToFileURL(script).href), file);
      return { exports: exports as Record<string, unknown>, locate };
    } catch (error) {
      throw blame(error, file, locate);
    }
  });
}

/** A top-level await that nothing will ever answer would end the process without a word. */
async function settled<T>(loading: Promise<T>, file: string): Promise<T> {
  let idle: (() => void) | undefined;
  const stuck = new Promise<never>((_, reject) => {
    idle = () => reject(new UserError({ file, message: "it awaits something that never comes" }));
    process.once("beforeExit", idle);
  });
  try {
    return await Promise.race([loading, stuck]);
  } finally {
    if (idle) process.off("beforeExit", idle);
  }
}

const EXPORT_FIX = "end the file with: export default spec({ ... })";

function specOf(exports: Record<string, unknown>, file: string): Spec {
  const value = exports.default;
  if (value === undefined) {
    throw new UserError({ file, message: "it has no default export", fix: EXPORT_FIX });
  }
  const spec = value as Partial<Spec> | null;
  if (spec?.kind !== "mmrace-spec" || typeof spec.build !== "function") {
    throw new UserError({ file, message: "its default export is not a spec", fix: EXPORT_FIX });
  }
  return spec as Spec;
}

function guarded<T>(file: string, locate: Locate, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw blame(error, file, locate);
  }
}

/** What the language's SpecError carries; the class itself lives in the bundle, not here. */
interface Thrown {
  code?: string;
  fix?: string;
  frames?: Frame[];
  diagnostics?: Diagnostic[];
}

/** Anything that user code threw, as a message about the user's own line. */
function blame(error: unknown, file: string, locate: Locate): unknown {
  if (error instanceof UserError) return error;
  if (!(error instanceof Error)) {
    return new UserError({ file, message: `the spec threw ${String(error)}`, thrown: true });
  }
  const thrown = error as Error & Thrown;
  if (thrown.diagnostics && thrown.diagnostics.length > 0) {
    return diagnosed(thrown.diagnostics, file);
  }
  const problem: Problem = { file, message: error.message };
  if (error.name === "SpecError") {
    if (thrown.code) problem.code = thrown.code;
    if (thrown.fix) problem.fix = thrown.fix;
  } else {
    problem.message = `the spec threw ${error}`;
    problem.thrown = true;
  }
  const src = locate(thrown.frames ?? framesOf(error));
  return new UserError(src ? { ...problem, src } : problem);
}

function diagnosed(diagnostics: Diagnostic[], file: string): UserError {
  const [first, ...rest] = diagnostics.map((d): Problem => {
    const { code, message, fix, src } = d;
    const where = src || d.path === "" ? message : `${d.path}: ${message}`;
    return { code, message: where, fix, file, ...(src ? { src } : {}) };
  });
  return new UserError(first ?? { file, message: messageOf("no model") }, ...rest);
}
