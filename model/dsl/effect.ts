/**
 * Effects: what a step does, in order. Each is data; nothing happens while the spec is read. The
 * type parameter collects the labels that a `goto` inside names, so that the type checker knows
 * them.
 */
import type { LockEvent, Stmt } from "../ir/index.ts";
import { bindOver, type Expr, lift, type Ref, type Value } from "./expr.ts";
import { captureFrames, type Frame } from "./frames.ts";
import type { Type } from "./type.ts";

declare const labels: unique symbol;

/**
 * An IR statement with places instead of positions, or a step marker, or several effects in a row.
 */
export type EffectNode =
  | { kind: "plain"; stmt: Extract<Stmt, { kind: "choose" | "wait" | "assert" | "lock" | "set" }> }
  | { kind: "block"; effects: readonly Effect<string>[] }
  | { kind: "when"; cond: Expr<boolean>; yes: Effects<string>; no: Effects<string> }
  | { kind: "either"; branches: { name: string; body: Effects<string> }[] }
  | { kind: "each"; bind: string; type: Type<unknown>; body: Effects<string> }
  | { kind: "goto"; label: string }
  | { kind: "ret" }
  | { kind: "holds_none"; structs: readonly string[]; rule: string; text: string }
  | { kind: "mark"; mark: "idle" | "rare" | "retry" | "progress" };

export interface Effect<L extends string = never> {
  readonly [labels]?: L;
  readonly effect: EffectNode;
  readonly frames: Frame[];
}

export type Effects<L extends string = never> = readonly Effect<L>[];

function make<L extends string>(effect: EffectNode): Effect<L> {
  return { effect, frames: captureFrames() };
}

/** `target = value`. */
export function set<T>(target: Ref<T>, value: Value<NoInfer<T>>): Effect {
  const v = lift<T>(target.domain, value).node;
  return make({ kind: "plain", stmt: { kind: "set", target: target.ref, value: v } });
}

/** Blocks the step until the condition holds. First in a step. */
export function wait(cond: Value<boolean>): Effect {
  const c = lift<boolean>({ kind: "bool" }, cond).node;
  return make({ kind: "plain", stmt: { kind: "wait", cond: c } });
}

/**
 * Any value of the target's type (none is left out) that satisfies the condition. First in a step.
 */
export function choose<T>(target: Ref<T>, where?: Expr<boolean>): Effect {
  const stmt = { kind: "choose" as const, target: target.ref };
  return make({ kind: "plain", stmt: where ? { ...stmt, where: where.node } : stmt });
}

/** A rule that must hold here; `rule` names the finding (`unlock_by_stranger`). */
export function assert(rule: string, cond: Value<boolean>, text: string): Effect {
  const c = lift<boolean>({ kind: "bool" }, cond).node;
  return make({ kind: "plain", stmt: { kind: "assert", cond: c, rule, text } });
}

/**
 * A rule about locks that this step does not name: the running process holds none of these kinds of
 * struct, wherever they are in the shared state. Where the spec declares no such lock, nothing is
 * checked. `rule` names the finding (`sleep_in_atomic`).
 */
export function assert_holds_none(rule: string, structs: readonly string[], text: string): Effect {
  return make({ kind: "holds_none", structs, rule, text });
}

/** Tells onlookers what happens to a lock; see LockEvent. */
export function lockEvent(event: Omit<LockEvent, "index"> & { index: Expr<unknown>[] }): Effect {
  const index = event.index.map((e) => e.node);
  return make({ kind: "plain", stmt: { kind: "lock", event: { ...event, index } } });
}

/** Several effects as one, for kernel functions that are written in terms of others. */
export function block<L extends string = never>(...effects: Effects<L>): Effect<L> {
  return make({ kind: "block", effects });
}

/** An `if` that can be given its `else`. */
export interface When<L extends string> extends Effect<L> {
  otherwise<M extends string = never>(effects: Effects<M>): Effect<L | M>;
}

/** `if (cond) { ... }`, and `.otherwise([...])` for the else. */
export function when<L extends string = never>(cond: Value<boolean>, yes: Effects<L>): When<L> {
  const c = lift<boolean>({ kind: "bool" }, cond);
  const effect = make<L>({ kind: "when", cond: c, yes, no: [] });
  return {
    ...effect,
    otherwise: (no) => ({ ...effect, effect: { kind: "when", cond: c, yes, no } }),
  };
}

/** One of these happens, who knows which: `either({ ok: [...], enomem: [goto("out")] })`. */
export function either<L extends string = never>(branches: Record<string, Effects<L>>): Effect<L> {
  const list = Object.entries(branches).map(([name, body]) => ({ name, body }));
  return make({ kind: "either", branches: list });
}

/** A step of the kernel that may fail: both outcomes are explored. */
export function may_fail<L extends string = never>(name: string, failed: Effects<L>): Effect<L> {
  return either<L>({ ok: [], [name]: failed });
}

/** For every member of a type. The body may write only cells indexed by that member. */
export function each<T>(type: Type<T>, body: (x: Expr<T>) => Effects): Effect {
  const { bind, member } = bindOver(type);
  const node = { kind: "each" as const, bind, type: type as Type<unknown>, body: body(member) };
  return make(node);
}

/** Goes on at that label of the same actor or routine; "done" ends the actor. */
export function goto<const L extends string>(label: L): Effect<L> {
  return make<L>({ kind: "goto", label });
}

/** Returns from the routine: goes on after the call. In an actor: ends it. */
export function ret(): Effect {
  return make({ kind: "ret" });
}

/** The actor may legally stay at this step for ever: a daemon that waits for work. */
export function idle(): Effect {
  return make({ kind: "mark", mark: "idle" });
}

/** This step may be out of reach in some configuration; it is not a finding when it never fires. */
export function rare(): Effect {
  return make({ kind: "mark", mark: "rare" });
}

/** A retry loop passes here: of the ways out of the step, those that come by. */
export function retry(): Effect {
  return make({ kind: "mark", mark: "retry" });
}

/** Somebody got what it wanted, on those ways out of the step that come by. */
export function progress(): Effect {
  return make({ kind: "mark", mark: "progress" });
}
