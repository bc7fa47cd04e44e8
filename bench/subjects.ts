/** The models that are searched: the family at its sizes, its scaling series, and the schemes. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Model, resetDeadLocals } from "../model/ir/index.ts";
import { GPUSVM_SIZES, type GpusvmSize, gpusvm } from "./models/gpusvm.ts";

export interface Subject {
  name: string;
  group: "family" | "scaling" | "schemes" | "deep";
  /** Dead locals are reset: all tools search this. */
  model: Model;
  /** Of the family: there are models in the tools' own languages, written by hand. */
  size: GpusvmSize | undefined;
  /** Published counts, or those of the first tool that ran: all others must have the same. */
  counts: { states: number; transitions: number; symmetric?: number } | undefined;
}

export function familySizes(names: string[]): Subject[] {
  return names.map((name): Subject => {
    const size = GPUSVM_SIZES[name];
    if (!size) throw new Error(`no size ${name}: ${Object.keys(GPUSVM_SIZES).join(", ")}`);
    return { name, group: "family", model: gpusvm(size), size, counts: size };
  });
}

/** More pages, more CPU faults, more GPU faults, one at a time. */
export function scalingSeries(): Subject[] {
  const small: GpusvmSize = { P: 1, C: 1, G: 1, E: 0, Q: 0 };
  const series: GpusvmSize[] = [
    small,
    ...[2, 3].map((P) => ({ ...small, P })),
    ...[2, 3, 4].map((C) => ({ ...small, C })),
    ...[2, 3].map((G) => ({ ...small, G })),
  ];
  return series.map((size): Subject => {
    const name = `${size.P} page, ${size.C} CPU, ${size.G} GPU`;
    return { name, group: "scaling", model: gpusvm(size), size, counts: undefined };
  });
}

/** Every scheme in its first configuration, or in those of the deep tier. */
export async function schemes(root: string, deep: boolean): Promise<Subject[]> {
  // The built command line knows how to load a spec; a bundle of it would not find its folder.
  const built = (path: string) => import(pathToFileURL(join(root, "dist/cli/loader", path)).href);
  const { findSpecs } = (await built("find.js")) as typeof import("../cli/loader/find.ts");
  const { loadSpec } = (await built("load.js")) as typeof import("../cli/loader/load.ts");
  const subjects: Subject[] = [];
  for (const path of findSpecs([join(root, "specs")])) {
    const spec = await loadSpec(path);
    if (spec.race) continue;
    const configs = spec.configs.filter((c, i) => (deep ? c.tier === "deep" : i === 0));
    for (const config of configs) {
      const name = `${spec.name} (${config.name})`;
      const model = resetDeadLocals(spec.build(config.name, ""));
      const group = deep ? "deep" : "schemes";
      subjects.push({ name, group, model, size: undefined, counts: undefined });
    }
  }
  return subjects;
}
