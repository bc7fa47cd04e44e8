/** Every name of an exported Promela text, and the types of its variables. */
import { type ActorDecl, type Cells, initialValue, type VarDecl } from "../ir/index.ts";
import type { Action } from "./actions.ts";
import { createNamer } from "./names.ts";
import { runClaims } from "./progress.ts";
import type { System } from "./system.ts";

export interface Variable {
  name: string;
  type: "bool" | "byte" | "short" | "int";
  /** Cells over all instances of the actor. */
  count: number;
  /** Cells of one instance. */
  each: number;
  /** First value of all cells, `{ 1, 2 }` for different ones. */
  init: number | string;
  doc: string | undefined;
}

export interface Naming {
  enums: { name: string; values: string[] }[];
  shared: Map<string, Variable>;
  /** By actor, then by local. */
  locals: Map<string, Map<string, Variable>>;
  pcs: Map<string, Variable>;
  /** By actor: a name per position, the last but one for done, then for not yet started. */
  labels: Map<string, string[]>;
  proctypes: Map<string, string>;
  /** By actor: the number of the running instance from 0; not there for single instances. */
  me: Map<string, string>;
  /** `kind property` to the name in SPIN's messages. */
  claims: Map<string, string>;
  monitor: string;
  /** For claims about infinite runs; undefined without them. */
  runs: RunNames | undefined;
  start: string;
  /** True before the initial state has been picked. */
  unborn: string;
}

export interface RunNames {
  /** Key of the claim to the name of its formula, and to what asks for it. */
  claims: Map<string, string>;
  flags: Map<string, string>;
  /** Defined when one of the claims is asked. */
  on: string;
  observer: string;
  /** No finite process has moved since the observer looked. */
  calm: string;
  retried: string;
  progressed: string;
  /** By actor, for strong fairness: it has moved since the observer looked. */
  taken: Map<string, string>;
  /** By actor: the macro in each step of it. */
  moves: Map<string, string>;
  /** By actor: the macros before marked jumps. */
  retries: Map<string, { retry: string; progress: string }>;
}

/**
 * Words of Promela and of its formulas, of C, and what stands for something else in the verifier
 * that SPIN writes and in the headers that it includes. Those in capitals: see `fieldName`.
 */
const RESERVED = `active assert atomic bit bool break byte chan d_step d_proctype D_proctype do
else empty enabled end equivalent eval false fi full goto hidden if ifdef endif define undef
include inline init int len ltl local mtype nempty never nfull notrace np_ od of pc_value pid
printf printm priority proctype provided progress accept run short show skip timeout trace true
typedef unless unsigned xr xs in for select c_code c_decl c_expr c_state c_track get_priority
set_priority always eventually until weakuntil stronguntil implies release next auto case char
const continue default double enum extern float long register restrict return signed sizeof static
struct switch union void volatile while asm typeof linux unix final getframe iam_alive max mix
onstack_put onstack_zap pthread_equal q_sz rand rot tr_2_src ulong ushort uchar wasnew stdin stdout
stderr errno monitor start`.split(/\s+/);

export function nameAll(system: System): Naming {
  const { model, layout } = system;
  const namer = createNamer(RESERVED, MACROS);
  const take = (wish: string): string => namer.take(wish);
  const shared = new Map<string, Variable>();
  for (const [key, cells] of layout.shared) {
    shared.set(key, variable(take(fieldName(key)), cells, 1, cells.decl, system.open));
  }
  const naming: Naming = {
    enums: [],
    shared,
    locals: new Map(),
    pcs: new Map(),
    labels: new Map(),
    proctypes: new Map(),
    me: new Map(),
    claims: new Map(),
    monitor: "monitor",
    runs: undefined,
    start: "start",
    unborn: "false",
  };
  for (const view of system.actors) nameActor(view.decl.name, system, naming, take);
  for (const e of model.enums) {
    naming.enums.push({ name: e.name, values: e.values.map((v) => take(`${e.name}_${v}`)) });
  }
  for (const key of claimKeys(system)) {
    const [kind, ...rest] = key.split(" ");
    const prefix = kind === "reachable" ? "REACH" : "holds";
    naming.claims.set(key, take(`${prefix}_${rest.join(" ")}`));
  }
  naming.runs = nameRuns(system, take);
  const [first] = system.actors;
  if (system.open && first) {
    const pc = naming.pcs.get(first.decl.name) as Variable;
    const cell = pc.count === 1 ? pc.name : `${pc.name}[0]`;
    naming.unborn = `${cell} == ${naming.labels.get(first.decl.name)?.at(-1)}`;
  }
  return naming;
}

function nameRuns(system: System, take: (wish: string) => string): RunNames | undefined {
  const claims = runClaims(system);
  if (claims.length === 0) return undefined;
  const decls = system.actors.map((a) => a.decl);
  const each = (some: ActorDecl[], wish: (name: string) => string) =>
    new Map(some.map(({ name }) => [name, take(wish(name))] as const));
  const isStrong = (d: ActorDecl): boolean => d.fairness === "strong" && !d.finite;
  const retrying = claims.flatMap((c) => (c.kind === "starvation" ? [c.view.decl.name] : []));
  return {
    claims: new Map(claims.map((c) => [c.key, take(c.name)])),
    flags: new Map(claims.map((c) => [c.key, take(`CLAIM_${c.name}`)])),
    on: take("LIVENESS"),
    observer: take("observer"),
    calm: take("calm"),
    retried: take("retried"),
    progressed: take("progressed"),
    taken: each(decls.filter(isStrong), (n) => `${n}_taken`),
    moves: each(
      decls.filter((d) => d.finite || isStrong(d)),
      (n) => `MOVES_${n}`,
    ),
    retries: new Map(
      retrying.map((n) => [n, { retry: take(`RETRIES_${n}`), progress: take(`PROGRESSES_${n}`) }]),
    ),
  };
}

/** Macros of the verifier and of the headers that it includes. */
const MACROS = /^(m(ax|in)seq\d+|s[ai]_\w+|st_[acm]time)$/;

/** Name of a field of the state in the verifier's C: other macros begin with a capital. */
function fieldName(name: string): string {
  return /^_*[A-Z]/.test(name) ? name.toLowerCase() : name;
}

function nameActor(
  actor: string,
  system: System,
  naming: Naming,
  take: (wish: string) => string,
): void {
  const { layout } = system;
  const field = (name: string): string => take(fieldName(name));
  const view = system.actors.find((a) => a.decl.name === actor);
  const position = layout.model.actors.findIndex((a) => a.name === actor);
  if (!view) return;
  const count = view.last - view.first + 1;
  naming.proctypes.set(actor, take(actor));
  if (count > 1) naming.me.set(actor, take(`${actor}_me`));
  const steps = view.decl.steps;
  const labels = steps.map((s) => take(`${actor}__${s.label}`));
  labels.push(take(`${actor}__done`));
  if (system.open) labels.push(take(`${actor}__unborn`));
  naming.labels.set(actor, labels);
  naming.pcs.set(actor, {
    name: field(`${actor}_pc`),
    type: labels.length > 256 ? "short" : "byte",
    count,
    each: 1,
    init: system.open ? labels.length - 1 : 0,
    doc: undefined,
  });
  const locals = new Map<string, Variable>();
  for (const [key, cells] of layout.locals[position] ?? []) {
    locals.set(key, variable(field(`${actor}_${key}`), cells, count, cells.decl, system.open));
  }
  naming.locals.set(actor, locals);
}

function variable(
  name: string,
  cells: Cells,
  instances: number,
  decl: VarDecl,
  open: boolean,
): Variable {
  const each = Math.max(1, cells.count);
  return {
    name,
    type: typeFor(cells),
    count: each * instances,
    each,
    init: open ? 0 : initText(cells, instances),
    doc: decl.doc,
  };
}

function typeFor({ decl, lo, hi }: Cells): Variable["type"] {
  if (decl.domain.kind === "bool") return "bool";
  if (lo >= 0 && hi <= 255) return "byte";
  return lo >= -32768 && hi <= 32767 ? "short" : "int";
}

function initText(cells: Cells, instances: number): number | string {
  const one = Array.from({ length: cells.count }, (_, i) => initialValue(cells, i) ?? 0);
  const all = Array.from({ length: instances }, () => one).flat();
  const same = all.every((v) => v === all[0]);
  return same ? (all[0] ?? 0) : `{ ${all.join(", ")} }`;
}

function claimKeys(system: System): Set<string> {
  const keys = new Set(system.always.map((c) => `always ${c.name}`));
  for (const c of system.atRest) keys.add(`atRest ${c.name}`);
  keys.add("deadlock deadlock");
  const collect = (body: Action[]): void => {
    for (const action of body) {
      if (action.kind === "check") keys.add(`${action.violation} ${action.rule}`);
      if (action.kind === "if") collect([...action.yes, ...action.no]);
      if (action.kind === "each") collect(action.body);
    }
  };
  for (const view of system.actors) {
    for (const step of view.steps) for (const b of step.branches) collect(b.body);
  }
  for (const c of system.reachable) keys.add(`reachable ${c.name}`);
  return keys;
}
