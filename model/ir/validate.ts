/** What can be wrong with a model of the right shape. `json.ts` checks the shape. */

import { type Diagnostic, type Place, type Report, reporter } from "./diagnostics.ts";
import { atomsIn, isAtomName, parseLtl } from "./ltl.ts";
import type { ActorDecl, Liveness, LtlClaim, Model, Property, VarDecl } from "./types.ts";
import {
  at,
  checkCondition,
  checkDomain,
  isName,
  isPathName,
  type Scope,
} from "./validate-expr.ts";
import { checkInitial } from "./validate-init.ts";
import { checkSteps } from "./validate-step.ts";
import { allStmts } from "./walk.ts";

/** Empty for a model that can be checked; everything else expects such a model. */
export function validate(model: Model): Diagnostic[] {
  const found: Diagnostic[] = [];
  const scope: Scope = { model, report: reporter(found), actor: undefined, bound: new Map() };
  const root: Place = { path: "", src: undefined };
  if (model.name.trim() === "") scope.report("MR010", at(root, "name"), "the model has no name");
  checkDeclarations(root, scope);
  checkVars(model.shared, at(root, "shared"), scope);
  for (const [i, expr] of model.assume.entries()) {
    checkCondition(expr, at(root, "assume", i), scope);
  }
  checkNames(model.actors, at(root, "actors"), "actors", scope.report);
  for (const [i, actor] of model.actors.entries()) {
    checkActor(actor, placeOf(at(root, "actors", i), actor), scope);
  }
  checkProperties(root, scope);
  checkWhole(root, scope);
  return found;
}

function placeOf(place: Place, node: { src?: Place["src"] }): Place {
  return node.src ? { ...place, src: node.src } : place;
}

interface Named {
  name: string;
  src?: Place["src"];
}

/** Well-formed and each used once. */
function checkNames(
  list: Named[],
  place: Place,
  what: string,
  report: Report,
  isGood: (name: string) => boolean = isName,
): void {
  const seen = new Set<string>();
  for (const [i, node] of list.entries()) {
    const here = at(placeOf(place, node), i, "name");
    if (!isGood(node.name)) report("MR010", here, `"${node.name}" is not a name`);
    if (seen.has(node.name)) report("MR011", here, `two ${what} are named ${node.name}`);
    seen.add(node.name);
  }
}

function checkDeclarations(root: Place, scope: Scope): void {
  const { model, report } = scope;
  const isNotEmpty = (name: string): boolean => name.trim() !== "";
  checkNames(model.enums, at(root, "enums"), "enums", report, isNotEmpty);
  for (const [i, { name, values }] of model.enums.entries()) {
    const here = at(root, "enums", i, "values");
    if (values.length === 0) report("MR055", here, `${name} has no values`);
    for (const [k, value] of values.entries()) {
      if (!isName(value)) report("MR010", at(here, k), `"${value}" is not a name`);
      if (values.indexOf(value) < k) report("MR011", at(here, k), `${name} has two ${value}`);
    }
  }
  checkNames(model.scalarsets, at(root, "scalarsets"), "scalarsets", report);
  for (const [i, { name, classes }] of model.scalarsets.entries()) {
    const here = at(root, "scalarsets", i, "classes");
    // Members are spelled in lower case, so two classes must differ in more than that.
    const spelled = classes.map((c) => ({ name: c.name.toLowerCase() }));
    checkNames(spelled, here, `classes of ${name}`, report);
    for (const [k, c] of classes.entries()) checkCount(c.size, at(here, k, "size"), report);
  }
}

const MAX_COUNT = 4096;

function checkCount(count: number, place: Place, report: Report): void {
  if (Number.isInteger(count) && count >= 0 && count <= MAX_COUNT) return;
  report("MR053", place, `${count} is not a count`);
}

function checkVars(decls: VarDecl[], place: Place, scope: Scope): void {
  checkNames(decls, place, "variables", scope.report, isPathName);
  for (const [i, decl] of decls.entries()) {
    const here = placeOf(at(place, i), decl);
    const known = checkDomain(decl.domain, at(here, "domain"), scope);
    const indexes = decl.index.map((d, k) => checkDomain(d, at(here, "index", k), scope));
    if (known && indexes.every(Boolean)) checkInitial(decl, here, scope);
  }
}

function checkActor(actor: ActorDecl, place: Place, scope: Scope): void {
  checkCount(actor.count, at(place, "count"), scope.report);
  checkVars(actor.locals, at(place, "locals"), scope);
  if (actor.steps.length === 0) {
    scope.report("MR050", at(place, "steps"), `${actor.name} has no steps`);
  }
  checkSteps(actor, place, scope);
}

function checkProperties(root: Place, scope: Scope): void {
  const { always, atRest, reachable } = scope.model;
  const { liveness = [] } = scope.model;
  const lists: Record<string, (Property | Liveness)[]> = { always, atRest, reachable, liveness };
  const seen = new Set<string>();
  for (const [key, list] of Object.entries(lists)) {
    for (const [i, property] of list.entries()) {
      const here = placeOf(at(root, key, i), property);
      checkPropertyName(property.name, at(here, "name"), seen, scope);
      if ("formula" in property) checkFormula(property, here, scope);
      else checkCondition(property.expr, at(here, "expr"), scope);
      if ("from" in property) checkCondition(property.from, at(here, "from"), scope);
    }
  }
}

function checkPropertyName(name: string, place: Place, seen: Set<string>, scope: Scope): void {
  if (!isName(name)) scope.report("MR010", place, `"${name}" is not a name`);
  if (seen.has(name)) scope.report("MR011", place, `two properties are named ${name}`);
  seen.add(name);
}

/** So many truths of a state fit in one word. */
const MOST_ATOMS = 30;

function checkFormula({ formula, atoms }: LtlClaim, place: Place, scope: Scope): void {
  const { report } = scope;
  const parsed = parseLtl(formula);
  if ("mistake" in parsed) {
    const { at: character, message } = parsed.mistake;
    report("MR058", at(place, "formula"), `${formula}: character ${character}: ${message}`);
  }
  if (atoms.length > MOST_ATOMS) {
    report("MR059", at(place, "atoms"), `${atoms.length} atoms; ${MOST_ATOMS} is the limit`);
  }
  const names = atoms.map((a) => a.name);
  for (const [i, { name, expr }] of atoms.entries()) {
    const here = at(place, "atoms", i);
    if (!isAtomName(name)) report("MR059", at(here, "name"), `"${name}" can't name an atom`);
    if (names.indexOf(name) < i) report("MR059", at(here, "name"), `two atoms named ${name}`);
    checkCondition(expr, at(here, "expr"), scope);
  }
  if ("mistake" in parsed) return;
  const used = atomsIn(parsed.formula);
  for (const name of used) {
    if (names.includes(name)) continue;
    const known = names.length > 0 ? names.join(", ") : "none";
    report("MR059", at(place, "formula"), `${formula}: there is no atom ${name}; known: ${known}`);
  }
  for (const [i, name] of names.entries()) {
    if (used.has(name) || !isAtomName(name)) continue;
    report("MR059", at(place, "atoms", i), `the atom ${name} is not in the formula ${formula}`);
  }
}

function checkWhole(root: Place, { model, report }: Scope): void {
  const steps = model.actors.flatMap((a) => a.steps);
  const asserts = steps.some((s) => allStmts(s.body).some((stmt) => stmt.kind === "assert"));
  const claims = [...model.always, ...model.atRest, ...(model.liveness ?? [])];
  if (claims.length === 0 && !asserts) {
    report("MR051", root, `${model.name || "the model"} claims nothing`);
  }
  if (!model.actors.some((a) => a.count > 0)) report("MR054", at(root, "actors"), "nobody runs");
}
