/** Every name and every type of an exported Murphi text. */
import { type Domain, type Over, processNames } from "../ir/index.ts";
import { createNamer, type Namer } from "./names.ts";
import { symmetricSets } from "./symmetry.ts";
import type { System } from "./system.ts";

export interface Naming {
  shared: Map<string, string>;
  /** By actor, then by local. */
  locals: Map<string, Map<string, string>>;
  pcs: Map<string, string>;
  /** By actor: the type of its process numbers, the type of its labels, a name per position. */
  instances: Map<string, string>;
  labelTypes: Map<string, string>;
  labels: Map<string, string[]>;
  enums: Map<string, { type: string; values: string[] }>;
  /** Member type; the type with none has `orNone`, the same for a scalarset proper. */
  sets: Map<string, { type: string; orNone: string; proper: boolean }>;
  processes: number;
  reset: string;
  /** For bound variables and helper functions. */
  namer: Namer;
}

/** In any case. */
const RESERVED = `alias array assert assume begin boolean bool by case clear const cover div do
else elsif end endalias endexists endfor endforall endfunction endif endprocedure endrecord
endrule endruleset endstartstate endswitch endwhile enum error exists externfun externproc false
for forall from function if in interleaved invariant isundefined ismember liveness multiset
multisetadd multisetcount multisetremovepred of process procedure program property put record
return rule ruleset scalarset startstate switch then to traceuntil true type undefine undefined
union until var while self multisetremove ensure requires`;

export function nameAll(system: System): Naming {
  const { model, layout } = system;
  const namer = createNamer([], new RegExp(`^(${RESERVED.replace(/\s+/g, "|")})$`, "i"));
  const proper = symmetricSets(system);
  const naming: Naming = {
    shared: new Map(model.shared.map((v) => [v.name, namer.take(v.name)])),
    locals: new Map(),
    pcs: new Map(),
    instances: new Map(),
    labelTypes: new Map(),
    labels: new Map(),
    enums: new Map(),
    sets: new Map(),
    processes: layout.processes.length,
    reset: namer.take("reset"),
    namer,
  };
  for (const { decl } of system.actors) {
    const { name, locals, steps } = decl;
    naming.instances.set(name, namer.take(`${name}_pid`));
    naming.labelTypes.set(name, namer.take(`${name}_label`));
    const labels = [...steps.map((s) => s.label), "done"];
    naming.labels.set(
      name,
      labels.map((label) => namer.take(`${name}__${label}`)),
    );
    naming.pcs.set(name, namer.take(`${name}_pc`));
    naming.locals.set(name, new Map(locals.map((v) => [v.name, namer.take(`${name}_${v.name}`)])));
  }
  for (const e of model.enums) {
    const type = namer.take(e.name);
    const values = e.values.map((v) => namer.take(`${e.name}_${v}`));
    naming.enums.set(e.name, { type, values });
  }
  for (const s of model.scalarsets) {
    const type = namer.take(s.name);
    const isProper = proper.has(s.name) && s.classes.length === 1 && s.classes[0]?.size !== 0;
    const orNone = isProper ? type : namer.take(`${s.name}_or_none`);
    naming.sets.set(s.name, { type, orNone, proper: isProper });
  }
  return naming;
}

/** The type of a variable. */
export function valueType(domain: Domain, naming: Naming): string {
  switch (domain.kind) {
    case "scalarset":
      return naming.sets.get(domain.name)?.orNone ?? "";
    case "proc":
      return `0..${naming.processes}`;
    default:
      return memberType(domain, naming);
  }
}

/** The type of an index, a parameter or a bound variable. */
export function memberType(over: Over, naming: Naming): string {
  switch (over.kind) {
    case "bool":
      return "boolean";
    case "range":
      return `${over.lo}..${over.hi}`;
    case "enum":
      return naming.enums.get(over.name)?.type ?? "";
    case "scalarset":
      return naming.sets.get(over.name)?.type ?? "";
    case "proc":
      return `1..${naming.processes}`;
    case "instances":
      return naming.instances.get(over.actor) ?? "";
  }
}

export function isProper(domain: Domain, naming: Naming): boolean {
  return domain.kind === "scalarset" && naming.sets.get(domain.name)?.proper === true;
}

/** What the process numbers mean, for a comment. */
export function processLegend(system: System): string {
  return processNames(system.model)
    .map((name, i) => `${i + 1} ${name}`)
    .join(", ");
}
