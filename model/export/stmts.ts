/** Rewriting statements: the expressions in them, and the names of what they bind. */
import { bodiesOfStmt, build, type Expr, type Over, type Stmt } from "../ir/index.ts";
import { freshBind, mapRef, renameBinds, substituteBound } from "./rewrite.ts";

/** The statement with its expressions and its inner bodies rewritten. */
function mapStmt(stmt: Stmt, expr: (e: Expr) => Expr, inside: (body: Stmt[]) => Stmt[]): Stmt {
  switch (stmt.kind) {
    case "choose": {
      const target = mapRef(stmt.target, expr);
      return stmt.where ? { ...stmt, target, where: expr(stmt.where) } : { ...stmt, target };
    }
    case "wait":
    case "assert":
      return { ...stmt, cond: expr(stmt.cond) };
    case "lock":
      return { ...stmt, event: { ...stmt.event, index: stmt.event.index.map(expr) } };
    case "set":
      return { ...stmt, target: mapRef(stmt.target, expr), value: expr(stmt.value) };
    case "when":
      return build.when(expr(stmt.cond), inside(stmt.then), inside(stmt.else));
    case "either":
      return { ...stmt, branches: stmt.branches.map((b) => ({ ...b, body: inside(b.body) })) };
    case "each":
      return { ...stmt, body: inside(stmt.body) };
    case "goto":
      return stmt;
  }
}

/** Bound variables get names of their own, so that expressions can be moved about. */
export function renameBody(
  body: Stmt[],
  binds: Map<string, Over>,
  names = new Map<string, string>(),
): Stmt[] {
  const rename = (stmt: Stmt): Stmt => {
    if (stmt.kind !== "each") {
      return mapStmt(
        stmt,
        (e) => renameBinds(e, binds, names),
        (inner) => renameBody(inner, binds, names),
      );
    }
    const bind = freshBind(stmt.bind, stmt.over, binds);
    const inner = new Map(names).set(stmt.bind, bind);
    return { ...stmt, bind, body: renameBody(stmt.body, binds, inner) };
  };
  return body.map(rename);
}

/** Bound variables replaced by expressions. */
export function substituteStmts(body: Stmt[], values: Map<string, Expr>): Stmt[] {
  return body.map((stmt) =>
    mapStmt(
      stmt,
      (e) => substituteBound(e, values),
      (inner) => substituteStmts(inner, values),
    ),
  );
}

/** Is one of these kinds among the statements, at any depth? */
export function mentions(body: Stmt[], kinds: Stmt["kind"][]): boolean {
  return body.some(
    (s) => kinds.includes(s.kind) || bodiesOfStmt(s).some((inner) => mentions(inner, kinds)),
  );
}
