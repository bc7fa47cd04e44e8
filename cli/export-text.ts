/** How an exported model is called, and what stands at its top. */
import { modelHash } from "../model/ir/index.ts";
import { version } from "./home.ts";
import type { Task } from "./prepare.ts";

/** Where the text comes from: spec, sizes, hash of the model as it was built. */
export function exportHeader({ spec, config, variant, model }: Task): string[] {
  const sizes = Object.entries(spec.configs.find((c) => c.name === config)?.sizes ?? {});
  const shown = sizes.map(([name, n]) => `${name} = ${n}`).join(", ");
  return [
    `${spec.name}${variant ? `, ${variant}` : ""}, configuration ${config}`,
    ...(shown ? [shown] : []),
    `from ${spec.file}, model ${modelHash(model)}, by mmrace ${version()}`,
  ];
}

/** A name that every target can use. */
export function exportName({ stem }: Task): string {
  return stem.replace(/[^A-Za-z0-9_]/g, "_");
}
