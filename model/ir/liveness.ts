/**
 * Dead locals: a local whose value nobody will read before it is written again only multiplies
 * states.
 *
 * Liveness is the classic backward data-flow analysis (Aho, Sethi, Ullman, "Compilers: Principles,
 * Techniques, and Tools", 1986, section 10.6), here over the statements of steps and the jumps
 * between them. An array counts as one variable and is never killed. A local that a property peeks
 * at is live everywhere.
 */
import { layoutOf } from "./layout.ts";
import { resetOf } from "./reset.ts";
import type { ActorDecl, Expr, Model, Ref, Step, Stmt } from "./types.ts";
import { DONE } from "./types.ts";
import { exprsOfClaim, exprsOfRef, exprsOfStmt, refsRead } from "./walk.ts";

type Names = ReadonlySet<string>;

/** For each label, and for `done`: the locals whose value matters when a process stands there. */
export function liveLocals(model: Model, actor: ActorDecl): Map<string, Names> {
  const peeked = peekedLocals(model, actor);
  const live = new Map<string, Names>([[DONE, peeked]]);
  for (const step of actor.steps) live.set(step.label, peeked);
  const at = (label: string): Names => live.get(label) ?? peeked;
  let grows = true;
  while (grows) {
    grows = false;
    for (const [i, step] of [...actor.steps.entries()].reverse()) {
      const before = union(peeked, liveBefore(step.body, at(nextLabel(actor, i)), at));
      grows ||= before.size > at(step.label).size;
      live.set(step.label, before);
    }
  }
  return live;
}

function nextLabel(actor: ActorDecl, position: number): string {
  return actor.steps[position + 1]?.label ?? DONE;
}

function peekedLocals(model: Model, actor: ActorDecl): Names {
  const { assume, always, atRest, reachable, liveness = [] } = model;
  const properties = [...always, ...atRest, ...reachable].map((p) => p.expr);
  const exprs = [...assume, ...properties, ...liveness.flatMap(exprsOfClaim)];
  const peeks = exprs.flatMap(refsRead).filter((r) => r.kind === "peek" && r.actor === actor.name);
  return new Set(peeks.map((r) => r.name));
}

function union(a: Names, b: Iterable<string>): Names {
  return new Set([...a, ...b]);
}

function localsRead(exprs: Expr[]): string[] {
  return exprs.flatMap(refsRead).flatMap((r) => (r.kind === "local" ? [r.name] : []));
}

/** The local that the statement overwrites completely. */
function killed(target: Ref): string | undefined {
  return target.kind === "local" && target.index.length === 0 ? target.name : undefined;
}

function without(names: Names, name: string | undefined): Names {
  return new Set([...names].filter((n) => n !== name));
}

function liveBefore(body: Stmt[], after: Names, at: (label: string) => Names): Names {
  return body.reduceRight((live, stmt) => liveBeforeStmt(stmt, live, at), after);
}

function liveBeforeStmt(stmt: Stmt, after: Names, at: (label: string) => Names): Names {
  const reads = localsRead(exprsOfStmt(stmt));
  switch (stmt.kind) {
    case "set":
      return union(without(after, killed(stmt.target)), reads);
    case "choose": {
      // The condition is evaluated after the write, so what it reads of the target is the new
      // value.
      const seen = union(after, localsRead(stmt.where ? [stmt.where] : []));
      const index = localsRead(exprsOfRef(stmt.target));
      return union(without(seen, killed(stmt.target)), index);
    }
    case "wait":
    case "assert":
    case "lock":
      return union(after, reads);
    case "when": {
      const branches = union(liveBefore(stmt.then, after, at), liveBefore(stmt.else, after, at));
      return union(branches, reads);
    }
    case "either":
      return new Set(stmt.branches.flatMap((b) => [...liveBefore(b.body, after, at)]));
    case "each": {
      // The body runs any number of times: what one round reads may come from before the loop.
      const once = union(after, liveBefore(stmt.body, after, at));
      return union(once, liveBefore(stmt.body, once, at));
    }
    case "goto":
      return at(stmt.label);
  }
}

interface Rewriting {
  actor: ActorDecl;
  live: Map<string, Names>;
  /** For every local that can be reset: the statements that do it. */
  resets: Map<string, Stmt[]>;
}

/**
 * The same model with dead locals set back to their initial value at the end of the step after
 * which they are dead. Verdicts and reachable shared values and labels stay the same; states become
 * fewer, never more. Doing it twice changes nothing. A local that starts at `any` value is left
 * alone.
 *
 * Choices stay the same too, so moves found in the result can be replayed in the original.
 */
export function resetDeadLocals(model: Model): Model {
  const layout = layoutOf(model);
  const actors = model.actors.map((actor, i) => {
    const resets = new Map<string, Stmt[]>();
    for (const [name, cells] of layout.locals[i] ?? []) {
      const stmts = resetOf(model, cells);
      if (stmts) resets.set(name, stmts);
    }
    const cx: Rewriting = { actor, live: liveLocals(model, actor), resets };
    return { ...actor, steps: actor.steps.map((step, at) => rewriteStep(step, at, cx)) };
  });
  return { ...model, actors };
}

/**
 * On entry every dead local holds its initial value already, because whoever came here has seen to
 * it; the live ones may hold anything: they are dirty.
 */
function rewriteStep(step: Step, position: number, cx: Rewriting): Step {
  const dirty = new Set(cx.live.get(step.label));
  const { body, dirty: left } = rewrite(step.body, dirty, cx);
  const end = left ? resetsFor(left, nextLabel(cx.actor, position), cx) : [];
  return { ...step, body: [...body, ...end] };
}

function resetsFor(dirty: Names, label: string, cx: Rewriting): Stmt[] {
  const live = cx.live.get(label);
  const dead = cx.actor.locals.filter((d) => dirty.has(d.name) && !live?.has(d.name));
  return dead.flatMap((d) => cx.resets.get(d.name) ?? []);
}

/** `dirty` is what may differ from its initial value; undefined when no path reaches the end. */
interface Rewritten {
  body: Stmt[];
  dirty: Names | undefined;
}

function rewrite(body: Stmt[], before: Names, cx: Rewriting): Rewritten {
  const out: Stmt[] = [];
  let dirty: Names | undefined = before;
  for (let i = 0; i < body.length && dirty; ) {
    const known = resetAt(body, i, cx);
    if (known) {
      out.push(...body.slice(i, i + known.length));
      dirty = without(dirty, known.name);
      i += known.length;
      continue;
    }
    const next: Rewritten = rewriteStmt(body[i] as Stmt, dirty, cx);
    out.push(...next.body);
    dirty = next.dirty;
    i++;
  }
  return { body: out, dirty };
}

/** Is this a reset of some local? So that nothing is reset twice. */
function resetAt(
  body: Stmt[],
  at: number,
  cx: Rewriting,
): { name: string; length: number } | undefined {
  for (const [name, stmts] of cx.resets) {
    const { length } = stmts;
    if (length > 0 && JSON.stringify(body.slice(at, at + length)) === JSON.stringify(stmts)) {
      return { name, length };
    }
  }
  return undefined;
}

function rewriteStmt(stmt: Stmt, dirty: Names, cx: Rewriting): Rewritten {
  switch (stmt.kind) {
    case "set":
    case "choose":
      return { body: [stmt], dirty: dirtiedBy(stmt, dirty, cx) };
    case "wait":
    case "assert":
    case "lock":
      return { body: [stmt], dirty };
    case "when": {
      const [yes, no] = [rewrite(stmt.then, dirty, cx), rewrite(stmt.else, dirty, cx)];
      return { body: [{ ...stmt, then: yes.body, else: no.body }], dirty: joined([yes, no]) };
    }
    case "either": {
      const ways = stmt.branches.map((b) => ({ name: b.name, ...rewrite(b.body, dirty, cx) }));
      const branches = ways.map(({ name, body }) => ({ name, body }));
      return { body: [{ ...stmt, branches }], dirty: joined(ways) };
    }
    case "each": {
      const once = rewrite(stmt.body, dirty, cx);
      return { body: [stmt], dirty: union(dirty, once.dirty ?? []) };
    }
    case "goto":
      return { body: [...resetsFor(dirty, stmt.label, cx), stmt], dirty: undefined };
  }
}

function joined(ways: Rewritten[]): Names | undefined {
  const reaching = ways.flatMap((w) => (w.dirty ? [w.dirty] : []));
  return reaching.length === 0 ? undefined : new Set(reaching.flatMap((d) => [...d]));
}

function dirtiedBy(
  stmt: Extract<Stmt, { kind: "set" | "choose" }>,
  dirty: Names,
  cx: Rewriting,
): Names {
  if (stmt.target.kind !== "local") return dirty;
  const { name } = stmt.target;
  const init = cx.actor.locals.find((d) => d.name === name)?.init;
  const value = stmt.kind === "set" && stmt.value.kind === "const" ? stmt.value.value : undefined;
  const isInitial = init?.kind === "value" && init.value === value;
  return isInitial && killed(stmt.target) ? without(dirty, name) : union(dirty, [name]);
}
