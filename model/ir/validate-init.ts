/** What can be wrong with first values: range, number, and symmetry. */
import type { Place } from "./diagnostics.ts";
import { type Dimension, memberBounds, valueBounds } from "./layout.ts";
import { printOver } from "./print.ts";
import type { Domain, Model, VarDecl } from "./types.ts";
import { at, type Scope } from "./validate-expr.ts";

const MAX_CELLS = 1 << 16;

/** Expects domains that are declared. */
export function checkInitial(decl: VarDecl, place: Place, scope: Scope): void {
  const { model, report } = scope;
  const dims = decl.index.map((domain) => ({ domain, ...memberBounds(model, domain) }));
  const count = dims.reduce((product, d) => product * Math.max(0, d.hi - d.lo + 1), 1);
  if (count > MAX_CELLS) {
    report("MR057", at(place, "index"), `${decl.name} has ${count} cells`);
    return;
  }
  const { init } = decl;
  const here = at(place, "init");
  switch (init.kind) {
    case "value":
      checkValue(init.value, decl, at(here, "value"), scope);
      return;
    case "any": {
      const { lo, hi } = memberBounds(model, decl.domain);
      if (lo > hi) report("MR041", here, `${decl.name} can't start: its domain is empty`);
      return;
    }
    case "cells":
      if (init.values.length !== count) {
        const message = `${decl.name} has ${count} cells and ${init.values.length} first values`;
        report("MR036", at(here, "values"), message);
        return;
      }
      checkCells(init.values, dims, decl, at(here, "values"), scope);
  }
}

function checkCells(
  values: number[],
  dims: Dimension[],
  decl: VarDecl,
  place: Place,
  scope: Scope,
): void {
  const good = values.map((v, i) => checkValue(v, decl, at(place, i), scope));
  if (good.every(Boolean)) checkSymmetry(values, dims, decl, place, scope);
}

function checkValue(value: number, decl: VarDecl, place: Place, scope: Scope): boolean {
  const { domain, name } = decl;
  if ((domain.kind === "scalarset" || domain.kind === "proc") && value !== 0) {
    const message = `${name} starts at ${printOver(domain)} number ${value}`;
    scope.report("MR034", place, message);
    return false;
  }
  const { lo, hi } = valueBounds(scope.model, domain);
  if (Number.isSafeInteger(value) && lo <= value && value <= hi) return true;
  scope.report("MR035", place, `${name} starts at ${value}, outside ${printOver(domain)}`);
  return false;
}

/**
 * Swapping two members of a class, or two processes of an actor, must not change the first values.
 */
function checkSymmetry(
  values: number[],
  dims: Dimension[],
  decl: VarDecl,
  place: Place,
  scope: Scope,
): void {
  const seen = new Set<string>();
  for (const { domain } of dims) {
    const name = printOver(domain);
    if (seen.has(name)) continue;
    seen.add(name);
    for (const member of swappable(scope.model, domain)) {
      if (isUnchanged(values, dims, domain, member)) continue;
      const message = `${decl.name} tells ${name} ${member} and ${member + 1} apart`;
      scope.report("MR037", place, message);
      return;
    }
  }
}

/** Every member that may change places with the next one. */
function swappable(model: Model, domain: Domain): number[] {
  const groups = groupsOf(model, domain);
  const swaps: number[] = [];
  let first = 1;
  for (const size of groups) {
    for (let i = 0; i + 1 < size; i++) swaps.push(first + i);
    first += size;
  }
  return swaps;
}

function groupsOf(model: Model, domain: Domain): number[] {
  if (domain.kind === "proc") return model.actors.map((a) => a.count);
  if (domain.kind !== "scalarset") return [];
  const set = model.scalarsets.find((s) => s.name === domain.name);
  return set?.classes.map((c) => c.size) ?? [];
}

function isUnchanged(values: number[], dims: Dimension[], domain: Domain, member: number): boolean {
  const name = printOver(domain);
  return values.every((value, cell) => {
    let rest = cell;
    let swapped = 0;
    let stride = 1;
    for (const dim of [...dims].reverse()) {
      const size = dim.hi - dim.lo + 1;
      let at = dim.lo + (rest % size);
      rest = Math.floor(rest / size);
      if (printOver(dim.domain) === name) {
        if (at === member) at = member + 1;
        else if (at === member + 1) at = member;
      }
      swapped += (at - dim.lo) * stride;
      stride *= size;
    }
    return values[swapped] === value;
  });
}
