/**
 * The intermediate representation: a model as plain data that survives JSON.
 *
 * Everything else stands on this file. The language writes it, the interpreter gives it meaning,
 * the checker and the exporters read it. `docs/ir.md` describes the same thing for authors of other
 * front ends.
 *
 * A model is a set of shared variables and a set of actors. An actor is a list of labelled steps;
 * one step is one atomic transition. Every value is a small integer (see {@link Domain}).
 */

export const IR_FORMAT = "mmrace-ir";
export const IR_VERSION = 1;

/** A place in a source file; line and column count from 1. */
export interface Src {
  file: string;
  line: number;
  column: number;
}

/**
 * A finite set of values.
 *
 * | kind      | integers used | meaning                                                         |
 * |-----------|---------------|-----------------------------------------------------------------|
 * | bool      | 0, 1          | false, true                                                     |
 * | range     | lo..hi        | themselves; leaving the range is a violation, never a wrap      |
 * | enum      | 0..k-1        | position in the list of names                                   |
 * | scalarset | 0, 1..n       | 0 is *none*; members have equality and indexing only            |
 * | proc      | 0, 1..N       | 0 is *none*; the processes (actor instances), declaration order |
 */
export type Domain =
  | { kind: "bool" }
  | { kind: "range"; lo: number; hi: number }
  | { kind: "enum"; name: string }
  | { kind: "scalarset"; name: string }
  | { kind: "proc" };

/** What an array is indexed by, and what a quantifier or `each` ranges over (none is left out). */
export type Over = Domain | { kind: "instances"; actor: string };

export interface EnumDecl {
  name: string;
  values: string[];
}

/**
 * A set of interchangeable members (Ip and Dill, "Better verification through symmetry", 1996), cut
 * into classes: members of one class are interchangeable, members of two classes are not. Member
 * numbers run through the classes in order.
 */
export interface ScalarsetDecl {
  name: string;
  classes: { name: string; size: number }[];
}

/** First value: one for all cells, one per cell (row-major), or any value of the domain. */
export type Init =
  | { kind: "value"; value: number }
  | { kind: "cells"; values: number[] }
  | { kind: "any" };

/** A variable or, with a non-empty `index`, an array of variables. */
export interface VarDecl {
  name: string;
  domain: Domain;
  index: Domain[];
  init: Init;
  /**
   * How a cell is written, `[]` for each index: `folio[].refcount`. Without it: name, then indexes.
   */
  show?: string;
  doc?: string;
  src?: Src;
}

/**
 * A cell: a shared variable, a local of the running process, or (properties only) a local of
 * another one.
 */
export type Ref =
  | { kind: "shared"; name: string; index: Expr[] }
  | { kind: "local"; name: string; index: Expr[] }
  | { kind: "peek"; actor: string; proc: Expr; name: string; index: Expr[] };

export type CompareOp = "eq" | "ne" | "lt" | "le" | "gt" | "ge";
export type ArithOp = "add" | "sub" | "mul" | "mod";
export type QuantOp = "forall" | "exists" | "count";

/**
 * Expressions have no side effects; `and`, `or`, `implies` and `ite` evaluate left to right, as in
 * C.
 */
export type Expr =
  | { kind: "const"; domain: Domain; value: number }
  | { kind: "read"; ref: Ref }
  /** The running process, a value of domain proc. */
  | { kind: "self" }
  /** The variable of an enclosing quantifier or `each`. */
  | { kind: "bound"; name: string }
  | { kind: "compare"; op: CompareOp; left: Expr; right: Expr }
  | { kind: "arith"; op: ArithOp; left: Expr; right: Expr }
  | { kind: "not"; arg: Expr }
  | { kind: "and"; args: Expr[] }
  | { kind: "or"; args: Expr[] }
  | { kind: "implies"; left: Expr; right: Expr }
  | { kind: "ite"; cond: Expr; then: Expr; else: Expr }
  | { kind: "quant"; op: QuantOp; bind: string; over: Over; body: Expr }
  /** Is this scalarset member in the class? None is in no class. */
  | { kind: "inClass"; arg: Expr; set: string; class: string }
  /** Is this process an instance of the actor, standing at one of these labels ("done" is one)? */
  | { kind: "atLabel"; proc: Expr; actor: string; labels: string[] };

/**
 * The kinds of lock, for pictures, lock-order reports and reductions; they carry no meaning here.
 */
export type LockKind =
  | "mutex"
  | "spinlock"
  | "rwsem"
  | "folio_lock"
  | "ww_mutex"
  | "seqcount"
  | "rcu"
  /** An instance of a work: held while it runs, waited for by those who flush it. */
  | "work"
  | "dma_fence"
  /** A map that only lockdep knows (fs_reclaim): nobody waits for it. */
  | "lockdep_map"
  /** Any other event that is waited for. */
  | "wait";

/**
 * What a step does to a lock, for those who look on. The effects on variables say what really
 * happens; `acquire` in the guard part of a step means that the step blocks until the lock is
 * granted.
 */
export interface LockEvent {
  op: "acquire" | "trylock" | "release" | "wait" | "downgrade";
  mode: "exclusive" | "shared";
  lock: LockKind;
  /** Lock class as lockdep would name it; instances of an array share it. */
  class: string;
  /** Which instance: index expressions, empty for a single lock. */
  index: Expr[];
  /** As in mutex_lock_nested(): for lockdep a class of its own. */
  subclass?: number;
  /** Taken under a lock or an acquire context that orders locks of one class (nest_lock). */
  nest?: boolean;
}

/**
 * Effects, executed in order; later ones see earlier ones.
 *
 * A step begins with its guard part: `choose`, `wait`, `assert` and `lock` only. After the first
 * other statement no `choose` and no `wait` may follow: a step never blocks half-way. A step whose
 * guard part reaches a false `wait` is disabled; a false `assert` before that `wait` is a violation
 * all the same.
 */
export type Stmt =
  | { kind: "choose"; target: Ref; where?: Expr; src?: Src }
  | { kind: "wait"; cond: Expr; src?: Src }
  | { kind: "assert"; cond: Expr; rule: string; text: string; src?: Src }
  | { kind: "lock"; event: LockEvent; src?: Src }
  | { kind: "set"; target: Ref; value: Expr; src?: Src }
  | { kind: "when"; cond: Expr; then: Stmt[]; else: Stmt[]; src?: Src }
  /** Nondeterminism inside a step: one of the branches happens (an allocation fails or not). */
  | { kind: "either"; branches: { name: string; body: Stmt[] }[]; src?: Src }
  /** For every member, in order; the body may only write cells indexed by the bound member. */
  | { kind: "each"; bind: string; over: Over; body: Stmt[]; src?: Src }
  /**
   * Ends the step; the process goes on at that label, or ends for good at "done". The mark is on
   * the jump from this step to that label.
   */
  | { kind: "goto"; label: string; mark?: Mark; src?: Src };

/** A retry loop passes here / a client got what it wanted here (progress checks). */
export type Mark = "retry" | "progress";

export interface Step {
  /** `fault`, or `fault.take_lock` for the step of a routine called at `fault`. */
  label: string;
  /** The C line that this step stands for. */
  text: string;
  body: Stmt[];
  /** A process may legally stay here for ever (a daemon that waits for work). */
  idle?: boolean;
  /** May never fire in some configuration without being a finding. */
  rare?: boolean;
  /** On every way of taking the step. */
  mark?: Mark;
  /** Kernel functions this step was inlined from, outermost first. */
  routine?: string[];
  src?: Src;
}

/**
 * What the scheduler owes a process, in claims about infinite runs.
 *
 * | fairness | a run is fair to the process when                                               |
 * |----------|---------------------------------------------------------------------------------|
 * | weak     | it moves again and again, or again and again can't (the default)                 |
 * | strong   | it moves again and again, or from some moment on never can                       |
 * | none     | always: it may stop anywhere (hardware that need not answer, an optional client) |
 */
export type Fairness = "weak" | "strong" | "none";

/**
 * An actor: `count` identical processes. After the last step, or `goto done`, a process has ended.
 */
export interface ActorDecl {
  name: string;
  count: number;
  locals: VarDecl[];
  steps: Step[];
  /** "weak" when left out. */
  fairness?: Fairness;
  /**
   * The processes take finitely many steps only: from some moment on each stays where it has ended,
   * where it is idle, or where it can't go on ("finitely many external invalidations").
   */
  finite?: boolean;
  /** Shown in the head of a lane ("svm fault worker"). */
  doc?: string;
  src?: Src;
}

export interface Property {
  name: string;
  expr: Expr;
  /** One sentence for people. */
  doc?: string;
  src?: Src;
}

/**
 * A claim about infinite fair runs and about runs that end. `expr` is true at some moment, again
 * and again, or at some moment not before each one at which `from` is true; or a formula of linear
 * temporal logic is true of the run (see `ltl.ts`), whose last state repeats for ever if it ends.
 */
export type Liveness =
  | ({ kind: "eventually" | "always_eventually" } & Property)
  | ({ kind: "leads_to"; from: Expr } & Property)
  | LtlClaim;

export interface LtlClaim extends Omit<Property, "expr"> {
  kind: "ltl";
  /** `[] (asks -> <> gets)` */
  formula: string;
  /** What the names in the formula stand for. */
  atoms: { name: string; expr: Expr }[];
}

export interface Model {
  format: typeof IR_FORMAT;
  version: typeof IR_VERSION;
  name: string;
  doc?: string;
  enums: EnumDecl[];
  scalarsets: ScalarsetDecl[];
  shared: VarDecl[];
  /** Narrows the initial states that `any` opens. */
  assume: Expr[];
  actors: ActorDecl[];
  /** Hold in every reachable state. */
  always: Property[];
  /** Hold in every state in which the whole system has come to rest legally. */
  atRest: Property[];
  /** Are true in at least one reachable state. */
  reachable: Property[];
  /** Hold in every fair run. */
  liveness?: Liveness[];
}

/** Label of a process that has ended. */
export const DONE = "done";
