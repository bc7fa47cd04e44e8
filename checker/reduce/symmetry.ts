/**
 * Symmetry: states that differ only by names of interchangeable things are one state (Ip and
 * Dill, "Better verification through symmetry", 1996; Clarke, Enders, Filkorn, Jha, "Exploiting
 * symmetry in temporal logic model checking", 1996). Interchangeable are the members of one class
 * of a scalarset, and the instances of one actor; a name that the model singles out anywhere is
 * not.
 *
 * The representative of an orbit is its smallest packed state, found by trying the whole group.
 * That is exact, and cheap as long as the group is small; a group above {@link MAX_GROUP} loses
 * its largest parts.
 */
import {
  allExprs,
  allStmts,
  type Domain,
  type Expr,
  exprsOfRef,
  exprsOfStmt,
  type Layout,
  type Model,
  type Over,
  type Ref,
  type Stmt,
  type VarDecl,
} from "../../model/ir/index.ts";

/** Interchangeable names: `values` of a scalarset, or process numbers. */
export interface Interchangeable {
  kind: "scalarset" | "proc";
  /** The scalarset, or the actor. */
  name: string;
  values: number[];
}

/** Larger groups are cut down; trying all permutations would cost more than it saves. */
export const MAX_GROUP = 720;

/** What may be exchanged in this model, within {@link MAX_GROUP}. */
export function interchangeable(layout: Layout): Interchangeable[] {
  const { model } = layout;
  const named = singledOut(model, layout);
  const sets = model.scalarsets.flatMap((set) => {
    let next = 1;
    return set.classes.map((c): Interchangeable => {
      const values = Array.from({ length: c.size }, () => next++);
      return { kind: "scalarset", name: set.name, values };
    });
  });
  const actors = model.actors.map((actor): Interchangeable => {
    const values = layout.processes.filter((p) => p.actor === actor).map((p) => p.pid);
    return { kind: "proc", name: actor.name, values };
  });
  const free = [...sets, ...actors].filter(
    (part) => part.values.length > 1 && !named.has(part.kind === "proc" ? "proc" : part.name),
  );
  free.sort((a, b) => a.values.length - b.values.length);
  let size = 1;
  return free.filter((part) => {
    const larger = size * factorial(part.values.length);
    if (larger > MAX_GROUP) return false;
    size = larger;
    return true;
  });
}

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}

/** Scalarsets (by name) and "proc" whose members the model tells apart somewhere. */
function singledOut(model: Model, layout: Layout): Set<string> {
  const named = new Set<string>();
  const note = (domain: Domain | undefined): void => {
    if (domain?.kind === "scalarset") named.add(domain.name);
    if (domain?.kind === "proc") named.add("proc");
  };
  const properties = [...model.always, ...model.atRest, ...model.reachable];
  const typing = new Typing(layout);
  for (const decl of model.shared) noteInit(decl, note);
  for (const expr of [...model.assume, ...properties.map((p) => p.expr)]) {
    typing.exprs(expr, undefined, new Map(), note);
  }
  model.actors.forEach((actor, i) => {
    for (const decl of actor.locals) noteInit(decl, note);
    for (const step of actor.steps) typing.stmts(step.body, i, new Map(), note);
  });
  return named;
}

function noteInit(decl: VarDecl, note: (domain: Domain) => void): void {
  const { init } = decl;
  if (init.kind === "any") return;
  const values = init.kind === "value" ? [init.value] : init.values;
  if (values.some((v) => v !== 0)) note(decl.domain);
  if (values.some((v) => v !== values[0])) for (const domain of decl.index) note(domain);
}

type Bound = ReadonlyMap<string, Domain>;
type Note = (domain: Domain | undefined) => void;

/** Walks expressions with just enough typing to see where a name is used as a number. */
class Typing {
  private readonly layout: Layout;

  constructor(layout: Layout) {
    this.layout = layout;
  }

  stmts(body: Stmt[], actor: number, bound: Bound, note: Note): void {
    for (const stmt of body) {
      for (const expr of exprsOfStmt(stmt)) this.exprs(expr, actor, bound, note);
      if (stmt.kind === "set" || stmt.kind === "choose") {
        this.indexes(stmt.target, actor, bound, note);
      } else if (stmt.kind === "when") {
        this.stmts([...stmt.then, ...stmt.else], actor, bound, note);
      } else if (stmt.kind === "either") {
        for (const branch of stmt.branches) this.stmts(branch.body, actor, bound, note);
      } else if (stmt.kind === "each") {
        if (dependsOnOrder(stmt)) note(overDomain(stmt.over));
        const inner = new Map(bound).set(stmt.bind, overDomain(stmt.over));
        this.stmts(stmt.body, actor, inner, note);
      }
    }
  }

  exprs(expr: Expr, actor: number | undefined, bound: Bound, note: Note): void {
    switch (expr.kind) {
      case "const":
        if (expr.value !== 0) note(expr.domain);
        return;
      case "read":
        this.indexes(expr.ref, actor, bound, note);
        return;
      case "quant": {
        const inner = new Map(bound).set(expr.bind, overDomain(expr.over));
        this.exprs(expr.body, actor, inner, note);
        return;
      }
      case "compare":
      case "arith": {
        const equality = expr.op === "eq" || expr.op === "ne";
        for (const side of [expr.left, expr.right]) {
          if (!equality) note(this.domainOf(side, actor, bound));
          this.exprs(side, actor, bound, note);
        }
        if (equality) this.mixed(expr.left, expr.right, actor, bound, note);
        return;
      }
      case "atLabel":
        if (expr.proc.kind === "const") note({ kind: "proc" });
        this.exprs(expr.proc, actor, bound, note);
        return;
      case "self":
      case "bound":
        return;
      case "implies":
      case "not":
      case "and":
      case "or":
      case "ite":
      case "inClass":
        for (const part of directParts(expr)) this.exprs(part, actor, bound, note);
    }
  }

  /** A comparison of a name with a number tells names apart. */
  private mixed(
    left: Expr,
    right: Expr,
    actor: number | undefined,
    bound: Bound,
    note: Note,
  ): void {
    const [a, b] = [this.domainOf(left, actor, bound), this.domainOf(right, actor, bound)];
    if (a?.kind === b?.kind) return;
    note(a);
    note(b);
  }

  private indexes(ref: Ref, actor: number | undefined, bound: Bound, note: Note): void {
    const decl = this.declOf(ref, actor);
    ref.index.forEach((index, i) => {
      const domain = decl?.index[i];
      const own = this.domainOf(index, actor, bound);
      if (index.kind === "const" || own?.kind !== domain?.kind) {
        note(domain);
        note(own);
      }
    });
    if (ref.kind === "peek" && ref.proc.kind === "const") note({ kind: "proc" });
    for (const expr of exprsOfRef(ref)) this.exprs(expr, actor, bound, note);
  }

  private declOf(ref: Ref, actor: number | undefined): VarDecl | undefined {
    const { layout } = this;
    if (ref.kind === "shared") return layout.shared.get(ref.name)?.decl;
    const owner =
      ref.kind === "local" ? actor : layout.model.actors.findIndex((a) => a.name === ref.actor);
    return layout.locals[owner ?? -1]?.get(ref.name)?.decl;
  }

  private domainOf(expr: Expr, actor: number | undefined, bound: Bound): Domain | undefined {
    switch (expr.kind) {
      case "const":
        return expr.domain;
      case "read":
        return this.declOf(expr.ref, actor)?.domain;
      case "self":
        return { kind: "proc" };
      case "bound":
        return bound.get(expr.name);
      case "ite":
        return this.domainOf(expr.then, actor, bound);
      default:
        return { kind: "range", lo: 0, hi: 0 };
    }
  }
}

function overDomain(over: Over): Domain {
  return over.kind === "instances" ? { kind: "proc" } : over;
}

function directParts(
  expr: Extract<Expr, { kind: "implies" | "not" | "and" | "or" | "ite" | "inClass" }>,
): Expr[] {
  switch (expr.kind) {
    case "implies":
      return [expr.left, expr.right];
    case "not":
    case "inClass":
      return [expr.arg];
    case "and":
    case "or":
      return expr.args;
    case "ite":
      return [expr.cond, expr.then, expr.else];
  }
}

/** Does the body read, of what it writes, more than the cell of the member it is at? */
function dependsOnOrder(each: Extract<Stmt, { kind: "each" }>): boolean {
  const isOwn = (ref: Ref): boolean =>
    ref.index.some((i) => i.kind === "bound" && i.name === each.bind);
  const inside = allStmts(each.body);
  const targets = inside.flatMap((s) =>
    s.kind === "set" || s.kind === "choose" ? [s.target] : [],
  );
  const written = new Set(targets.map((t) => `${t.kind} ${t.name}`));
  const reads = inside
    .flatMap(exprsOfStmt)
    .flatMap(allExprs)
    .flatMap((e) => (e.kind === "read" ? [e.ref] : []));
  const foreign = reads.some((r) => written.has(`${r.kind} ${r.name}`) && !isOwn(r));
  return foreign || targets.some((t) => !isOwn(t)) || inside.some((s) => s.kind === "goto");
}
