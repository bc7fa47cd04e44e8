/** From file names to models that are ready to be searched, or to the one message that matters. */
import type { Model } from "../model/ir/index.ts";
import { UserError } from "./errors.ts";
import { type LoadedSpec, loadSpec } from "./loader/load.ts";
import { typecheck } from "./loader/typecheck.ts";
import { type Job, planJobs, type Selection } from "./plan.ts";

export interface Task extends Job {
  model: Model;
}

/** @param paths absolute paths of specs */
export async function prepare(
  paths: string[],
  selection: Selection,
  options: { typecheck: boolean },
): Promise<{ specs: LoadedSpec[]; tasks: Task[] }> {
  const [types, ready] = await Promise.allSettled([
    options.typecheck ? typecheck(paths) : true,
    load(paths, selection),
  ]);
  if (ready.status === "rejected") {
    // The language's own words are better than the type checker's, and those better than a crash.
    throw types.status === "rejected" && isCrash(ready.reason) ? types.reason : ready.reason;
  }
  if (types.status === "rejected") throw types.reason;
  if (!types.value) {
    process.stderr.write(
      "mmrace: note: types were not checked, there is no TypeScript here " +
        "(npm install typescript, or --no-typecheck)\n",
    );
  }
  return ready.value;
}

async function load(paths: string[], selection: Selection) {
  const specs: LoadedSpec[] = [];
  for (const path of paths) specs.push(await loadSpec(path));
  const jobs = planJobs(specs, selection);
  return {
    specs,
    tasks: jobs.map((j): Task => ({ ...j, model: j.spec.build(j.config, j.variant) })),
  };
}

function isCrash(error: unknown): boolean {
  return error instanceof UserError && error.problems.some((p) => p.thrown);
}
