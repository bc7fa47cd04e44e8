/** How values, cells and processes are spelled, everywhere: traces, diagnostics, pictures. */
import type { ActorDecl, Domain, EnumDecl, Model, ScalarsetDecl, VarDecl } from "./types.ts";

export function findEnum(model: Model, name: string): EnumDecl {
  const found = model.enums.find((e) => e.name === name);
  if (!found) throw new Error(`no enum named ${name}`);
  return found;
}

export function findScalarset(model: Model, name: string): ScalarsetDecl {
  const found = model.scalarsets.find((s) => s.name === name);
  if (!found) throw new Error(`no scalarset named ${name}`);
  return found;
}

/** Number of members over all classes. */
export function scalarsetSize(set: ScalarsetDecl): number {
  return set.classes.reduce((sum, c) => sum + c.size, 0);
}

/** `page0`, `sys1`: the class in lower case and the number within the class. */
export function memberName(set: ScalarsetDecl, value: number): string {
  let first = 1;
  for (const c of set.classes) {
    if (value >= first && value < first + c.size) return `${c.name.toLowerCase()}${value - first}`;
    first += c.size;
  }
  return value === 0 ? "none" : `${set.name.toLowerCase()}?${value}`;
}

/** `munmap`, or `munmap[1]` (from 0) when the actor has several instances. */
export function processName(actor: ActorDecl, instance: number): string {
  return actor.count === 1 ? actor.name : `${actor.name}[${instance}]`;
}

export function processNames(model: Model): string[] {
  return model.actors.flatMap((a) => Array.from({ length: a.count }, (_, i) => processName(a, i)));
}

/** Is there a declaration for the domain, so that its bounds are known? */
export function isDeclared(model: Model, domain: Domain): boolean {
  switch (domain.kind) {
    case "enum":
      return model.enums.some((e) => e.name === domain.name);
    case "scalarset":
      return model.scalarsets.some((s) => s.name === domain.name);
    case "bool":
    case "range":
    case "proc":
      return true;
  }
}

/** One value of a domain as text. */
export function showValue(model: Model, domain: Domain, value: number): string {
  switch (domain.kind) {
    case "bool":
      return value === 0 ? "false" : "true";
    case "range":
      return String(value);
    case "enum":
      return findEnum(model, domain.name).values[value] ?? `?${value}`;
    case "scalarset":
      return memberName(findScalarset(model, domain.name), value);
    case "proc":
      return value === 0 ? "none" : (processNames(model)[value - 1] ?? `process?${value}`);
  }
}

/** `folio[].refcount`: where the index expressions of a variable are written. */
export function showTemplate(decl: VarDecl): string {
  return decl.show ?? decl.name + "[]".repeat(decl.index.length);
}

/**
 * Puts index texts into the template: `folio[].refcount` and `vram0` give `folio[vram0].refcount`.
 */
export function showCell(decl: VarDecl, index: string[]): string {
  let next = 0;
  return showTemplate(decl).replace(/\[\]/g, () => `[${index[next++] ?? "?"}]`);
}
