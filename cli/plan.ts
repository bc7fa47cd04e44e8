/** Which searches a run consists of: every spec in the configurations and variants asked for. */
import { type Problem, UserError } from "./errors.ts";
import type { Config, LoadedSpec, Variant } from "./loader/load.ts";
import { didYouMean } from "./suggest.ts";

export interface Selection {
  config?: string;
  tier?: "ci" | "deep";
  variant?: string;
  /** Beside the schemes: nothing, the documented bugs, or mutants and variants, too. */
  altered: "none" | "bugs" | "all";
}

/** One search. */
export interface Job {
  spec: LoadedSpec;
  config: string;
  /** Empty for the scheme itself. */
  variant: string;
  kind: "scheme" | Variant["kind"];
  /** The property that must be violated; without it, everything must hold. */
  breaks?: string;
  /** Of a bug: the decisive steps in the documented order, as "actor.label". */
  order?: string[];
  /** Name of its files, without folder and extension; unique among the jobs. */
  stem: string;
}

/** Of its sizes. */
export function tierOf({ spec, config }: Pick<Job, "spec" | "config">): Config["tier"] | undefined {
  return spec.configs.find(({ name }) => name === config)?.tier;
}

/** In the order of the specs; for each, the scheme first. Throws when nothing is left to check. */
export function planJobs(specs: LoadedSpec[], selection: Selection): Job[] {
  refuseTwins(specs);
  const jobs = specs.flatMap((spec) => jobsOf(spec, selection));
  if (jobs.length === 0) throw new UserError(nothingToDo(specs, selection));
  return named(jobs);
}

function refuseTwins(specs: LoadedSpec[]): void {
  for (const spec of specs) {
    const first = specs.find((s) => s.name === spec.name);
    if (first === spec || !first) continue;
    const message = `the spec is called ${spec.name}, and so is ${first.file}`;
    throw new UserError({ file: spec.file, message, fix: "give each spec a name of its own" });
  }
}

type Unnamed = Omit<Job, "stem">;

function jobsOf(spec: LoadedSpec, selection: Selection): Unnamed[] {
  if (selection.variant !== undefined) {
    return spec.variants.filter((v) => v.name === selection.variant).flatMap(variantJob);
  }
  const schemes = configsOf(spec, selection).map(({ name, breaks }): Unnamed => {
    const job: Unnamed = { spec, config: name, variant: "", kind: "scheme" };
    return breaks === undefined ? job : { ...job, breaks };
  });
  if (selection.altered === "none" || schemes.length === 0) return schemes;
  const altered = spec.variants.filter((v) => selection.altered === "all" || v.kind === "bug");
  const jobs = altered.flatMap(variantJob);
  // Those of other sizes belong to the tier ci, which runs before.
  const own = selection.tier === "deep" ? jobs.filter((job) => tierOf(job) === "deep") : jobs;
  return [...schemes, ...own];

  /** A mutant is shown where its author says; a configuration that was asked for wins. */
  function variantJob(variant: Variant): Unnamed[] {
    const asked = spec.configs.find((c) => c.name === selection.config)?.name;
    if (selection.config !== undefined && asked === undefined) return [];
    const config = asked ?? variant.config ?? spec.configs[0]?.name;
    if (config === undefined) return [];
    const { name, kind, breaks, order } = variant;
    const job: Unnamed = { spec, config, variant: name, kind };
    if (breaks !== undefined) job.breaks = breaks;
    if (order !== undefined) job.order = order;
    return [job];
  }
}

function configsOf(spec: LoadedSpec, selection: Selection): Config[] {
  if (selection.config !== undefined)
    return spec.configs.filter((c) => c.name === selection.config);
  if (selection.tier === undefined) return spec.configs.slice(0, 1);
  const configs = spec.configs.filter((c) => c.tier === selection.tier);
  // A spec of which nothing would be checked would pass for the wrong reason.
  return configs.length === 0 && selection.tier === "ci" ? spec.configs.slice(0, 1) : configs;
}

function nothingToDo(specs: LoadedSpec[], { config, tier, variant }: Selection): Problem {
  const unique = (names: string[]) => [...new Set(names)];
  const configs = unique(specs.flatMap((s) => s.configs.map((c) => c.name)));
  const variants = unique(specs.flatMap((s) => s.variants.map((v) => v.name)));
  if (variant !== undefined && !variants.includes(variant)) {
    return { message: `no variant is called ${variant}`, fix: didYouMean(variant, variants) };
  }
  if (config !== undefined && !configs.includes(config)) {
    return { message: `no configuration is called ${config}`, fix: didYouMean(config, configs) };
  }
  if (tier !== undefined) return { message: `no configuration belongs to tier ${tier}` };
  return { message: "nothing to check: no spec has both that variant and that configuration" };
}

/** `spec`, `spec.mutant`, and with the configuration between where one run has several of them. */
function named(jobs: Unnamed[]): Job[] {
  return jobs.map((job) => {
    const same = jobs.filter((j) => j.spec === job.spec && j.variant === job.variant);
    const parts = [job.spec.name, ...(same.length > 1 ? [job.config] : []), job.variant];
    return {
      ...job,
      stem: parts
        .filter((p) => p !== "")
        .map(fileName)
        .join("."),
    };
  });
}

function fileName(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/g, "_");
}

/** One model: what --config and --variant say, for commands that look at a single one. */
export function selectionOf(values: ReadonlyMap<string, string>): Selection {
  const selection: Selection = { altered: "none" };
  const config = values.get("config");
  const variant = values.get("variant");
  if (config !== undefined) selection.config = config;
  if (variant !== undefined) selection.variant = variant;
  return selection;
}

/** Every count-th of them, from number `part` (counting from 1). */
export function shardOf<T>(all: T[], { part, count }: Shard): T[] {
  return all.filter((_, i) => i % count === part - 1);
}

export interface Shard {
  part: number;
  count: number;
}
