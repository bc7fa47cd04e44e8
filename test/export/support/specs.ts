/** All specs of the repository and their variants, with the promoted results. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Spec } from "mmrace";
import type { Own } from "../../../cli/crosscheck/crosscheck.ts";
import {
  EXPECT_FILE,
  type Expectations,
  type RunExpectation,
  SCHEME,
} from "../../../cli/expect/format.ts";
import { readExpectations } from "../../../cli/expect/review.ts";
import { type Model, resetDeadLocals } from "../../../model/ir/index.ts";
import { specFiles } from "../../support/spec-files.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

type Pin = Pick<RunExpectation, "verdict" | "states" | "transitions">;

/** Of the scheme in its first configuration, of variants in the one that was promoted. */
function pinOf(sheet: Expectations, spec: Spec, variant: string | undefined): Pin | undefined {
  const { configs = {} } = sheet[spec.name] ?? {};
  const names = [spec.variants.find((v) => v.name === variant)?.config, spec.configs[0]?.name];
  const config = names.find((name) => name !== undefined);
  return configs[config ?? ""]?.runs[variant ?? SCHEME];
}

export interface Pinned {
  /** `hmm-mirror`, `hmm-mirror.retry_not_checked`. */
  title: string;
  spec: string;
  isScheme: boolean;
  /** Retells an upstream race. */
  isRace: boolean;
  own: Own;
  /** With dead locals reset: the model that was counted. */
  model: () => Model;
}

/** In the first configuration of each spec; those that were not promoted are left out. */
export async function pinnedModels(): Promise<Pinned[]> {
  const all: Pinned[] = [];
  for (const file of specFiles(join(root, "specs"))) {
    const sheet = readExpectations(join(dirname(file), EXPECT_FILE)) ?? {};
    const spec = ((await import(file)) as { default: Spec }).default;
    for (const variant of [undefined, ...spec.variants.map((v) => v.name)]) {
      const pin = pinOf(sheet, spec, variant);
      if (!pin) continue;
      const { states, transitions } = pin;
      const options = variant === undefined ? {} : { variant };
      const isSafe = pin.verdict === "holds" || isProgress(pin.verdict, spec.build(options));
      const verdict = isSafe ? "holds" : "violated";
      all.push({
        title: variant === undefined ? spec.name : `${spec.name}.${variant}`,
        spec: spec.name,
        isScheme: variant === undefined,
        isRace: spec.race !== undefined,
        own: { verdict, states, transitions },
        model: () => resetDeadLocals(spec.build(options)),
      });
    }
  }
  return all;
}

/** Claims about infinite runs are not exported: to the other tools such a model holds. */
function isProgress(verdict: string, { liveness = [] }: Model): boolean {
  const untold = ["starvation", "partial_deadlock", ...liveness.map((claim) => claim.name)];
  return untold.includes(verdict.replace(/^violated /, ""));
}
