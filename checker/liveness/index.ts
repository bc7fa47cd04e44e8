/**
 * What can only be said of the whole graph: partial deadlocks, claims about infinite runs, and
 * starvation in retry loops. Wants a complete search without symmetry and without fused steps,
 * because both change which process moves when.
 */
import {
  type Expr,
  interpret,
  type Liveness,
  type Model,
  PROGRESS,
  partialDeadlock as partialDeadlockIn,
  RETRY,
  replay,
  type Violation,
} from "../../model/ir/index.ts";
import { compileEngine } from "../compile/module.ts";
import { packingOf } from "../compile/pack.ts";
import { partialDeadlock } from "../deadlock/partial.ts";
import { noFusion } from "../reduce/fuse.ts";
import type { CheckResult, Finding, LivenessReport } from "../result.ts";
import type { Engine } from "../search/engine.ts";
import { interpretedEngine } from "../search/interpreted.ts";
import type { SearchOutcome } from "../search/search.ts";
import { stateOf } from "../search/trace.ts";
import { type Arena, arenaBytes } from "../store/arena.ts";
import { fairStates, type Stay } from "./fair.ts";
import { graphBytes, graphOf } from "./graph.ts";
import { type Lasso, movesAlong, settled } from "./lasso.ts";
import { fairLoop } from "./loop.ts";
import { type Edge, type Quest, shortestWay } from "./paths.ts";
import { newScratch, SCRATCH_BYTES, type Scratch } from "./scc.ts";
import { type World, worldOf } from "./world.ts";

export { isAboutProgress } from "./asked.ts";

/** Beside graph and scratch: components, a region, and ways. */
const MORE_BYTES = 14;

export interface Explored {
  /** The model itself, and what was searched. */
  model: Model;
  searched: Model;
  engine: Engine["kind"];
  arena: Arena;
  outcome: SearchOutcome;
  /** True ends the work. */
  poll: () => boolean;
}

export type Progressed =
  | { kind: "stopped"; by: "memory" | "poll" }
  | { kind: "holds"; report: LivenessReport; findings: Finding[] }
  | ({ kind: "violated"; violation: Violation; report: LivenessReport } & Found);

type Found = Required<Pick<CheckResult, "moves" | "start">> & Pick<CheckResult, "loopFrom">;

interface Cx extends Explored {
  world: World;
  scratch: Scratch;
  asking: Engine;
}

/** Decides everything about progress that the model asks for, after a search that holds. */
export function checkProgress(explored: Explored): Progressed {
  const { arena, outcome, searched, poll } = explored;
  const { count, transitions } = outcome;
  const asking = engineOf(explored);
  const bytes =
    graphBytes(count, transitions, asking.batch.ends.length) + count * (SCRATCH_BYTES + MORE_BYTES);
  if (arenaBytes(arena, count) + bytes > arena.budget) return { kind: "stopped", by: "memory" };
  asking.bind(arena);
  const graph = graphOf(asking, arena, count, transitions, poll);
  if (!graph) return { kind: "stopped", by: "poll" };
  const world = worldOf(asking, arena, graph);
  const report: LivenessReport = { bytes, edges: transitions, checked: [] };
  const cx: Cx = { ...explored, world, scratch: newScratch(count), asking };
  const findings: Finding[] = [];
  const tasks: [string, () => Lasso | Finding | undefined][] = [
    ["partial_deadlock", () => partialDeadlockTask(cx)],
    ...(searched.liveness ?? []).map((p): [string, () => Lasso | Finding | undefined] => [
      p.name,
      () => claimTask(cx, p),
    ]),
    ...starvationTasks(cx),
  ];
  for (const [name, task] of tasks) {
    if (poll()) return { kind: "stopped", by: "poll" };
    if (!report.checked.includes(name)) report.checked.push(name);
    const found = task();
    if (!found) continue;
    if ("kind" in found) findings.push(found);
    else return { kind: "violated", ...violated(cx, name, found), report };
  }
  return { kind: "holds", report, findings };
}

/** An engine over the same states that tells movers, and evaluates what claims speak of. */
function engineOf({ searched, engine }: Explored): Engine {
  const asked = (searched.liveness ?? []).flatMap(exprsOf);
  const reachable = asked.map((expr, i) => ({ name: `asked${i}`, expr }));
  const interpreter = interpret({ ...searched, always: [], atRest: [], reachable });
  const packing = packingOf(interpreter.layout);
  const reductions = { parts: [], fusion: noFusion(), movers: true };
  const make = engine === "compiled" ? compileEngine : interpretedEngine;
  return make(interpreter, packing, reductions);
}

function exprsOf(p: Liveness): Expr[] {
  return p.kind === "leads_to" ? [p.expr, p.from] : [p.expr];
}

/** By state: 1 where the expression is true (0 where it is false, or has no value). */
function truthOf({ asking, outcome, searched }: Cx, expr: Expr): Uint8Array {
  const number = (searched.liveness ?? []).flatMap(exprsOf).indexOf(expr);
  const { reached } = asking.batch;
  const truth = new Uint8Array(outcome.count);
  for (let s = 1; s < outcome.count; s++) {
    reached.fill(1);
    reached[number] = 0;
    asking.reach(s, s + 1);
    truth[s] = reached[number] as number;
  }
  return truth;
}

function violated({ model }: Cx, name: string, { start, moves, loopFrom }: Lasso) {
  const claim = model.liveness?.find((p) => p.name === name);
  const expected = claim
    ? { kind: "liveness" as const, property: name }
    : { kind: name === "starvation" ? ("starvation" as const) : ("deadlock" as const), property: name };
  const trace = replay(model, "", "", moves, expected, start, loopFrom);
  const violation = trace.violation as Violation;
  return { violation, moves, start, ...(loopFrom === undefined ? {} : { loopFrom }) };
}
