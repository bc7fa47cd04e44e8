/**
 * Expressions and assignments in Murphi. *None* of a scalarset proper is the undefined value,
 * which may be tested and assigned but not read; every other *none* is 0.
 */
import { type Domain, type Expr, memberBounds, type Ref } from "../ir/index.ts";
import { atom, conjunct, type Dialect, infix, joined, operand, type Text } from "./infix.ts";
import { isProper, memberType, type Naming } from "./murphi-names.ts";
import type { Namer } from "./names.ts";
import { classBounds, mapParts, simplify, unrollQuant } from "./rewrite.ts";
import { boundsOf, declOf, pidBounds, type Scope, typeOf } from "./scope.ts";

export interface Writer {
  dialect: Dialect;
  scope: Scope;
  naming: Naming;
  /** Text of the bound variables that are in scope. */
  bound: Map<string, string>;
  namer: Namer;
  /** Functions that count members of scalarsets, for the head of the text. */
  functions: string[];
}

/** `self` is the ruleset parameter of that name. */
export function writerFor(scope: Scope, naming: Naming, functions: string[]): Writer {
  const writer: Omit<Writer, "dialect"> = {
    scope,
    naming,
    bound: new Map(),
    namer: naming.namer.inner(),
    functions,
  };
  return withDialect(writer);
}

function withDialect(parts: Omit<Writer, "dialect">): Writer {
  const { scope, naming } = parts;
  const writer = { ...parts } as Writer;
  writer.dialect = {
    compare: { eq: "=", ne: "!=", lt: "<", le: "<=", gt: ">", ge: ">=" },
    and: "&",
    or: "|",
    not: "!",
    true: "true",
    false: "false",
    constant: (e) => constantText(e.domain, e.value, naming),
    self: () => "self",
    bound: (name) => writer.bound.get(name) ?? fail(`unbound ${name}`),
    read: (ref) => cellText(ref, writer),
    ite: (cond, yes, no) => `(${cond} ? ${yes} : ${no})`,
    implies: (left, right) => `${left} -> ${right}`,
    mod: (e, left, right) =>
      boundsOf(e.left, scope).lo < 0
        ? `((${left} % ${right} + ${right}) % ${right})`
        : `(${left} % ${right})`,
    quant: (e) => quantText(e, writer),
    inClass: (e) => inClassText(e, writer),
    atLabel: (e) => atLabelText(e, writer),
    special: (e) => compareMembers(e, writer),
  };
  return writer;
}

function fail(text: string): never {
  throw new Error(text);
}

/** The same with one more bound variable. */
export function binding(writer: Writer, bind: string): { writer: Writer; name: string } {
  const namer = writer.namer.inner();
  const name = namer.take(bind);
  const bound = new Map(writer.bound).set(bind, name);
  return { writer: withDialect({ ...writer, bound, namer }), name };
}

export function constantText(domain: Domain, value: number, naming: Naming): string {
  switch (domain.kind) {
    case "bool":
      return value ? "true" : "false";
    case "enum":
      return naming.enums.get(domain.name)?.values[value] ?? fail(`no value ${value}`);
    default:
      return value < 0 ? `(${value})` : String(value);
  }
}

function cellText(ref: Ref, writer: Writer): string {
  const { naming, scope, dialect } = writer;
  const index = ref.index.map((e) => `[${infix(e, dialect)}]`).join("");
  switch (ref.kind) {
    case "shared":
      return `${naming.shared.get(ref.name)}${index}`;
    case "local":
      return `${naming.locals.get(scope.actor?.name ?? "")?.get(ref.name)}[self]${index}`;
    case "peek": {
      const proc = infix(ref.proc, dialect);
      return `${naming.locals.get(ref.actor)?.get(ref.name)}[${proc}]${index}`;
    }
  }
}

function quantText(e: Extract<Expr, { kind: "quant" }>, writer: Writer): string {
  if (e.op === "count") return countText(e, writer);
  const inner = binding(writer, e.bind);
  const body = conjunct(e.body, inner.writer.dialect);
  return `(${e.op} ${inner.name}: ${memberType(e.over, writer.naming)} do ${body} end)`;
}

/** A sum over the members, or a function where members have no names. */
function countText(e: Extract<Expr, { kind: "quant" }>, writer: Writer): string {
  const { scope, naming } = writer;
  if (e.over.kind !== "scalarset" || !isProper(e.over, naming)) {
    return `(${infix(simplify(unrollQuant(e, scope), scope), writer.dialect)})`;
  }
  const inner = binding(writer, e.bind);
  const body = infix(e.body, inner.writer.dialect);
  const used = [...writer.bound].filter(([bind]) => mentionsBound(e.body, bind));
  const needsSelf = scope.actor !== undefined && mentionsSelf(e.body);
  const self = needsSelf ? [["self", { kind: "instances", actor: scope.actor?.name }]] : [];
  const params = [
    ...(self.length ? [`self: ${naming.instances.get(scope.actor?.name ?? "")}`] : []),
    ...used.map(([bind, name]) => {
      const over = scope.binds.get(bind);
      return `${name}: ${over ? memberType(over, naming) : ""}`;
    }),
  ];
  const fn = naming.namer.take("count_members");
  const counter = inner.writer.namer.take("n");
  const { hi } = boundsOf(e, scope);
  writer.functions.push(
    `function ${fn}(${params.join("; ")}): 0..${hi};`,
    `var ${counter}: 0..${hi};`,
    "begin",
    `  ${counter} := 0;`,
    `  for ${inner.name}: ${memberType(e.over, naming)} do`,
    `    if ${body} then ${counter} := ${counter} + 1; end;`,
    "  end;",
    `  return ${counter};`,
    "end;",
    "",
  );
  return `${fn}(${[...(needsSelf ? ["self"] : []), ...used.map(([, name]) => name)].join(", ")})`;
}

function mentionsBound(expr: Expr, bind: string): boolean {
  if (expr.kind === "bound") return expr.name === bind;
  return partsOf(expr).some((e) => mentionsBound(e, bind));
}

function mentionsSelf(expr: Expr): boolean {
  if (expr.kind === "self" || (expr.kind === "read" && expr.ref.kind === "local")) return true;
  return partsOf(expr).some(mentionsSelf);
}

function partsOf(expr: Expr): Expr[] {
  const parts: Expr[] = [];
  mapParts(expr, (e) => {
    parts.push(e);
    return e;
  });
  return parts;
}

function inClassText(e: Extract<Expr, { kind: "inClass" }>, writer: Writer): Text {
  if (isProper({ kind: "scalarset", name: e.set }, writer.naming)) {
    return atom(`!${isNone(e.arg, writer)}`);
  }
  const { lo, hi } = classBounds(e.set, e.class, writer.scope);
  const arg = operand(e.arg, 3, writer.dialect);
  return joined(lo === hi ? [`${arg} = ${lo}`] : [`${arg} >= ${lo}`, `${arg} <= ${hi}`], "&");
}

function atLabelText(e: Extract<Expr, { kind: "atLabel" }>, writer: Writer): Text {
  const { naming, scope, dialect } = writer;
  const { lo, hi } = pidBounds(scope.layout, e.actor);
  const at = boundsOf(e.proc, scope);
  const pc = `${naming.pcs.get(e.actor)}[${infix(e.proc, dialect)}]`;
  const steps = scope.layout.model.actors.find((a) => a.name === e.actor)?.steps ?? [];
  const tests = [...new Set(e.labels)].map((label) => {
    const position = label === "done" ? steps.length : steps.findIndex((s) => s.label === label);
    return `${pc} = ${naming.labels.get(e.actor)?.[position]}`;
  });
  const proc = operand(e.proc, 3, dialect);
  const low = at.lo < lo ? [`${proc} >= ${lo}`] : [];
  const high = at.hi > hi ? [`${proc} <= ${hi}`] : [];
  if (low.length + high.length === 0) return joined(tests, "|");
  const standing = tests.length === 1 ? tests : [`(${tests.join(" | ")})`];
  return joined([...low, ...high, ...standing], "&");
}

function compareMembers(e: Extract<Expr, { kind: "compare" }>, writer: Writer): Text | undefined {
  if (!isProper(typeOf(e.left, writer.scope), writer.naming)) return undefined;
  const equal = sameMember(e.left, e.right, writer);
  return e.op === "eq" ? equal : atom(`!${equal.level < 4 ? `(${equal.text})` : equal.text}`);
}

function sameMember(a: Expr, b: Expr, writer: Writer): Text {
  const { dialect } = writer;
  if (a.kind === "const") return atom(isNone(b, writer));
  if (b.kind === "const") return atom(isNone(a, writer));
  if (b.kind === "ite" && a.kind !== "ite") return sameMember(b, a, writer);
  if (a.kind === "ite") {
    const [yes, no] = [sameMember(a.then, b, writer), sameMember(a.else, b, writer)];
    return atom(`(${conjunct(a.cond, dialect)} ? (${yes.text}) : (${no.text}))`);
  }
  const [left, right] = [infix(a, dialect), infix(b, dialect)];
  const equal = `${left} = ${right}`;
  if (a.kind === "read" && b.kind === "read") {
    const both = `!isundefined(${right}) & ${equal}`;
    return atom(`(isundefined(${left}) ? isundefined(${right}) : ${both})`);
  }
  const maybe = [a, b].find((e) => e.kind === "read");
  return maybe
    ? joined([`!isundefined(${infix(maybe, dialect)})`, equal], "&")
    : joined([equal], "&");
}

function isNone(expr: Expr, writer: Writer): string {
  switch (expr.kind) {
    case "const":
      return String(expr.value === 0);
    case "read":
      return `isundefined(${infix(expr, writer.dialect)})`;
    case "ite": {
      const [yes, no] = [isNone(expr.then, writer), isNone(expr.else, writer)];
      return `(${conjunct(expr.cond, writer.dialect)} ? ${yes} : ${no})`;
    }
    default:
      return "false";
  }
}

/** Lines that assign; several when *none* has to be treated apart. */
export function assignLines(target: Ref, value: Expr, writer: Writer): string[] {
  const { dialect } = writer;
  const cell = dialect.read(target);
  if (!isProper(declOf(target, writer.scope).domain, writer.naming)) {
    return [`${cell} := ${infix(value, dialect)};`];
  }
  switch (value.kind) {
    case "const":
      return [`undefine ${cell};`];
    case "ite": {
      const arm = (e: Expr): string[] => assignLines(target, e, writer).map((l) => `  ${l}`);
      const cond = infix(value.cond, dialect);
      return [`if ${cond} then`, ...arm(value.then), "else", ...arm(value.else), "end;"];
    }
    case "read": {
      const from = infix(value, dialect);
      return [`if isundefined(${from}) then undefine ${cell};`, `else ${cell} := ${from}; end;`];
    }
    default:
      return [`${cell} := ${infix(value, dialect)};`];
  }
}

/** Members of an index domain by name; for domains that have them. */
export function indexTexts(domain: Domain, naming: Naming, scope: Scope): string[] {
  const { lo, hi } = memberBounds(scope.layout.model, domain);
  return Array.from({ length: hi - lo + 1 }, (_, i) => constantText(domain, lo + i, naming));
}
