/**
 * Which scalarsets can be said as such in a target that knows their symmetry. A set with classes
 * is not symmetric as a whole, and a text that names a member breaks the symmetry; such a set is
 * exported as a range of numbers.
 */
import { allExprs, type Domain, type Expr, type VarDecl } from "../ir/index.ts";
import type { Action } from "./actions.ts";
import type { System } from "./system.ts";

/** Names of the scalarsets that nothing in the system tells apart, classes aside. */
export function symmetricSets(system: System): Set<string> {
  const { model } = system;
  const sets = model.scalarsets;
  const names = new Set(sets.map((s) => s.name));
  const named = (domain: Domain): void => {
    if (domain.kind === "scalarset") names.delete(domain.name);
  };
  for (const expr of expressionsOf(system).flatMap(allExprs)) {
    if (expr.kind === "const" && expr.value !== 0) named(expr.domain);
    if (expr.kind !== "read") continue;
    // The index *none* is never evaluated, but it has to be written.
    for (const index of expr.ref.index) if (index.kind === "const") named(index.domain);
  }
  for (const decl of [...model.shared, ...model.actors.flatMap((a) => a.locals)]) {
    for (const domain of namedByInit(decl)) named(domain);
  }
  return names;
}

/** Domains whose members the first values of a variable tell apart. */
function namedByInit({ domain, index, init }: VarDecl): Domain[] {
  switch (init.kind) {
    case "any":
      return [domain, ...index];
    case "value":
      return init.value === 0 ? [] : [domain];
    case "cells": {
      const uneven = init.values.some((v) => v !== init.values[0]);
      return [...(uneven ? index : []), ...(init.values.some((v) => v !== 0) ? [domain] : [])];
    }
  }
}

/** Every expression that an export with parameters and loops writes out. */
export function expressionsOf(system: System): Expr[] {
  const claims = [
    ...system.always,
    ...system.atRest,
    ...system.reachable,
    system.resting,
    system.stuck,
  ];
  const branches = system.actors.flatMap((a) => a.steps.flatMap((s) => s.branches));
  return [
    ...claims.map((c) => c.cond),
    ...branches.flatMap((b) => [...b.guard, ...b.body.flatMap(actionExprs)]),
  ];
}

function actionExprs(action: Action): Expr[] {
  switch (action.kind) {
    case "assign":
      return [{ kind: "read", ref: action.target }, action.value];
    case "check":
    case "assume":
      return [action.cond];
    case "if":
      return [action.cond, ...[...action.yes, ...action.no].flatMap(actionExprs)];
    case "each":
      return action.body.flatMap(actionExprs);
    case "jump":
      return [];
  }
}
