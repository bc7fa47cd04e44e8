/**
 * A whole model as the exporters see it: every step as branches, and everything that must hold as
 * plain conditions on one state. A condition that can't be evaluated counts as false, as in the
 * interpreter.
 */
import {
  type ActorDecl,
  build,
  DONE,
  type Expr,
  interpret,
  type Layout,
  layoutOf,
  type Model,
  memberBounds,
  type Over,
  type State,
  type Step,
} from "../ir/index.ts";
import { type Branch, branchesOf } from "./branches.ts";
import { definedness } from "./definedness.ts";
import { mapParts, renameBinds, simplify } from "./rewrite.ts";
import { pidBounds, type Scope } from "./scope.ts";
import { type Exported, refused } from "./types.ts";

const { and, atLabel, forall, implies, instances, not, or, TRUE } = build;

export interface StepView {
  step: Step;
  /** Value of the pc at this step. */
  position: number;
  branches: Branch[];
}

export interface ActorView {
  decl: ActorDecl;
  /** Process numbers of the instances. */
  first: number;
  last: number;
  steps: StepView[];
}

/** Something that must hold, or an event that should be seen. */
export interface Claim {
  name: string;
  /** One line for a comment. */
  text: string;
  cond: Expr;
  scope: Scope;
}

export interface System {
  model: Model;
  layout: Layout;
  actors: ActorView[];
  always: Claim[];
  /**
   * Hold where everybody rests and nobody can move; the condition on the state is not part of
   * them.
   */
  atRest: Claim[];
  reachable: Claim[];
  assume: Claim[];
  /** Every process is done or stands at an idle label. */
  resting: Claim;
  /** No process can take a step. */
  stuck: Claim;
  /** Variables with several first values. */
  open: boolean;
}

/** Of a valid model. */
export function systemOf(model: Model): System {
  const layout = layoutOf(model);
  const actors = model.actors
    .filter((decl) => decl.count > 0)
    .map((decl): ActorView => {
      const { lo, hi } = pidBounds(layout, decl.name);
      const steps = decl.steps.map((step, position) => ({
        step,
        position,
        branches: branchesOf(layout, decl, step),
      }));
      return { decl, first: lo, last: hi, steps };
    });
  type Named = { name: string; expr: Expr; doc?: string };
  const claims = (list: Named[], binds?: Binds): Claim[] =>
    list.map((p) => claimOf(p.name, p.doc ?? p.name, p.expr, layout, binds));
  const together: Binds = new Map();
  return {
    model,
    layout,
    actors,
    always: claims(model.always),
    atRest: claims(model.atRest, together),
    reachable: claims(model.reachable),
    assume: claims(model.assume.map((expr, i) => ({ name: `assume_${i + 1}`, expr }))),
    resting: claimOf(
      "resting",
      "every process is done or idle",
      restingExpr(actors),
      layout,
      together,
    ),
    stuck: claimOf("stuck", "no process can take a step", stuckExpr(actors), layout, together),
    open: [...model.shared, ...model.actors.flatMap((a) => a.locals)].some(
      (v) => v.init.kind === "any",
    ),
  };
}

type Binds = Map<string, Over>;

/**
 * Claims that become one condition share their bound variables, so that each has a name of its
 * own.
 */
export function claimOf(
  name: string,
  text: string,
  expr: Expr,
  layout: Layout,
  binds: Binds = new Map(),
): Claim {
  const scope: Scope = { layout, actor: undefined, binds };
  const renamed = renameBinds(expr, scope.binds);
  const cond = simplify(and(definedness(renamed, scope), renamed), scope);
  return { name, text, cond, scope };
}

/** More initial states than this are not written out one by one. */
const MAX_INITIAL_STATES = 4096;

/** The states to start in, as the interpreter lists them, or why they can't be listed. */
export function initialList(system: System, target: string): State[] | Exported {
  const { model, layout } = system;
  const all = [
    ...layout.shared.values(),
    ...layout.processes.flatMap((p) => [...(layout.locals[p.actorIndex]?.values() ?? [])]),
  ];
  const sizes = all.map((cells) => {
    if (cells.decl.init.kind !== "any") return 1;
    const { lo, hi } = memberBounds(model, cells.decl.domain);
    return (hi - lo + 1) ** cells.count;
  });
  if (sizes.reduce((product, n) => product * n, 1) > MAX_INITIAL_STATES) {
    const text = `more than ${MAX_INITIAL_STATES} initial states; ${target} gets them one by one`;
    return refused("first values `any`", "initial states", text);
  }
  const states = interpret(model).initialStates();
  if (states.length > 0) return states;
  return refused("no initial state", "assume", "no first values satisfy the assumptions");
}

function restingExpr(actors: ActorView[]): Expr {
  return and(
    ...actors.map(({ decl }) => {
      const labels = decl.steps.filter((s) => s.idle).map((s) => s.label);
      return forall("p", instances(decl.name), (p) => atLabel(p, decl.name, ...labels, DONE));
    }),
  );
}

function stuckExpr(actors: ActorView[]): Expr {
  return and(
    ...actors.map(({ decl, steps }) =>
      forall("p", instances(decl.name), (p) => {
        const blocked = steps.flatMap((view): Expr[] => {
          const enabled = view.branches.map((branch) => enabledFor(branch, p, decl));
          if (enabled.some((e) => e === TRUE)) return [];
          return [and(atLabel(p, decl.name, view.step.label), not(or(...enabled)))];
        });
        return or(atLabel(p, decl.name, DONE), ...blocked);
      }),
    ),
  );
}

/** Can this process of the actor take a step? */
export function movesExpr({ decl, steps }: ActorView, p: Expr): Expr {
  return or(
    ...steps.map((view) => {
      const enabled = view.branches.map((branch) => enabledFor(branch, p, decl));
      return and(atLabel(p, decl.name, view.step.label), or(...enabled));
    }),
  );
}

/** The guard, said from outside about the process `p`. */
function enabledFor(branch: Branch, p: Expr, actor: ActorDecl): Expr {
  const guard = outside(and(...branch.guard), p, actor);
  if (guard === TRUE && branch.params.length === 0) return TRUE;
  return branch.params.reduceRight(
    (body: Expr, param): Expr => ({
      kind: "quant",
      op: "exists",
      bind: param.name,
      over: param.domain,
      body,
    }),
    guard,
  );
}

function outside(expr: Expr, p: Expr, actor: ActorDecl): Expr {
  if (expr.kind === "self") return p;
  const inner = mapParts(expr, (e) => outside(e, p, actor));
  if (inner.kind !== "read" || inner.ref.kind !== "local") return inner;
  const { name, index } = inner.ref;
  return build.read(build.peek(actor.name, p, name, ...index));
}

/** Nobody moves although somebody should: what must not be. */
export function noDeadlock(system: System): Expr {
  return simplify(or(system.resting.cond, not(system.stuck.cond)), system.stuck.scope);
}

/** The `atRest` property as something that holds in every state. */
export function whenResting(system: System, property: Claim): Expr {
  return implies(and(system.resting.cond, system.stuck.cond), property.cond);
}
