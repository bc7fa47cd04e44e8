/** A spec: the state, the actors, the claims, the sizes, and the mistakes that must be caught. */
import type { Model } from "../ir/index.ts";
import { IR_FORMAT, IR_VERSION } from "../ir/index.ts";
import type { AnyActor, Schedule } from "./actor.ts";
import type { Claim, Expr } from "./expr.ts";
import { finish } from "./finish.ts";
import { type FlatActor, flatten } from "./flatten.ts";
import { captureFrames, type Frame, type Locate, SpecError } from "./frames.ts";
import { lowerLiveness, lowerProperties, lowerSteps, lowerVars, widenLabels } from "./lower.ts";
import type { Change } from "./mutate.ts";
import { stateOf } from "./shared.ts";
import type { SizeLike } from "./size.ts";
import type { Temporal } from "./temporal.ts";

interface Altered {
  /** What was changed, for people. */
  doc?: string;
  /** Where the mistake is described. */
  from?: string;
  /** The configuration to run it in; without it, the spec's first. */
  config?: string;
  change: Change[];
}

/** A known mistake. It must violate the property it `breaks`, and that one only. */
export interface Mutant extends Altered {
  breaks: string;
}

/** Another design. It must hold, or violate what it says. */
export interface Variant extends Altered {
  breaks?: string;
}

/**
 * A documented upstream bug: the scheme as it was before the fix, when the spec's own scheme is the
 * fixed one. It is checked always, and must violate what it `breaks`.
 */
export interface Bug extends Altered {
  /** Commit, thread, source comment. */
  from: string;
  breaks: string;
  /**
   * The decisive steps in the documented order, as "actor.label" (the label of a call: anywhere
   * inside it). The counterexample must contain them in this order.
   */
  order?: string[];
}

/** What went wrong, for tables. */
export type RaceClass =
  | "use-after-free / lifetime"
  | "stale device PTE / stale TLB"
  | "lost write / lost update"
  | "double free / double action"
  | "leaked count or reference (hang)"
  | "lost wake-up / wait for ever"
  | "deadlock"
  | "livelock / starvation"
  | "isolation, ordering, wrong decision, spurious failure";

/** A spec that retells an upstream race: its row in docs/races.md. */
export interface RaceInfo {
  /** Of the fix. */
  year: number;
  subsystem: string;
  class: RaceClass;
  /** Name of the spec whose fix brought this bug. */
  bug_in_fix_of?: string;
}

export interface SpecInput {
  /** Kebab-case; files and tables use it. */
  name: string;
  doc?: string;
  /** Named sizes. The first is the default; those named `deep...` belong to the deep tier. */
  configs: Record<string, Record<string, number>>;
  /**
   * What the scheme itself violates, by configuration: a weakness that is known and stands in the
   * header. There it must be violated, as by a mutant; everywhere else the scheme must hold.
   */
  breaks?: Record<string, string>;
  shared: object;
  actors: AnyActor[] | Record<string, AnyActor>;
  /** Restricts the initial states that `.any()` opens. */
  assume?: Expr<boolean>[];
  always?: Record<string, Expr<boolean> | Claim>;
  at_rest?: Record<string, Expr<boolean> | Claim>;
  reachable?: Record<string, Expr<boolean> | Claim>;
  /** Claims about infinite runs: `eventually`, `always_eventually`, `leads_to`. */
  liveness?: Record<string, Temporal>;
  /** Set for a documented upstream race; needs `bugs`. */
  race?: RaceInfo;
  bugs?: Record<string, Bug>;
  mutants?: Record<string, Mutant>;
  variants?: Record<string, Variant>;
}

export interface Config {
  name: string;
  sizes: Record<string, number>;
  tier: "ci" | "deep";
  /** The property that the scheme violates in these sizes. */
  breaks?: string;
}

export interface VariantInfo {
  name: string;
  kind: "bug" | "mutant" | "variant";
  breaks?: string;
  from?: string;
  /** Of a bug: decisive steps, in the documented order. */
  order?: string[];
  doc?: string;
  config?: string;
}

export interface BuildOptions {
  config?: string;
  variant?: string;
  locate?: Locate;
}

export interface Spec {
  readonly kind: "mmrace-spec";
  readonly name: string;
  readonly doc: string;
  readonly race?: RaceInfo;
  readonly configs: Config[];
  readonly variants: VariantInfo[];
  readonly frames: Frame[];
  /** The model in one configuration. Throws SpecError; the result still wants `validate`. */
  build(options?: BuildOptions): Model;
}

export function spec(input: SpecInput): Spec {
  const frames = captureFrames();
  if (!/^[a-z][a-z0-9-]*$/.test(input.name)) {
    throw new SpecError("MR130", `spec name "${input.name}"`, "use kebab-case: hmm-mirror");
  }
  const configs = configsOf(input);
  const variants = kinds.flatMap((kind) => describe(input, kind));
  for (const v of variants) {
    if (variants.filter((w) => w.name === v.name).length === 1) continue;
    throw new SpecError("MR132", `two variants are named ${v.name}`, "rename one of them");
  }
  refuseUndocumented(variants, input);
  const build = (options: BuildOptions = {}): Model => buildModel(input, configs, options);
  const { name, doc = "", race } = input;
  const made = { kind: "mmrace-spec" as const, name, doc, configs, variants, frames, build };
  return race ? { ...made, race } : made;
}

function configsOf({ name: spec, configs, breaks = {} }: SpecInput): Config[] {
  const names = Object.keys(configs);
  if (names.length === 0) {
    throw new SpecError("MR131", `${spec} has no configuration`, "write configs: { ci: {} }");
  }
  const lost = Object.keys(breaks).find((name) => !names.includes(name));
  if (lost !== undefined) {
    const text = `breaks names ${lost}, which is no configuration`;
    throw new SpecError("MR139", text, `it has: ${names.join(", ")}`);
  }
  return Object.entries(configs).map(([name, sizes]): Config => {
    const tier = name.startsWith("deep") ? "deep" : "ci";
    const property = breaks[name];
    return { name, sizes, tier, ...(property === undefined ? {} : { breaks: property }) };
  });
}

/** In the order in which they are checked. */
const kinds = ["bug", "mutant", "variant"] as const;

function altered(input: SpecInput, kind: VariantInfo["kind"]): Record<string, Altered> {
  const all = { bug: input.bugs, mutant: input.mutants, variant: input.variants };
  return all[kind] ?? {};
}

function describe(input: SpecInput, kind: VariantInfo["kind"]): VariantInfo[] {
  const list = Object.entries(altered(input, kind));
  return list.map(([name, { change: _, ...rest }]) => ({ name, kind, ...rest }));
}

/** Types say this, too; whoever turns them off still gets a word. */
function refuseUndocumented(variants: VariantInfo[], { name, race }: SpecInput): void {
  const bugs = variants.filter((v) => v.kind === "bug");
  const vague = bugs.find((b) => !b.breaks || !b.from);
  if (vague) {
    const missing = vague.breaks ? "from where it is known (from)" : "what it breaks";
    throw new SpecError("MR136", `bug ${vague.name} does not say ${missing}`, "say it");
  }
  if (!race || bugs.length > 0) return;
  throw new SpecError("MR137", `${name} is a race without a bug`, "write bugs: { ... }");
}

function pick(input: SpecInput, name: string): Altered & { order?: string[] } {
  const all = { ...input.variants, ...input.mutants, ...input.bugs };
  const found = all[name];
  if (found) return found;
  const known = Object.keys(all).join(", ") || "none";
  throw new SpecError("MR133", `${input.name} has no variant "${name}"`, `it has: ${known}`);
}

function pickConfig(input: SpecInput, configs: Config[], name: string | undefined): Config {
  const found = name === undefined ? configs[0] : configs.find((c) => c.name === name);
  if (found) return found;
  const known = configs.map((c) => c.name).join(", ");
  throw new SpecError("MR134", `${input.name} has no configuration "${name}"`, `it has: ${known}`);
}

function applySteps(changes: Change[], flats: FlatActor[]): void {
  for (const change of changes) {
    const flat = flats.find((f) => f.name === change.actor);
    if (!flat) {
      const known = flats.map((f) => f.name).join(", ");
      const text = `no actor ${change.actor} to change`;
      throw new SpecError("MR135", text, `actors are: ${known}`, change.frames);
    }
    if (change.kind === "steps") applyOne(change, flat);
  }
}

/** The steps of a documented order must be there, or it would be checked against nothing. */
function checkOrder(order: string[], flats: FlatActor[]): void {
  for (const named of order) {
    const [actor = "", ...rest] = named.split(".");
    const label = rest.join(".");
    const steps = flats.find((f) => f.name === actor)?.steps ?? [];
    if (steps.some((s) => s.label === label || s.label.startsWith(`${label}.`))) continue;
    const known = steps.map((s) => s.label).join(", ");
    const fix = known ? `${actor} has: ${known}` : "write actor.label";
    throw new SpecError("MR138", `the order of the bug names ${named}, which is no step`, fix);
  }
}

/** A change that does not fit is a mistake at the place where the change is written. */
function applyOne(change: Extract<Change, { kind: "steps" }>, flat: FlatActor): void {
  try {
    change.apply(flat);
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    throw new SpecError(error.code, error.message, error.fix, change.frames);
  }
}

function countOf(actor: AnyActor, changes: Change[]): SizeLike {
  const last = changes.filter((c) => c.kind === "count" && c.actor === actor.name).at(-1);
  return last?.kind === "count" ? last.count : actor.count;
}

function scheduleOf(actor: AnyActor, changes: Change[]): Schedule {
  const own = changes.flatMap((c) => {
    return c.kind === "schedule" && c.actor === actor.name ? [c.schedule] : [];
  });
  const { fairness, finite } = Object.assign({}, actor.schedule, ...own) as Schedule;
  return { ...(fairness ? { fairness } : {}), ...(finite ? { finite } : {}) };
}

function buildModel(input: SpecInput, configs: Config[], options: BuildOptions): Model {
  const chosen = options.variant ? pick(input, options.variant) : undefined;
  const changes = chosen?.change ?? [];
  const config = pickConfig(input, configs, options.config ?? chosen?.config);
  const state = stateOf(input.shared);
  const cx = { locate: options.locate, locks: state.locks };
  const actors = Array.isArray(input.actors) ? input.actors : Object.values(input.actors);
  const flats = actors.map(flatten);
  applySteps(changes, flats);
  checkOrder(chosen?.order ?? [], flats);

  const lowered = {
    shared: lowerVars(state.declared),
    assume: (input.assume ?? []).map((e) => widenLabels(e.node, flats)),
    actors: actors.map((who, i) => {
      const flat = flats[i] as FlatActor;
      const count = countOf(who, changes);
      const steps = lowerSteps(flat, cx);
      const locals = lowerVars(flat.declared);
      const made = { name: who.name, count, locals, steps, ...scheduleOf(who, changes) };
      return who.doc ? { ...made, doc: who.doc } : made;
    }),
    always: lowerProperties(input.always ?? {}, flats, cx),
    atRest: lowerProperties(input.at_rest ?? {}, flats, cx),
    reachable: lowerProperties(input.reachable ?? {}, flats, cx),
    ...(input.liveness ? { liveness: lowerLiveness(input.liveness, flats, cx) } : {}),
  };
  const { value, enums, scalarsets } = finish(lowered, config.sizes);
  const model = {
    format: IR_FORMAT,
    version: IR_VERSION,
    name: input.name,
    enums,
    scalarsets,
    ...value,
  } as Model;
  if (input.doc) model.doc = input.doc;
  return model;
}
