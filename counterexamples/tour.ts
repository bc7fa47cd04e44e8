/** A tour through a model: a few runs that together take every step that they can. */
import {
  type Interpreter,
  interpret,
  type Model,
  type Move,
  type Outcome,
  replay,
  type State,
  type Trace,
} from "../model/ir/index.ts";

export interface TourOptions {
  config: string;
  /** Runs tried, and steps in each of them at most. */
  runs?: number;
  steps?: number;
}

export interface Tour {
  traces: Trace[];
  /** `actor.label` of the steps that no run took. */
  missed: string[];
}

interface Run {
  start: State;
  moves: Move[];
  fired: Set<string>;
}

/**
 * Runs that prefer steps not seen before, chosen by a fixed pseudo-random sequence, and of those
 * the few that cover all (greedy set cover, which is within ln n of the fewest: Chvatal, 1979).
 * Each is cut behind its last new step.
 */
export function tour(model: Model, options: TourOptions): Tour {
  const interpreter = interpret(model);
  const starts = interpreter.initialStates();
  const all = new Set(model.actors.flatMap((a) => a.steps.map((s) => `${a.name}.${s.label}`)));
  const seen = new Map<string, number>();
  const random = sequence(1);
  const runs: Run[] = [];
  for (let i = 0; i < (options.runs ?? 200) && starts.length > 0; i++) {
    if (i >= ENOUGH && seen.size === all.size) break;
    runs.push(
      walk(interpreter, starts[i % starts.length] as State, options.steps ?? 300, seen, random),
    );
  }
  const traces: Trace[] = [];
  const missing = new Set(all);
  for (;;) {
    const best = bestOf(runs, missing);
    if (!best) break;
    const moves = cutBehindNews(best, missing);
    traces.push(replay(model, options.config, "", moves, undefined, best.start));
    for (const label of firedBy(moves)) missing.delete(label);
  }
  return { traces, missed: [...missing] };
}

/**
 * Numbers in [0, 1): a linear congruential generator (Numerical Recipes), the same on every
 * machine.
 */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * One run: the process of the highest priority that can move moves, and priorities are reshuffled
 * now and then (after Burckhardt et al., "A randomized scheduler with probabilistic guarantees of
 * finding bugs", 2010, but with a chance of change at every step). Among its ways of moving the
 * rarest is taken.
 */
function walk(
  interpreter: Interpreter,
  start: State,
  limit: number,
  seen: Map<string, number>,
  random: () => number,
): Run {
  const run: Run = { start, moves: [], fired: new Set() };
  const priorities = interpreter.layout.processes.map(random);
  let state = start;
  let stale = 0;
  while (run.moves.length < limit && stale < DULL) {
    const next = interpreter.successors(state).filter((o) => !o.violation);
    const highest = Math.max(...next.map((o) => priorities[o.pid - 1] as number));
    const mover = next.filter((o) => priorities[o.pid - 1] === highest);
    const outcome = rarest(interpreter, mover, seen, random);
    if (!outcome) break;
    if (random() < CHANGE) priorities[outcome.pid - 1] = random();
    const name = labelName(interpreter, outcome);
    seen.set(name, (seen.get(name) ?? 0) + 1);
    stale = run.fired.has(name) ? stale + 1 : 0;
    run.fired.add(name);
    const process = interpreter.layout.processes[outcome.pid - 1]?.name ?? "";
    run.moves.push({ process, label: outcome.label, choices: outcome.choices });
    state = outcome.next;
  }
  return run;
}

/** Runs to choose from, even when they have taken every step already. */
const ENOUGH = 20;
/** A run ends after so many steps of which none was new to it. */
const DULL = 60;
/** Chance that a process gets a new priority after its step. */
const CHANGE = 0.1;

/** The outcome that leads to the label taken least often so far; ties are broken by chance. */
function rarest(
  interpreter: Interpreter,
  outcomes: Outcome[],
  seen: Map<string, number>,
  random: () => number,
): Outcome | undefined {
  const weights = outcomes.map((o) => {
    const actor = interpreter.layout.processes[o.pid - 1]?.actor.name ?? "";
    const after = seen.get(`${actor}.${interpreter.labelOf(o.next, o.pid)}`) ?? 0;
    return Math.log2(1 + after) + random() * 2;
  });
  return outcomes[weights.indexOf(Math.min(...weights))];
}

function labelName(interpreter: Interpreter, outcome: Outcome): string {
  const actor = interpreter.layout.processes[outcome.pid - 1]?.actor.name ?? "";
  return `${actor}.${outcome.label}`;
}

/** The run that takes most of the missing steps; of equals, the shortest. */
function bestOf(runs: Run[], missing: Set<string>): Run | undefined {
  const news = (run: Run): number => [...run.fired].filter((label) => missing.has(label)).length;
  const sorted = [...runs].sort((a, b) => news(b) - news(a) || a.moves.length - b.moves.length);
  const [best] = sorted;
  return best && news(best) > 0 ? best : undefined;
}

function cutBehindNews(run: Run, missing: Set<string>): Move[] {
  const left = new Set([...run.fired].filter((label) => missing.has(label)));
  let end = 0;
  run.moves.forEach((move, i) => {
    if (left.delete(nameOf(move))) end = i + 1;
  });
  return run.moves.slice(0, end);
}

function firedBy(moves: Move[]): string[] {
  return moves.map(nameOf);
}

function nameOf(move: Move): string {
  return `${move.process.replace(/\[\d+\]$/, "")}.${move.label}`;
}
