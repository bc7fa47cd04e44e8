/** The other checkers on what our exporters wrote: any model, and LTSmin on the family, too. */
import { writeFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { type Command, type Limits, recipeFor } from "../cli/crosscheck/recipes.ts";
import { findTool, type Tool as Peer, TARGET_OF } from "../cli/crosscheck/tools.ts";
import { type Exported, exportModel } from "../model/export/index.ts";
import { layoutOf } from "../model/ir/index.ts";
import { run } from "./measure.ts";
import type { Subject } from "./subjects.ts";
import { GaveUp, nothing, sum, type Tool } from "./tool.ts";

/** Half of the machine's. */
const megabytes = Math.floor(os.totalmem() / 2 ** 21);
const LIMITS: Limits = { seconds: 600, megabytes, threads: 1 };
const NAME = "subject";

/** A tool that is installed, or undefined. */
export function exportedTool(
  name: string,
  peer: Peer,
  fits: Tool["fits"],
  env: Readonly<Record<string, string | undefined>>,
): Tool | undefined {
  const programs = findTool(peer, env);
  if (!programs) return undefined;
  const command = ({ program, args }: Command): string[] => [programs[program] ?? program, ...args];
  const recipe = ({ model, counts }: Subject) => {
    const states = counts?.states ?? 1 << 20;
    // No text to compile: always for speed, since it is the search that is measured.
    const size = { states, cells: layoutOf(model).slots.length, text: 0 };
    return recipeFor(peer, NAME, size, LIMITS, programs);
  };
  return {
    name,
    counts: "full",
    fits: (subject) => fits(subject) && exportOf(subject, peer).refusals.length === 0,
    prepare: (subject, folder) => {
      for (const file of exportOf(subject, peer).files) {
        writeFileSync(join(folder, file.name), file.text);
      }
      const { build } = recipe(subject);
      return build.length > 0 ? sum(build.map((c) => run(command(c), folder))) : nothing;
    },
    run: (subject, folder) => {
      const { search, parse } = recipe(subject);
      const ran = run(command(search), folder, { anyStatus: true });
      const { verdict, states = 0, transitions, note } = parse(ran.stdout + ran.stderr);
      if (verdict === "incomplete") throw new GaveUp(note);
      if (verdict !== "holds") throw new Error(`${name}, ${subject.name}: ${verdict} ${note}`);
      const { extra } = exportOf(subject, peer);
      const own = transitions === undefined ? undefined : transitions - extra.transitions;
      return { ...ran, states: states - extra.states, transitions: own };
    },
  };
}

function exportOf({ model, name }: Subject, peer: Peer): Exported {
  return exportModel(model, TARGET_OF[peer], { name: NAME, header: [name], safetyOnly: true });
}
