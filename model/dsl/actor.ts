/**
 * Actors and routines: labelled steps. One label is one atomic step; falling through goes to the
 * next key; the value of a key is the C line and its effects, or a routine that is called there.
 */
import type { Fairness } from "../ir/index.ts";
import type { Effect } from "./effect.ts";
import { type Expr, makeExpr, makeRef } from "./expr.ts";
import { captureFrames, type Frame } from "./frames.ts";
import { type Accesses, access, type Declared, type Fields } from "./shared.ts";
import type { SizeLike } from "./size.ts";
import type { Proc } from "./type.ts";

/** The C line, then its effects; or a call. */
export type StepOf<L extends string> = readonly [text: string, ...effects: Effect<L>[]] | Routine;

export interface Steps {
  readonly [label: string]: StepOf<string>;
}

/** Every `goto` names a label of the same list, or "done". */
export type Checked<S> = { readonly [K in keyof S]: StepOf<(keyof S & string) | "done"> };

/** A kernel function as a value: its name, and its steps with fresh locals for each call. */
export interface Routine {
  readonly kind: "routine";
  readonly name: string;
  /** Where it is called: its steps may be written in a library. */
  readonly frames: Frame[];
  /** Declares the locals under the prefix and returns the steps. */
  readonly instantiate: (prefix: string, declared: Declared[]) => Steps;
}

function localsOf<F extends Fields>(fields: F, prefix: string, declared: Declared[]): Accesses<F> {
  const result: Record<string, unknown> = {};
  for (const [name, decl] of Object.entries(fields)) {
    result[name] = access(decl, "local", prefix + name, declared);
  }
  return result as Accesses<F>;
}

/**
 * A kernel function. `locals` are its own variables, fresh for each call; the caller's variables
 * and callbacks (other routines) come in as parameters of the TypeScript function that returns it.
 */
export function routine<F extends Fields, S extends Steps>(
  name: string,
  locals: F,
  body: (me: Accesses<F>) => S & Checked<S>,
): Routine {
  return {
    kind: "routine",
    name,
    frames: captureFrames(),
    instantiate: (prefix, declared) => body(localsOf(locals, prefix, declared)),
  };
}

/** What claims about infinite runs assume of the scheduler; see `Fairness` of the IR. */
export interface Schedule {
  fairness?: Fairness;
  finite?: boolean;
}

/** `count` identical processes that run these steps. */
export interface Actor<F extends Fields = Fields, S = unknown> {
  readonly kind: "actor";
  readonly name: string;
  readonly locals: F;
  readonly count: SizeLike;
  readonly doc: string;
  readonly schedule: Schedule;
  /** Where it is declared: a step without effects has no other place. */
  readonly frames: Frame[];
  /** The locals, for steps that mutants insert. */
  readonly me: Accesses<F>;
  readonly labels?: keyof S & string;
  readonly body: (me: Accesses<F>) => Steps;
  /** That many of them. */
  times(count: SizeLike): Actor<F, S>;
  /** What the head of its lane says ("svm fault worker"). */
  as(doc: string): Actor<F, S>;
  /**
   * The scheduler's promise: "weak" (it moves if it can all the time; the default), "strong" (it
   * moves if it can again and again), "none" (it may stop anywhere).
   */
  fair(fairness: Fairness): Actor<F, S>;
  /** Takes finitely many steps only, and ends up done, idle or blocked. */
  finite(): Actor<F, S>;
}

/** An actor of whatever labels, and of whatever locals if none are given. */
// biome-ignore lint/suspicious/noExplicitAny: labels and locals play no role where this is used
export type AnyActor<F extends Fields = any> = Actor<F, any>;

export function actor<F extends Fields, S extends Steps>(
  name: string,
  locals: F,
  body: (me: Accesses<F>) => S & Checked<S>,
): Actor<F, S> {
  const frames = captureFrames();
  const made = (count: SizeLike, doc: string, schedule: Schedule): Actor<F, S> => ({
    kind: "actor",
    name,
    locals,
    count,
    doc,
    schedule,
    frames,
    me: localsOf(locals, "", []),
    body,
    times: (n) => made(n, doc, schedule),
    as: (text) => made(count, text, schedule),
    fair: (fairness) => made(count, doc, { ...schedule, fairness }),
    finite: () => made(count, doc, { ...schedule, finite: true }),
  });
  return made(1, "", {});
}

/** One process of an actor, seen from a property. */
export interface Instance<F extends Fields> {
  readonly proc: Expr<Proc>;
  /** Stands at one of these labels (a label of a call: anywhere inside it); "done" is one. */
  at(...labels: string[]): Expr<boolean>;
  /** Its locals. */
  readonly local: Accesses<F>;
}

/** A local of another process; arrays of locals are not reachable this way. */
export function peek<F extends Fields>(who: AnyActor<F>, proc: Expr<Proc>): Accesses<F> {
  const result: Record<string, unknown> = {};
  for (const [name, decl] of Object.entries(who.locals)) {
    if (decl.kind !== "type") continue;
    const ref = { kind: "peek" as const, actor: who.name, proc: proc.node, name, index: [] };
    result[name] = makeRef(ref, decl.domain);
  }
  return result as Accesses<F>;
}

/** Is the process at one of the labels? `lower` widens the label of a call to the labels inside. */
export function atLabels(name: string, proc: Expr<Proc>, labels: string[]): Expr<boolean> {
  return makeExpr({ kind: "atLabel", proc: proc.node, actor: name, labels }, { kind: "bool" });
}
