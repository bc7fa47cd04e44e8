/** Expressions in TLA+, and the layout of conjunctions, which TLA+ reads by column. */
import type { Expr, Ref } from "../ir/index.ts";
import { conjunct, type Dialect, infix, joined, operand, type Text } from "./infix.ts";
import type { Namer } from "./names.ts";
import { boundsOf, pidBounds, type Scope } from "./scope.ts";
import type { System } from "./system.ts";
import { constantText, memberSet, type Naming } from "./tla-names.ts";

export interface Writer {
  dialect: Dialect;
  scope: Scope;
  naming: Naming;
  system: System;
  /** Text of the bound variables that are in scope. */
  bound: Map<string, string>;
  /** Names within one definition. */
  namer: Namer;
  /** The definition that stands for a variable now, by the variable's name; without one, itself. */
  current: Map<string, string>;
}

export function writerFor(scope: Scope, naming: Naming, system: System): Writer {
  return withDialect({
    scope,
    naming,
    system,
    bound: new Map(),
    namer: naming.namer.inner(),
    current: new Map(),
  });
}

/** The same with other contents. */
export function withDialect(parts: Omit<Writer, "dialect">): Writer {
  const { naming, system } = parts;
  const writer = { ...parts } as Writer;
  writer.dialect = {
    compare: { eq: "=", ne: "#", lt: "<", le: "<=", gt: ">", ge: ">=" },
    and: "/\\",
    or: "\\/",
    not: "~",
    true: "TRUE",
    false: "FALSE",
    constant: (e) => constantText(e.domain, e.value, naming, system),
    self: () => "self",
    bound: (name) => {
      const text = writer.bound.get(name);
      if (!text) throw new Error(`unbound ${name}`);
      return text;
    },
    read: (ref) => cellText(ref, writer),
    ite: (cond, yes, no) => `(IF ${cond} THEN ${yes} ELSE ${no})`,
    implies: (left, right) => `${left} => ${right}`,
    mod: (_, left, right) => `(${left} % ${right})`,
    quant: (e) => quantText(e, writer),
    inClass: (e) => inClassText(e, writer),
    atLabel: (e) => atLabelText(e, writer),
  };
  return writer;
}

/** The same with one more bound variable. */
export function binding(writer: Writer, bind: string): { writer: Writer; name: string } {
  const name = writer.namer.take(bind);
  const bound = new Map(writer.bound).set(bind, name);
  return { writer: withDialect({ ...writer, bound }), name };
}

/** The variable that a reference points into. */
export function variableOf(ref: Ref, { naming, scope }: Writer): string {
  const actor = ref.kind === "peek" ? ref.actor : (scope.actor?.name ?? "");
  const found =
    ref.kind === "shared" ? naming.shared.get(ref.name) : naming.locals.get(actor)?.get(ref.name);
  if (!found) throw new Error(`no variable ${ref.name}`);
  return found;
}

/** Everything a variable is applied to: the process for a local, then the indexes. */
export function argumentsOf(ref: Ref, writer: Writer): string[] {
  const index = ref.index.map((e) => infix(e, writer.dialect));
  if (ref.kind === "shared") return index;
  return [ref.kind === "peek" ? infix(ref.proc, writer.dialect) : "self", ...index];
}

function cellText(ref: Ref, writer: Writer): string {
  const variable = variableOf(ref, writer);
  const args = argumentsOf(ref, writer).map((a) => `[${a}]`);
  return (writer.current.get(variable) ?? variable) + args.join("");
}

function quantText(e: Extract<Expr, { kind: "quant" }>, writer: Writer): string {
  const inner = binding(writer, e.bind);
  const set = memberSet(e.over, writer.naming);
  const body = conjunct(e.body, inner.writer.dialect);
  switch (e.op) {
    case "forall":
      return `(\\A ${inner.name} \\in ${set} : ${body})`;
    case "exists":
      return `(\\E ${inner.name} \\in ${set} : ${body})`;
    case "count":
      return `Cardinality({${inner.name} \\in ${set} : ${body}})`;
  }
}

function inClassText(e: Extract<Expr, { kind: "inClass" }>, writer: Writer): Text {
  const named = writer.naming.sets.get(e.set);
  const set = named?.classes.get(e.class) ?? named?.set ?? "";
  return joined([`${operand(e.arg, 3, writer.dialect)} \\in ${set}`], "/\\");
}

function atLabelText(e: Extract<Expr, { kind: "atLabel" }>, writer: Writer): Text {
  const { lo, hi } = pidBounds(writer.scope.layout, e.actor);
  const at = boundsOf(e.proc, writer.scope);
  const pc = `pc[${infix(e.proc, writer.dialect)}]`;
  const labels = [...new Set(e.labels)].map((label) => `"${label}"`);
  const standing =
    labels.length === 1 ? `${pc} = ${labels[0]}` : `${pc} \\in {${labels.join(", ")}}`;
  if (at.lo >= lo && at.hi <= hi) return joined([standing], "/\\");
  const proc = operand(e.proc, 3, writer.dialect);
  return joined([`${proc} \\in ${writer.naming.pids.get(e.actor)}`, standing], "/\\");
}

/** Bulleted list; the lines of an item stay aligned behind its bullet. */
export function bullets(sign: "/\\" | "\\/", items: string[][]): string[] {
  return items.flatMap((lines) =>
    lines.map((line, i) => (i === 0 ? `${sign} ${line}` : `   ${line}`)),
  );
}

export function indent(lines: string[], by: number): string[] {
  return lines.map((line) => " ".repeat(by) + line);
}
