/** What is wrong with one state: properties that are false in it, and deadlock. */
import type { Interpreter, Outcome, State } from "./eval.ts";
import { printExpr } from "./print.ts";
import type { Violation } from "./trace.ts";
import type { Property } from "./types.ts";

/** Nobody can take a step: either the whole system has come to rest, or this is a deadlock. */
export function isDeadlock(interpreter: Interpreter, state: State, enabled: Outcome[]): boolean {
  return enabled.length === 0 && !allAtRest(interpreter, state);
}

function allAtRest(interpreter: Interpreter, state: State): boolean {
  return interpreter.layout.processes.every((p) => interpreter.atRest(state, p.pid));
}

/**
 * Everything that is wrong with a state, in the order in which it counts: violated `always`
 * properties as declared; in a state without successors the violated `atRest` properties, or the
 * deadlock.
 *
 * @param enabled its successors, for those who have them already
 */
export function violationsIn(
  interpreter: Interpreter,
  state: State,
  enabled: Outcome[] = interpreter.successors(state),
): Violation[] {
  const { always, atRest } = interpreter.model;
  const found = always.flatMap((p) => violationOf(interpreter, p, "always", state));
  if (isDeadlock(interpreter, state, enabled)) return [...found, deadlock(interpreter, state)];
  if (enabled.length > 0) return found;
  return [...found, ...atRest.flatMap((p) => violationOf(interpreter, p, "atRest", state))];
}

/** The first of them. */
export function violationIn(interpreter: Interpreter, state: State): Violation | undefined {
  return violationsIn(interpreter, state)[0];
}

function violationOf(
  interpreter: Interpreter,
  property: Property,
  kind: "always" | "atRest",
  state: State,
): Violation[] {
  const value = interpreter.evaluate(property.expr, state);
  if (value === true) return [];
  const place = property.src ? { src: property.src } : {};
  if (value !== false) {
    return [{ ...value, text: `${property.name} has no value: ${value.text}`, ...place }];
  }
  const text = property.doc ?? printExpr(property.expr, interpreter.model);
  return [{ kind, property: property.name, text, ...place }];
}

function deadlock(interpreter: Interpreter, state: State): Violation {
  const stuck = interpreter.layout.processes
    .filter((p) => !interpreter.atRest(state, p.pid))
    .map((p) => `${p.name} at ${interpreter.labelOf(state, p.pid)}`);
  const text = `nobody can go on: ${stuck.join(", ")}`;
  return { kind: "deadlock", property: "deadlock", text };
}
