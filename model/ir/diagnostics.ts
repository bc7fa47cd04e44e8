/** Everything that can be wrong with a model, numbered. `docs/ir.md` shows this table. */
import type { Src } from "./types.ts";

export interface Diagnostic {
  code: Code;
  /** What is wrong, with names. */
  message: string;
  /** What to do about it. */
  fix: string;
  /** JSON pointer (RFC 6901) into the model. */
  path: string;
  /** The nearest place in a source file, when the model knows one. */
  src?: Src;
}

interface Rule {
  title: string;
  fix: string;
}

/**
 * MR00x: the file; MR01x: names; MR02x: references; MR03x: values and types; MR04x: form of steps;
 * MR05x: the whole. Numbers from MR100 on belong to front ends.
 */
export const DIAGNOSTICS = {
  MR001: { title: "not JSON", fix: "correct the JSON syntax at that place" },
  MR002: { title: "another format", fix: 'write "format": "mmrace-ir"' },
  MR003: { title: "another version of the format", fix: 'write the model in "version": 1' },
  MR004: { title: "unknown kind", fix: "use one of the listed kinds" },
  MR005: { title: "missing field", fix: "add the field" },
  MR006: { title: "unexpected field", fix: "remove the field, or correct its name" },
  MR007: { title: "wrong JSON type", fix: "write a value of the expected type" },
  MR008: { title: "nested too deeply", fix: "split the expression or the statement" },

  MR010: { title: "not a name", fix: "use letters, digits and _, not starting with a digit" },
  MR011: { title: "name used twice", fix: "rename one of them" },
  MR012: {
    title: "not a label",
    fix: "use lower-case letters, digits and _, with a dot between routine and label",
  },
  MR013: { title: "label used twice in an actor", fix: "rename one of the steps" },
  MR014: { title: "`done` as a label", fix: "rename the step: done is where ended processes are" },

  MR020: { title: "unknown variable", fix: "declare it, or correct the name" },
  MR021: { title: "unknown enum", fix: "declare it, or correct the name" },
  MR022: { title: "unknown scalarset", fix: "declare it, or correct the name" },
  MR023: { title: "unknown class of a scalarset", fix: "use a declared class" },
  MR024: { title: "unknown actor", fix: "use the name of a declared actor" },
  MR025: { title: "unknown label", fix: "use a label of the same actor, or done" },
  MR026: { title: "unbound name", fix: "use the variable inside its quantifier or each only" },
  MR027: { title: "bound name shadows another", fix: "rename the inner variable" },
  MR028: { title: "wrong number of indexes", fix: "give one index for each dimension" },

  MR030: { title: "domains do not fit", fix: "use two values of the same domain" },
  MR031: {
    title: "order or arithmetic on something that is no number",
    fix: "members and processes have equality and indexing only; compare with eq or ne",
  },
  MR032: { title: "a condition is not boolean", fix: "compare the value with something" },
  MR033: { title: "constant out of range", fix: "use a value of the domain, or widen the domain" },
  MR034: {
    title: "a member of a scalarset, or a process, is named",
    fix: "members are interchangeable: use none, a variable, or a class",
  },
  MR035: { title: "initial value out of range", fix: "start at a value of the domain" },
  MR036: { title: "wrong number of initial values", fix: "give one value for each cell" },
  MR037: {
    title: "initial values tell interchangeable members apart",
    fix: "start alike within a class, or at any value; or make two classes",
  },

  MR040: {
    title: "the step blocks half-way",
    fix: "put wait and choose first in the step, or begin a new step here",
  },
  MR041: { title: "nothing to choose from", fix: "give the domain at least one member" },
  MR042: { title: "unreachable statement", fix: "remove it, or move it before the goto" },
  MR043: {
    title: "a round of each writes a cell that is not its own",
    fix: "index the cell by the member of every enclosing each",
  },
  MR044: { title: "goto or either inside each", fix: "decide before the each, or after it" },
  MR045: {
    title: "a step looks into other processes",
    fix: "peek, atLabel and instances belong in properties; share a variable instead",
  },
  MR046: {
    title: "a property speaks of the running process",
    fix: "quantify over the instances of the actor, and peek",
  },
  MR047: { title: "fewer than two branches", fix: "add a branch, or write its body plainly" },
  MR048: { title: "two branches of one name", fix: "rename one of the branches" },
  MR049: { title: "no text", fix: "write the line of C that it stands for" },

  MR050: { title: "an actor without steps", fix: "give it at least one step" },
  MR051: {
    title: "nothing to check",
    fix: "add a property: always, atRest, liveness, or an assert in a step",
  },
  MR052: { title: "not a range", fix: "use integers lo <= hi with fewer than 2^31 values" },
  MR053: { title: "not a count", fix: "use an integer from 0 to 4096" },
  MR054: { title: "no process", fix: "give at least one actor a count of 1 or more" },
  MR055: { title: "an enum without values", fix: "list at least one value" },
  MR056: {
    title: "a round of each reads what another round writes",
    fix: "read only the cell of the own member, so that the order of the rounds does not matter",
  },
  MR057: { title: "too many cells", fix: "narrow the index domains" },
  MR058: {
    title: "not a formula of temporal logic",
    fix: "write it as in SPIN: [] (asks -> <> gets), with !, ->, X, U, W, V and so on",
  },
  MR059: {
    title: "a formula and its atoms do not fit",
    fix: "name each atom of the formula once, in lower case, and no others",
  },
} as const satisfies Record<string, Rule>;

export type Code = keyof typeof DIAGNOSTICS;

/** The table in `docs/ir.md`. */
export function diagnosticsTable(): string {
  const rows = Object.entries(DIAGNOSTICS).map(
    ([code, r]) => `| ${code} | ${r.title} | ${r.fix} |`,
  );
  return ["| Code | What is wrong | What to do |", "|---|---|---|", ...rows].join("\n");
}

/** A step of a JSON pointer, escaped as RFC 6901 wants it. */
export function pointer(path: string, key: string | number): string {
  return `${path}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** Collects diagnostics; at one place of the model and its source. */
export interface Place {
  path: string;
  src: Src | undefined;
}

export type Report = (code: Code, place: Place, message: string, fix?: string) => void;

export function reporter(out: Diagnostic[]): Report {
  return (code, { path, src }, message, fix = DIAGNOSTICS[code].fix) => {
    out.push(src ? { code, message, fix, path, src } : { code, message, fix, path });
  };
}
