/**
 * One step as a TLA+ action. Assignments in sequence become definitions of successive values
 * (static single assignment; Cytron et al., 1991), so that a later one sees an earlier one; the
 * last value of each variable is the primed one.
 */
import type { Expr, Ref } from "../ir/index.ts";
import type { Action } from "./actions.ts";
import type { Branch } from "./branches.ts";
import { ATOM, assignable, conjunct, infix, operand } from "./infix.ts";
import { flatten } from "./instances.ts";
import type { ActorView, StepView, System } from "./system.ts";
import {
  argumentsOf,
  binding,
  bullets,
  indent,
  variableOf,
  type Writer,
  withDialect,
  writerFor,
} from "./tla-expr.ts";
import { memberSet, type Naming } from "./tla-names.ts";

interface Definition {
  name: string;
  text: string;
}

/** A branch on its way through the statements. */
interface Path {
  writer: Writer;
  definitions: Definition[];
  /** Tests in order, each with what it means when it is true. */
  failures: { cond: string; rule: string }[];
  /** Conditions of the arms we are in. */
  inside: string[];
}

export interface ActionContext {
  system: System;
  naming: Naming;
  /** All variables but `violation`, in order. */
  variables: string[];
  /** Rules of failed checks, for the messages. */
  rules: Map<string, string>;
}

export function stepDefinition(view: ActorView, step: StepView, cx: ActionContext): string[] {
  const name = cx.naming.steps.get(view.decl.name)?.get(step.step.label);
  const branches = step.branches.map((branch) => branchLines(view, branch, cx));
  const here = [`pc[self] = "${step.step.label}"`];
  const [only] = branches;
  if (!only) return [`${name}(self) ==`, ...indent(bullets("/\\", [here, ["FALSE"]]), 2)];
  const items = branches.length === 1 ? only : [bullets("\\/", branches.map(asOne))];
  return [`${name}(self) ==`, ...indent(bullets("/\\", [here, ...items]), 2)];
}

function asOne(items: string[][]): string[] {
  return items.length === 1 ? (items[0] as string[]) : bullets("/\\", items);
}

/** Conjuncts, each as lines. */
function branchLines(view: ActorView, branch: Branch, cx: ActionContext): string[][] {
  let writer = writerFor(branch.scope, cx.naming, cx.system);
  const params = branch.params.map((param) => {
    const inner = binding(writer, param.name);
    writer = inner.writer;
    return `\\E ${inner.name} \\in ${memberSet(param.domain, cx.naming)} :`;
  });
  const guard = branch.guard.map((e) => [guardText(e, writer)]);
  const items = [...guard, ...effect(view, branch, writer, cx)];
  return params.reduceRight((inner, head) => [[head, ...indent(bullets("/\\", inner), 2)]], items);
}

/**
 * TLC takes a disjunction in an action as several ways of taking the step, and counts each;
 * compared with TRUE it is one condition.
 */
function guardText(expr: Expr, { dialect }: Writer): string {
  switch (expr.kind) {
    case "and":
    case "or":
    case "implies":
    case "quant":
    case "ite":
      return `${operand(expr, ATOM, dialect)} = TRUE`;
    default:
      return conjunct(expr, dialect);
  }
}

function effect(view: ActorView, branch: Branch, writer: Writer, cx: ActionContext): string[][] {
  const path: Path = { writer, definitions: [], failures: [], inside: [] };
  const pc = walk(flatten(branch.body, branch.scope), path, view, cx);
  const values = new Map(path.writer.current);
  const outputs = [...values].map(([variable, name]) => ({ variable, name, text: name }));
  const definitions = inlined(path, outputs, pc);
  const changed = outputs.map(({ variable, text }) => [`${variable}' = ${text}`]);
  const same = cx.variables.filter((v) => v !== "pc" && !values.has(v));
  const kept = cx.rules.size > 0 ? [...same, "violation"] : same;
  const next = [
    ...changed,
    [`pc' = [pc EXCEPT ![self] = ${pc}]`],
    ...(kept.length > 0 ? [[`UNCHANGED <<${kept.join(", ")}>>`]] : []),
  ];
  const failed = path.failures.reduceRight(
    (rest, { cond, rule }) => `IF ${cond} THEN "${rule}" ELSE ${rest}`,
    '""',
  );
  if (path.failures.length > 0) definitions.push({ name: "failed", text: failed });
  if (definitions.length === 0) return next;
  const lines = definitions.map(
    ({ name, text }, i) => `${i === 0 ? "LET " : "    "}${name} == ${text}`,
  );
  if (path.failures.length === 0) return [[...lines, ...prefixed("IN ", bullets("/\\", next))]];
  return [
    [
      ...lines,
      'IN IF failed # ""',
      "   THEN Violates(failed)",
      ...indent(prefixed("ELSE ", bullets("/\\", next)), 3),
    ],
  ];
}

function prefixed(word: string, lines: string[]): string[] {
  return lines.map((line, i) => (i === 0 ? word : " ".repeat(word.length)) + line);
}

/** Definitions that only one primed variable uses go there. */
function inlined(path: Path, outputs: { name: string; text: string }[], pc: string): Definition[] {
  const uses = (name: string): number => {
    const word = new RegExp(`\\b${name}\\b`, "g");
    const texts = [
      ...path.definitions.map((d) => d.text),
      ...path.failures.map((f) => f.cond),
      ...outputs.map((o) => o.name),
      pc,
    ];
    return texts.reduce((sum, text) => sum + (text.match(word)?.length ?? 0), 0);
  };
  const kept = path.definitions.filter((definition) => {
    const output = outputs.find((o) => o.name === definition.name);
    if (!output || uses(definition.name) > 1) return true;
    output.text = definition.text;
    return false;
  });
  return used(kept, [...path.failures.map((f) => f.cond), ...outputs.map((o) => o.text), pc]);
}

/** Without the definitions of values that are overwritten unread. */
function used(definitions: Definition[], texts: string[]): Definition[] {
  const left = definitions.filter(({ name }, i) => {
    const word = new RegExp(`\\b${name}\\b`);
    const later = definitions.slice(i + 1).map((d) => d.text);
    return [...later, ...texts].some((text) => word.test(text));
  });
  return left.length === definitions.length ? left : used(left, texts);
}

/** Goes through the statements; the result is the label where the path ends, or its expression. */
function walk(body: Action[], path: Path, view: ActorView, cx: ActionContext): string {
  let end = "";
  for (const action of body) end = walkOne(action, path, view, cx);
  return end;
}

function walkOne(action: Action, path: Path, view: ActorView, cx: ActionContext): string {
  const { writer } = path;
  switch (action.kind) {
    case "assign":
      assign(action.target, action.value, path);
      return "";
    case "jump":
      return `"${view.decl.steps[action.to]?.label ?? "done"}"`;
    case "check": {
      const rule = cx.rules.get(`${action.violation} ${action.rule}`) ?? action.rule;
      const cond = `~${inParentheses(infix(action.cond, writer.dialect))}`;
      path.failures.push({ cond: [...path.inside, cond].join(" /\\ "), rule });
      return "";
    }
    case "if":
      return walkIf(action, path, view, cx);
    case "each":
    case "assume":
      throw new Error(`${action.kind} in a finished branch`);
  }
}

function inParentheses(text: string): string {
  return /^\w+$/.test(text) ? text : `(${text})`;
}

function define(path: Path, wish: string, text: string): string {
  const name = path.writer.namer.take(wish);
  path.definitions.push({ name, text });
  return name;
}

function assign(target: Ref, value: Expr, path: Path): void {
  const { writer } = path;
  const variable = variableOf(target, writer);
  const args = argumentsOf(target, writer).map((a) => `[${a}]`);
  const now = writer.current.get(variable) ?? variable;
  const text = assignable(value, writer.dialect);
  const next = args.length === 0 ? text : `[${now} EXCEPT !${args.join("")} = ${text}]`;
  const isPlain = args.length === 0 && /^["\w]+$/.test(text);
  const name = isPlain ? text : define(path, `${variable}_1`, next);
  become(path, new Map(writer.current).set(variable, name));
}

function become(path: Path, current: Map<string, string>): void {
  path.writer = withDialect({ ...path.writer, current });
}

function walkIf(
  action: Extract<Action, { kind: "if" }>,
  path: Path,
  view: ActorView,
  cx: ActionContext,
): string {
  const text = infix(action.cond, path.writer.dialect);
  const cond = /^\w+$/.test(text) ? text : define(path, "cond", text);
  const before = path.writer.current;
  const arm = (body: Action[], test: string): { end: string; current: Map<string, string> } => {
    const inner: Path = { ...path, inside: [...path.inside, test] };
    const end = walk(body, inner, view, cx);
    return { end, current: inner.writer.current };
  };
  const yes = arm(action.yes, cond);
  const no = arm(action.no, `~${cond}`);
  const merged = new Map(before);
  for (const variable of new Set([...yes.current.keys(), ...no.current.keys()])) {
    const [a, b] = [yes.current.get(variable) ?? variable, no.current.get(variable) ?? variable];
    if (a === b) merged.set(variable, a);
    else merged.set(variable, define(path, `${variable}_1`, `IF ${cond} THEN ${a} ELSE ${b}`));
  }
  become(path, merged);
  if (yes.end === no.end) return yes.end;
  return `IF ${cond} THEN ${yes.end} ELSE ${no.end}`;
}
