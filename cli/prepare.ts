/** From file names to models that are ready to be searched, or to the one message that matters. */
import { resolve } from "node:path";
import type { Model } from "../model/ir/index.ts";
import { UserError } from "./errors.ts";
import { type LoadedSpec, loadSpec } from "./loader/load.ts";
import { typecheck } from "./loader/typecheck.ts";
import { type Job, planJobs, type Selection } from "./plan.ts";

export interface Task extends Job {
  model: Model;
}

export interface PrepareOptions {
  typecheck: boolean;
  /** Of all that are loaded, prepare these. */
  only?: ((spec: LoadedSpec) => boolean) | undefined;
}

/** @param paths absolute paths of specs */
export async function prepare(
  paths: string[],
  selection: Selection,
  { typecheck: withTypes, only }: PrepareOptions,
): Promise<{ specs: LoadedSpec[]; tasks: Task[] }> {
  const loading = load(paths, selection, only);
  const typed = only ? loading.then(({ specs }) => specs.filter(only).map(pathOf)) : paths;
  const [types, ready] = await Promise.allSettled([
    withTypes ? Promise.resolve(typed).then(checkTypes) : undefined,
    loading,
  ]);
  if (ready.status === "rejected") {
    // The language's own words are better than the type checker's, and those better than a crash.
    throw types.status === "rejected" && isCrash(ready.reason) ? types.reason : ready.reason;
  }
  if (types.status === "rejected") throw types.reason;
  return ready.value;
}

/** @throws UserError with all type errors of these specs */
export async function checkTypes(paths: string[]): Promise<void> {
  if (await typecheck(paths)) return;
  process.stderr.write(
    "mmrace: note: types were not checked, there is no TypeScript here " +
      "(npm install typescript, or --no-typecheck)\n",
  );
}

async function load(paths: string[], selection: Selection, only?: PrepareOptions["only"]) {
  const specs: LoadedSpec[] = [];
  for (const path of paths) specs.push(await loadSpec(path));
  const jobs = planJobs(specs, selection).filter(({ spec }) => only?.(spec) ?? true);
  return {
    specs,
    tasks: jobs.map((j): Task => ({ ...j, model: j.spec.build(j.config, j.variant) })),
  };
}

function pathOf({ file }: LoadedSpec): string {
  return resolve(file);
}

/** The spec threw something of its own while it loaded. */
export function isCrash(error: unknown): boolean {
  return error instanceof UserError && error.problems.some((p) => p.thrown);
}
