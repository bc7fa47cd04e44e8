/** Two versions of a scheme, told apart by searching both. */
import { type CheckResult, lockReport } from "../../checker/index.ts";
import { type Model, replay, type Trace } from "../../model/ir/index.ts";
import type { Task } from "../prepare.ts";
import { showCount } from "../progress.ts";
import { otherProperties } from "../races.ts";
import type { Limits, Searcher } from "../search.ts";
import { type Behaviours, behavioursOf } from "./behaviours.ts";
import type { Change } from "./change.ts";

/** What a version comes to. */
export interface Found {
  result: CheckResult;
  /** The shortest counterexample of each violated property. */
  violated: Map<string, Trace>;
  /** All properties were decided. */
  complete: boolean;
}

export async function searchAll(task: Task, limits: Limits, searcher: Searcher): Promise<Found> {
  const result = await searcher.run(task, limits);
  const violated = new Map<string, Trace>();
  if (result.verdict.kind !== "violated") {
    return { result, violated, complete: result.verdict.kind === "holds" };
  }
  const { model, config, variant } = task;
  const { moves = [], start, loopFrom, verdict } = result;
  const first = replay(model, config, variant, moves, verdict.violation, start, loopFrom);
  const others = await otherProperties({ task, result, limits, searcher });
  for (const trace of [first, ...others.traces]) {
    if (trace.violation) violated.set(trace.violation.property, trace);
  }
  return { result, violated, complete: others.complete };
}

export function verdictChanges(base: Found, head: Found): Change[] {
  const changes: Change[] = [];
  for (const [subject, trace] of head.violated) {
    if (base.violated.has(subject)) continue;
    const { text, src } = trace.violation as NonNullable<Trace["violation"]>;
    changes.push({ kind: "new-violation", subject, text, trace, ...(src ? { src } : {}) });
  }
  for (const [subject, trace] of base.violated) {
    if (!head.violated.has(subject) && head.complete) {
      changes.push({ kind: "repaired", subject, trace });
    }
  }
  if (!base.complete)
    changes.push({ kind: "incomplete", subject: "the base was not searched whole" });
  if (!head.complete)
    changes.push({ kind: "incomplete", subject: "the head was not searched whole" });
  return changes;
}

/** Counts and coverage are comparable when both searches were complete. */
export function countChanges({ result: base }: Found, { result: head }: Found): Change[] {
  if (base.verdict.kind !== "holds" || head.verdict.kind !== "holds") return [];
  const counts = ({ states, transitions, depth }: CheckResult): string =>
    `${showCount(states)} states, ${showCount(transitions)} transitions, depth ${depth}`;
  const fired = ({ coverage }: CheckResult) =>
    new Map(coverage.map((row) => [`${row.actor}.${row.label}`, row.fired > 0]));
  const [was, is] = [fired(base), fired(head)];
  const lost = [...is].filter(([name, now]) => was.get(name) === true && !now);
  const gained = [...is].filter(([name, now]) => was.get(name) === false && now);
  const [from, to] = [counts(base), counts(head)];
  return [
    ...lost.map(([subject]): Change => ({ kind: "coverage-lost", subject })),
    ...gained.map(([subject]): Change => ({ kind: "coverage-gained", subject })),
    ...(from === to
      ? []
      : [{ kind: "count-changed" as const, subject: "states", text: `${from} -> ${to}` }]),
  ];
}

/** @param limit states at most, on each side */
export function lockChanges(base: Model, head: Model, limit: number): Change[] {
  const [was, is] = [lockReport(base, limit), lockReport(head, limit)];
  const key = ({ outer, inner }: { outer: string; inner: string }): string =>
    `${outer} -> ${inner}`;
  const known = new Set(was.edges.map(key));
  const now = new Set(is.edges.map(key));
  const added = is.edges.filter((e, i) => {
    return !known.has(key(e)) && is.edges.findIndex((f) => key(f) === key(e)) === i;
  });
  const gone = [...known].filter((name) => !now.has(name));
  return [
    ...added.map((edge): Change => {
      const witness = (edge.witness?.moves ?? []).map((m) => `${m.process}.${m.label}`);
      return {
        kind: "new-lock-edge",
        subject: key(edge),
        text: `${edge.process}: ${edge.text}`,
        witness,
      };
    }),
    ...gone.map((subject): Change => ({ kind: "lock-edge-removed", subject })),
    ...partial("orders of locks", limit, was.complete && is.complete),
  ];
}

/**
 * Of steps that both versions have; the others are told of as such.
 *
 * @param length consecutive steps; 1 or 2
 */
export function behaviourChanges(
  base: Model,
  head: Model,
  length: number,
  limit: number,
): Change[] {
  const [was, is] = [base, head].map((m) => behavioursOf(m, length, limit)) as [
    Behaviours,
    Behaviours,
  ];
  const [before, after] = [base, head].map(
    (m) => new Set(m.actors.flatMap((a) => a.steps.map((s) => `${a.name}.${s.label}`))),
  );
  const only = (one: Behaviours, other: Behaviours, kind: Change["kind"]): Change[] =>
    [...one.found]
      .filter(([key, { labels }]) => {
        return !other.found.has(key) && labels.every((l) => before?.has(l) && after?.has(l));
      })
      .map(([subject, { way }]) => ({ kind, subject, witness: way() }));
  return [
    ...only(is, was, "behaviour-added"),
    ...only(was, is, "behaviour-removed"),
    ...partial("behaviours", limit, was.complete && is.complete),
  ];
}

function partial(what: string, limit: number, complete: boolean): Change[] {
  if (complete) return [];
  return [{ kind: "incomplete", subject: `${what}: the first ${showCount(limit)} states only` }];
}
