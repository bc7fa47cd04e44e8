/** The questions about progress, one after the other, and the lasso that answers one with no. */
import {
  type ActorDecl,
  type Liveness,
  marksOf,
  PROGRESS,
  RETRY,
  type ViolationKind,
} from "../../model/ir/index.ts";
import { partialDeadlock } from "../deadlock/partial.ts";
import type { Finding } from "../result.ts";
import { stateOf } from "../search/trace.ts";
import type { Checking, Stopped } from "./checking.ts";
import { fairStates, type Stay } from "./fair.ts";
import { formulaTask } from "./formula.ts";
import { type Lasso, movesAlong, settled } from "./lasso.ts";
import { fairLoop } from "./loop.ts";
import { type Quest, shortestWay } from "./paths.ts";

export interface Task {
  expected: { kind: ViolationKind; property: string };
  /** A run that violates it, something to say, or nothing. */
  run(): Lasso | Finding | Stopped | undefined;
}

const always = (): boolean => true;

export function tasksOf(cx: Checking): Task[] {
  const { actors, liveness = [] } = cx.engine.interpreter.model;
  return [
    ...liveness.map((p): Task => {
      return { expected: { kind: "liveness", property: p.name }, run: () => claimTask(cx, p) };
    }),
    {
      expected: { kind: "deadlock", property: "partial_deadlock" },
      run: () => deadlockTask(cx),
    },
    ...actors.filter(retries).map((actor): Task => {
      const expected = { kind: "starvation" as const, property: "starvation" };
      return { expected, run: () => starvationTask(cx, actor) };
    }),
  ];
}

function deadlockTask(cx: Checking): Lasso | undefined {
  const state = partialDeadlock(cx.world, cx.scratch);
  if (state === 0) return undefined;
  const starts = [numbers(1, cx.levels[1] as number)];
  const way = shortestWay(cx.world.graph, { starts, along: always, until: (s) => s === state });
  if (!way) throw new Error("a stored state is not reached");
  const { engine, arena } = cx;
  const moves = movesAlong(engine, arena, cx.world, way.edges);
  return settled(cx.model, stateOf(engine, arena, way.start), moves, []);
}

/** Without its claim true, from where it is due, a fair run must have no place to stay. */
function claimTask(cx: Checking, p: Liveness): Lasso | Finding | Stopped | undefined {
  if (p.kind === "ltl") return formulaTask(cx, p);
  const unmet = cx.truthOf(p.expr).map((b) => 1 - b);
  const along = (_: number, edge: number): boolean =>
    unmet[cx.world.graph.targets[edge] as number] === 1;
  switch (p.kind) {
    case "eventually":
      return lassoTo(cx, unmet, {}, { begins: (s) => unmet[s] === 1 && isInitial(cx, s), along });
    case "always_eventually":
      return lassoTo(cx, unmet, {}, { begins: (s) => unmet[s] === 1, along });
    case "leads_to": {
      const due = cx.truthOf(p.from);
      if (!due.includes(1)) return neverDue(p);
      const begins = (s: number): boolean => due[s] === 1 && unmet[s] === 1;
      return lassoTo(cx, unmet, {}, { begins, along });
    }
  }
}

function neverDue({ name }: Liveness): Finding {
  const text = `what ${name} starts from is true in no reachable state`;
  return { kind: "never_reached", subject: name, text };
}

/** Processes of one actor are interchangeable: what starves one of them starves the first. */
function starvationTask(cx: Checking, actor: ActorDecl): Lasso | undefined {
  const { world } = cx;
  const starving = world.processes.findIndex((p) => p.actor.name === actor.name);
  const own = (edge: number): boolean => world.graph.movers[edge] === starving;
  const stay: Stay = {
    keep: (from, e) => !own(e) || (world.marksAt(from, e) & PROGRESS) === 0,
    wanted: [(from, e) => own(e) && (world.marksAt(from, e) & RETRY) !== 0],
  };
  const everywhere = new Uint8Array(world.graph.count).fill(1);
  return lassoTo(cx, everywhere, stay, { begins: always, along: always });
}

function retries(actor: ActorDecl): boolean {
  return actor.count > 0 && marksOf(actor).some((bits) => (bits & RETRY) !== 0);
}

interface Approach {
  /** Where the part of the run begins in which the region is not left. */
  begins(state: number): boolean;
  along: Quest["along"];
}

/** A run that stays in the region for ever, if there is a fair one. */
function lassoTo(
  cx: Checking,
  region: Uint8Array,
  stay: Stay,
  { begins, along }: Approach,
): Lasso | undefined {
  const { world, engine, arena, levels } = cx;
  const { graph } = world;
  region[0] = 0;
  const home = fairStates(world, cx.scratch, region, stay);
  const starts = levels.slice(0, -1).map((from, k) => {
    return filtered(numbers(from, levels[k + 1] as number), begins);
  });
  const inside = shortestWay(graph, { starts, along, until: (s) => home[s] !== 0 });
  if (!inside) return undefined;
  const initial = [numbers(1, levels[1] as number)];
  const until = (s: number): boolean => s === inside.start;
  const stem = shortestWay(graph, { starts: initial, along: always, until });
  if (!stem) throw new Error("a stored state is not reached");
  const loop = fairLoop(world, home, inside.end, stay);
  const start = stateOf(engine, arena, stem.start);
  const before = movesAlong(engine, arena, world, [...stem.edges, ...inside.edges]);
  return settled(cx.model, start, before, movesAlong(engine, arena, world, loop));
}

function isInitial({ levels }: Checking, state: number): boolean {
  return state < (levels[1] as number);
}

function* numbers(from: number, to: number): Generator<number> {
  for (let n = from; n < to; n++) yield n;
}

function* filtered(all: Iterable<number>, keep: (n: number) => boolean): Generator<number> {
  for (const n of all) if (keep(n)) yield n;
}
