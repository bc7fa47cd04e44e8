/** Going through expressions and statements without knowing their kinds. */
import type { Expr, Liveness, Ref, Stmt } from "./types.ts";

/** The expressions directly inside a reference: indexes, and the process of a peek. */
export function exprsOfRef(ref: Ref): Expr[] {
  return ref.kind === "peek" ? [ref.proc, ...ref.index] : ref.index;
}

/** The expressions directly inside an expression. */
export function exprsOfExpr(expr: Expr): Expr[] {
  switch (expr.kind) {
    case "const":
    case "self":
    case "bound":
      return [];
    case "read":
      return exprsOfRef(expr.ref);
    case "compare":
    case "arith":
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
    case "quant":
      return [expr.body];
    case "atLabel":
      return [expr.proc];
  }
}

/** The expressions directly inside a statement, not those of the statements in it. */
export function exprsOfStmt(stmt: Stmt): Expr[] {
  switch (stmt.kind) {
    case "choose":
      return [...exprsOfRef(stmt.target), ...(stmt.where ? [stmt.where] : [])];
    case "wait":
    case "assert":
    case "when":
      return [stmt.cond];
    case "lock":
      return stmt.event.index;
    case "set":
      return [...exprsOfRef(stmt.target), stmt.value];
    case "either":
    case "each":
    case "goto":
      return [];
  }
}

/** The lists of statements directly inside a statement. */
export function bodiesOfStmt(stmt: Stmt): Stmt[][] {
  switch (stmt.kind) {
    case "when":
      return [stmt.then, stmt.else];
    case "either":
      return stmt.branches.map((b) => b.body);
    case "each":
      return [stmt.body];
    case "choose":
    case "wait":
    case "assert":
    case "lock":
    case "set":
    case "goto":
      return [];
  }
}

/** The statement with each list of statements directly inside it replaced. */
export function withBodies(stmt: Stmt, change: (body: Stmt[]) => Stmt[]): Stmt {
  switch (stmt.kind) {
    case "when":
      return { ...stmt, then: change(stmt.then), else: change(stmt.else) };
    case "either":
      return { ...stmt, branches: stmt.branches.map((b) => ({ ...b, body: change(b.body) })) };
    case "each":
      return { ...stmt, body: change(stmt.body) };
    case "choose":
    case "wait":
    case "assert":
    case "lock":
    case "set":
    case "goto":
      return stmt;
  }
}

/** The expression and everything inside it, outermost first. */
export function allExprs(expr: Expr): Expr[] {
  return [expr, ...exprsOfExpr(expr).flatMap(allExprs)];
}

/** The statements and everything inside them, outermost first. */
export function allStmts(body: Stmt[]): Stmt[] {
  return body.flatMap((stmt) => [stmt, ...bodiesOfStmt(stmt).flatMap(allStmts)]);
}

/** The cells that an expression may read, those inside index expressions included. */
export function refsRead(expr: Expr): Ref[] {
  return allExprs(expr).flatMap((e) => (e.kind === "read" ? [e.ref] : []));
}

/** The expressions that a claim about infinite runs is made of. */
export function exprsOfClaim(claim: Liveness): Expr[] {
  switch (claim.kind) {
    case "eventually":
    case "always_eventually":
      return [claim.expr];
    case "leads_to":
      return [claim.from, claim.expr];
    case "ltl":
      return claim.atoms.map((a) => a.expr);
  }
}
