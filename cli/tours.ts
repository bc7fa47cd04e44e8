/** Tours: the few runs of a scheme that holds which together take every step that it can take. */
import { type Tour, tour } from "../counterexamples/tour.ts";
import { interpret, type Model, type Move, replay, type Trace } from "../model/ir/index.ts";
import type { Outcome } from "./judge.ts";
import type { Searcher } from "./search.ts";

/** Searches for steps that no random run took: at most so many, each no longer than this. */
const MOST_SEARCHES = 12;
const SEARCH_MS = 20_000;

/**
 * Random runs take most steps; to the rest the checker finds the shortest way: a step with an
 * assertion that fails is violated as soon as it is taken. `missed` has the steps that fire, but
 * that no run here takes.
 */
export async function tourOf({ task, result }: Outcome, searcher: Searcher): Promise<Tour> {
  const { model, config } = task;
  const { traces, missed } = tour(model, { config });
  const fires = new Set(
    result.coverage.filter((c) => c.fired > 0).map((c) => `${c.actor}.${c.label}`),
  );
  let missing = missed.filter((name) => fires.has(name));
  const tried = new Set<string>();
  while (tried.size < MOST_SEARCHES && !searcher.interrupted()) {
    // The last step of an actor tends to take most others on the way.
    const name = missing.findLast((n) => !tried.has(n));
    if (name === undefined) break;
    tried.add(name);
    const question = { ...task, model: failingAt(model, name) };
    const { moves, start } = await searcher.run(question, { timeLimit: SEARCH_MS });
    if (!moves || moves.length === 0) continue;
    const trace = replay(model, config, "", completed(model, moves, start), undefined, start);
    traces.push(trace);
    const taken = namesIn(model, trace);
    missing = missing.filter((n) => !taken.has(n));
  }
  return { traces, missed: missing };
}

/** The model with nothing to prove but that this step, `actor.label`, is never taken. */
function failingAt(model: Model, name: string): Model {
  const never = { kind: "const", domain: { kind: "bool" }, value: 0 } as const;
  const stop = { kind: "assert", cond: never, rule: "tour", text: name } as const;
  const actors = model.actors.map((actor) => ({
    ...actor,
    steps: actor.steps.map((step) => {
      if (`${actor.name}.${step.label}` !== name) return step;
      const guards = step.body.findIndex((s) => !GUARDS.has(s.kind));
      const at = guards < 0 ? step.body.length : guards;
      return { ...step, body: [...step.body.slice(0, at), stop, ...step.body.slice(at)] };
    }),
  }));
  return { ...model, actors, always: [], atRest: [], reachable: [], liveness: [] };
}

const GUARDS = new Set(["choose", "wait", "assert", "lock"]);

/** The last move ended at the assertion: the choices behind it are the first ones that go well. */
function completed(model: Model, moves: Move[], start: number[] | undefined): Move[] {
  const interpreter = interpret(model);
  let state = start ?? (interpreter.initialStates()[0] as number[]);
  const taken: Move[] = [];
  for (const move of moves) {
    const process = interpreter.layout.processes.find((p) => p.name === move.process);
    const ways = interpreter.stepsOf(state, process?.pid ?? 0);
    const way = ways.find((o) => !o.violation && move.choices.every((c, i) => o.choices[i] === c));
    if (!way) break;
    taken.push({ ...move, choices: way.choices });
    state = way.next;
  }
  return taken;
}

function namesIn(model: Model, trace: Trace): Set<string> {
  const actorOf = new Map(trace.lanes.map((lane) => [lane.pid, lane.actor]));
  return new Set(trace.steps.map((s) => `${actorOf.get(s.pid) ?? model.name}.${s.label}`));
}
