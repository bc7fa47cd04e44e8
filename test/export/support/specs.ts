/** All specs of the repository and their variants, with the pinned results. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Spec } from "mmrace";
import type { Own } from "../../../cli/crosscheck/crosscheck.ts";
import { type Model, resetDeadLocals } from "../../../model/ir/index.ts";
import { specFiles } from "../../support/spec-files.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const pinFile = join(root, "test", "specs", "pins.json");

interface Pin {
  verdict: string;
  states: number;
  transitions: number;
}

export interface Pinned {
  /** `hmm-mirror`, `hmm-mirror.retry_not_checked`. */
  title: string;
  spec: string;
  isScheme: boolean;
  own: Own;
  /** With dead locals reset: the model that was counted. */
  model: () => Model;
}

/** In the first configuration of each spec; those without a pin are left out. */
export async function pinnedModels(): Promise<Pinned[]> {
  const pins: Record<string, Pin> = existsSync(pinFile)
    ? JSON.parse(readFileSync(pinFile, "utf8"))
    : {};
  const all: Pinned[] = [];
  for (const file of specFiles(join(root, "specs"))) {
    const spec = ((await import(file)) as { default: Spec }).default;
    for (const variant of [undefined, ...spec.variants.map((v) => v.name)]) {
      const title = variant === undefined ? spec.name : `${spec.name}.${variant}`;
      const pin = pins[title];
      if (!pin) continue;
      const { states, transitions } = pin;
      const options = variant === undefined ? {} : { variant };
      const isSafe = pin.verdict === "holds" || isProgress(pin.verdict, spec.build(options));
      const verdict = isSafe ? "holds" : "violated";
      all.push({
        title,
        spec: spec.name,
        isScheme: variant === undefined,
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
  return untold.includes(verdict);
}
