/**
 * A model as LTSmin wants it: transition groups with guards, and the matrices its partial-order
 * reduction is computed from (Laarman, Pater, van de Pol, Hansen, "Guard-based partial-order
 * reduction", 2016).
 */
import { type Expr, type Process, processName } from "../ir/index.ts";
import type { Action } from "./actions.ts";
import { conjunct } from "./infix.ts";
import { groundBranches } from "./instances.ts";
import { actionsRead, actionsWrite, type Slots, slotsRead, type Writes } from "./pins-access.ts";
import { expressions, type Naming } from "./pins-expr.ts";
import { mapParts, simplify } from "./rewrite.ts";
import type { Scope } from "./scope.ts";
import type { StepView, System } from "./system.ts";

/** A condition that LTSmin knows by number. */
export interface Guard {
  text: string;
  reads: Slots;
  /** A guard about one slot: for which values it is true. */
  about?: { slot: number; values: Set<number> };
}

/** What LTSmin is told about a transition group. */
export interface Row {
  /** `gpu_fault[0] take_lock page = page1`. */
  name: string;
  guards: number[];
  reads: Slots;
  writes: Writes;
}

export interface Group extends Row {
  process: Process;
  step: StepView;
  body: Action[];
  scope: Scope;
}

export interface Groups {
  guards: Guard[];
  groups: Group[];
}

export function groupsOf(system: System, naming: Naming): Groups {
  const guards: Guard[] = [];
  const numbers = new Map<string, number>();
  const guardNumber = (guard: Guard): number => {
    const known = numbers.get(guard.text);
    if (known !== undefined) return known;
    numbers.set(guard.text, guards.length);
    return guards.push(guard) - 1;
  };
  const groups = system.actors.flatMap((view) =>
    system.layout.processes
      .filter((p) => p.actor === view.decl)
      .flatMap((process) =>
        view.steps.flatMap((step) => stepGroups(process, step, naming, guardNumber)),
      ),
  );
  return { guards, groups };
}

function stepGroups(
  process: Process,
  step: StepView,
  naming: Naming,
  guardNumber: (guard: Guard) => number,
): Group[] {
  return step.branches.flatMap((branch) =>
    groundBranches(branch, process.pid).map((ground): Group => {
      const { scope } = ground;
      const dialect = expressions(naming, scope, "s", process);
      const conditions = ground.guard.map((e): Guard => {
        const guard: Guard = { text: conjunct(e, dialect), reads: slotsRead(e, scope, process) };
        const about = oneSlot(e, guard.reads, scope);
        return about ? { ...guard, about } : guard;
      });
      const all = [pcGuard(process, step, naming), ...conditions];
      const failing = hasChecks(ground.body);
      const writes = actionsWrite(ground.body, scope, process);
      if (failing) {
        writes.must = new Set();
        writes.may.add(naming.violation);
        writes.values.set(naming.violation, "any");
      }
      const reads = new Set([
        ...all.flatMap((g) => [...g.reads]),
        ...actionsRead(ground.body, scope, process),
        ...[...writes.may].filter((slot) => !writes.must.has(slot)),
      ]);
      const owner = processName(process.actor, process.instance);
      const name = [owner, step.step.label, ...ground.chosen].join(" ");
      const numbers = all.map(guardNumber);
      return { process, step, name, guards: numbers, body: ground.body, scope, reads, writes };
    }),
  );
}

function pcGuard(process: Process, step: StepView, naming: Naming): Guard {
  const label = naming.labels.get(process.actor.name)?.[step.position];
  const text = `s[${naming.bases.get(process.pc)}] == ${label}`;
  const about = { slot: process.pc, values: new Set([step.position]) };
  return { text, reads: new Set([process.pc]), about };
}

function hasChecks(body: Action[]): boolean {
  return body.some(
    (a) => a.kind === "check" || (a.kind === "if" && hasChecks([...a.yes, ...a.no])),
  );
}

/** A slot with more values than this is not looked into. */
const FEW = 64;

function oneSlot(expr: Expr, reads: Slots, scope: Scope): Guard["about"] | undefined {
  const [slot] = reads;
  if (reads.size !== 1 || slot === undefined) return undefined;
  const info = scope.layout.slots[slot];
  if (!info?.domain || info.hi - info.lo >= FEW) return undefined;
  const { domain } = info;
  const values = new Set<number>();
  for (let value = info.lo; value <= info.hi; value++) {
    const known = simplify(withReads(expr, { kind: "const", domain, value }), scope);
    if (known.kind !== "const") return undefined;
    if (known.value === 1) values.add(value);
  }
  return { slot, values };
}

/** All reads are of the same slot. */
function withReads(expr: Expr, value: Expr): Expr {
  return expr.kind === "read" ? value : mapParts(expr, (e) => withReads(e, value));
}

/** May both be true in the same state? */
export function mayBeCoenabled(a: Guard, b: Guard): boolean {
  if (!a.about || !b.about || a.about.slot !== b.about.slot) return true;
  const { values } = b.about;
  return [...a.about.values].some((v) => values.has(v));
}

/** May the group make the guard true (or, with `false`, untrue)? */
export function mayMake(group: Row, guard: Guard, to: boolean): boolean {
  const { may, values } = group.writes;
  if (![...guard.reads].some((slot) => may.has(slot))) return false;
  if (!guard.about) return true;
  const written = values.get(guard.about.slot);
  if (!written || written === "any") return true;
  return [...written].some((v) => guard.about?.values.has(v) === to);
}
