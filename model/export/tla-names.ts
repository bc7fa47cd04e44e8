/** Every name of an exported TLA+ module. */
import { type Domain, findEnum, memberName, type Over, scalarsetSize } from "../ir/index.ts";
import { createNamer, type Namer } from "./names.ts";
import { runClaims } from "./progress.ts";
import type { System } from "./system.ts";

export interface Naming {
  shared: Map<string, string>;
  /** By actor, then by local: functions over the process numbers of the actor. */
  locals: Map<string, Map<string, string>>;
  /** By actor: the set of its process numbers, its action, its actions by label. */
  pids: Map<string, string>;
  actions: Map<string, string>;
  steps: Map<string, Map<string, string>>;
  /** By enum: the set of its values. */
  enums: Map<string, string>;
  /** By scalarset: the set, the classes by name, the members (from 1). */
  sets: Map<string, { set: string; classes: Map<string, string>; members: string[] }>;
  /** Model value; undefined without scalarsets. */
  none: string;
  /** By `kind property`. */
  claims: Map<string, string>;
  /** Claims about infinite runs, by key. */
  runs: Map<string, string>;
  processes: number;
  namer: Namer;
}

/** Words of TLA+, of the standard modules used, of TLC's configuration, and of this exporter. */
const RESERVED = `ACTION ASSUME ASSUMPTION AXIOM BOOLEAN BY CASE CHOOSE CONSTANT CONSTANTS
COROLLARY DEF DEFINE DEFS DOMAIN ELSE ENABLED EXCEPT EXTENDS FALSE HAVE HIDE IF IN INSTANCE LAMBDA
LEMMA LET LOCAL MODULE NEW OBVIOUS OMITTED ONLY OTHER PICK PROOF PROPOSITION PROVE QED RECURSIVE
STATE STRING SUBSET SUFFICES TAKE TEMPORAL THEN THEOREM TRUE UNCHANGED UNION USE VARIABLE VARIABLES
WITH WITNESS Int Nat Real Append Head Tail Len Seq SubSeq SelectSeq Cardinality IsFiniteSet Print
PrintT Assert JavaTime TLCGet TLCSet Permutations SortSeq RandomElement Any ToString TLCEval INIT
NEXT VIEW SYMMETRY SPECIFICATION INVARIANT INVARIANTS PROPERTY PROPERTIES CONSTRAINT CONSTRAINTS
ACTION_CONSTRAINT ACTION_CONSTRAINTS CHECK_DEADLOCK ALIAS POSTCONDITION TYPE TYPE_CONSTRAINT self
pc vars Init
Next Spec Symmetry violation Violates NoViolation NoDeadlock Fairness failed rule`.split(/\s+/);

export function nameAll(system: System): Naming {
  const { model } = system;
  // Fairness conditions are written with these prefixes, which names may not have.
  const namer = createNamer(RESERVED, /^[WS]F_/);
  const named = (list: { name: string }[], wish: (name: string) => string) =>
    new Map(list.map(({ name }) => [name, namer.take(wish(name))] as const));
  const decls = system.actors.map((a) => a.decl);
  const naming: Naming = {
    shared: named(model.shared, (n) => n),
    locals: new Map(decls.map((d) => [d.name, named(d.locals, (n) => `${d.name}_${n}`)])),
    pids: named(decls, (n) => `${n}_pids`),
    actions: named(decls, (n) => n),
    steps: new Map(),
    enums: named(model.enums, (n) => n),
    sets: new Map(),
    none: namer.take("none"),
    claims: new Map(),
    runs: new Map(),
    processes: system.layout.processes.length,
    namer,
  };
  for (const d of decls) {
    const steps = d.steps.map((s) => [s.label, namer.take(`${d.name}__${s.label}`)] as const);
    naming.steps.set(d.name, new Map(steps));
  }
  for (const s of model.scalarsets) {
    const members = Array.from({ length: scalarsetSize(s) }, (_, i) => {
      return namer.take(memberName(s, i + 1));
    });
    const set = namer.take(s.name);
    const classes = s.classes.length > 1 ? named(s.classes, (n) => `${s.name}_${n}`) : new Map();
    naming.sets.set(s.name, { set, classes, members });
  }
  for (const c of system.always) naming.claims.set(`always ${c.name}`, namer.take(c.name));
  naming.claims.set("deadlock deadlock", "NoDeadlock");
  for (const c of system.atRest) naming.claims.set(`atRest ${c.name}`, namer.take(c.name));
  for (const c of system.reachable) {
    naming.claims.set(`reachable ${c.name}`, namer.take(`Reach_${c.name}`));
  }
  for (const c of runClaims(system)) naming.runs.set(c.key, namer.take(c.name));
  return naming;
}

/** What an index, a parameter or a bound variable ranges over. */
export function memberSet(over: Over, naming: Naming): string {
  switch (over.kind) {
    case "bool":
      return "BOOLEAN";
    case "range":
      return `${over.lo}..${over.hi}`;
    case "enum":
      return naming.enums.get(over.name) ?? "";
    case "scalarset":
      return naming.sets.get(over.name)?.set ?? "";
    case "proc":
      return `1..${naming.processes}`;
    case "instances":
      return naming.pids.get(over.actor) ?? "";
  }
}

export function constantText(
  domain: Domain,
  value: number,
  naming: Naming,
  system: System,
): string {
  switch (domain.kind) {
    case "bool":
      return value ? "TRUE" : "FALSE";
    case "enum":
      return `"${findEnum(system.model, domain.name).values[value]}"`;
    case "scalarset":
      if (value === 0) return naming.none;
      return naming.sets.get(domain.name)?.members[value - 1] ?? "";
    default:
      return value < 0 ? `(${value})` : String(value);
  }
}
