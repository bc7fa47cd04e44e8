/**
 * What can only be said of the whole graph: partial deadlocks, claims about infinite runs, and
 * starvation in retry loops. Wants a complete search without symmetry and without fused steps,
 * because both change which process moves when.
 */
import {
  allStmts,
  type Expr,
  exprsOfClaim,
  interpret,
  type Model,
  replay,
  type Violation,
} from "../../model/ir/index.ts";
import { compileEngine } from "../compile/module.ts";
import { packingOf } from "../compile/pack.ts";
import { noFusion } from "../reduce/fuse.ts";
import type { Finding, LivenessReport } from "../result.ts";
import type { Engine } from "../search/engine.ts";
import { interpretedEngine } from "../search/interpreted.ts";
import type { SearchOutcome } from "../search/search.ts";
import { type Arena, arenaBytes } from "../store/arena.ts";
import type { Checking } from "./checking.ts";
import { graphBytes, graphOf } from "./graph.ts";
import type { Lasso } from "./lasso.ts";
import { newScratch, SCRATCH_BYTES } from "./scc.ts";
import { tasksOf } from "./tasks.ts";
import { worldOf } from "./world.ts";

/** Beside graph and scratch: components, a region, truth of two expressions, ways. */
const MORE_BYTES = 15;

export interface Explored {
  model: Model;
  /** The model that was searched: the same, or without dead values. */
  searched: Model;
  kind: Engine["kind"];
  arena: Arena;
  outcome: SearchOutcome;
  /** Reductions that were left out for this. */
  without: string[];
  /** Undefined: every property. */
  only: readonly string[] | undefined;
  /** True ends the work. */
  poll: () => boolean;
}

export type Progressed =
  | { kind: "stopped"; by: "memory" | "poll" }
  | { kind: "holds"; report: LivenessReport; findings: Finding[] }
  | { kind: "violated"; report: LivenessReport; violation: Violation; lasso: Lasso };

/** Does the model say anything about progress: claims, or marks of retry loops? */
export function speaksOfProgress({ liveness, actors }: Model): boolean {
  if (liveness && liveness.length > 0) return true;
  return actors.some((a) =>
    a.steps.some(
      (s) =>
        s.mark === "retry" ||
        allStmts(s.body).some((stmt) => stmt.kind === "goto" && stmt.mark === "retry"),
    ),
  );
}

/** Decides everything about progress, after a search that holds. */
export function checkProgress(explored: Explored): Progressed {
  const { arena, outcome, poll } = explored;
  const { count, transitions } = outcome;
  const engine = engineOf(explored);
  const processes = engine.batch.ends.length;
  const more = SCRATCH_BYTES + MORE_BYTES + 4 * Math.ceil(processes / 32);
  const bytes = graphBytes(count, transitions, processes) + count * more;
  if (arenaBytes(arena, count) + bytes > arena.budget) return { kind: "stopped", by: "memory" };
  engine.bind(arena);
  const graph = graphOf(engine, arena, count, transitions, poll);
  if (!graph) return { kind: "stopped", by: "poll" };
  const cx: Checking = {
    engine,
    arena,
    levels: outcome.levels,
    world: worldOf(engine, arena, graph),
    scratch: newScratch(count),
    model: explored.model,
    truthOf: (expr) => truthOf(engine, explored, expr),
    room: arena.budget - arenaBytes(arena, count) - bytes,
    poll,
  };
  const size = { states: count - 1, edges: transitions, bytes };
  const report: LivenessReport = { ...size, checked: [], without: explored.without };
  const findings: Finding[] = [];
  const asked = tasksOf(cx).filter((t) => explored.only?.includes(t.expected.property) ?? true);
  for (const { expected, run } of asked) {
    if (poll()) return { kind: "stopped", by: "poll" };
    if (!report.checked.includes(expected.property)) report.checked.push(expected.property);
    const found = run();
    if (!found) continue;
    if ("stopped" in found) return { kind: "stopped", by: found.stopped };
    if ("subject" in found) {
      findings.push(found);
      continue;
    }
    const { moves, start, loopFrom } = found;
    const { violation } = replay(explored.model, "", "", moves, expected, start, loopFrom);
    if (!violation) throw new Error(`the run does not violate ${expected.property}`);
    return { kind: "violated", report, violation, lasso: found };
  }
  return { kind: "holds", report, findings };
}

/** An engine over the same states that tells movers, and evaluates what claims speak of. */
function engineOf({ searched, kind }: Explored): Engine {
  const asked = (searched.liveness ?? []).flatMap(exprsOfClaim);
  const reachable = asked.map((expr, i) => ({ name: `asked${i}`, expr }));
  const interpreter = interpret({ ...searched, always: [], atRest: [], reachable });
  const packing = packingOf(interpreter.layout);
  const reductions = { parts: [], fusion: noFusion(), movers: true };
  if (kind === "interpreted") return interpretedEngine(interpreter, packing, reductions);
  return compileEngine(interpreter, packing, reductions, kind === "compiled");
}

/** By state: 1 where the expression is true (0 where it is false, or has no value). */
function truthOf(engine: Engine, { searched, outcome }: Explored, expr: Expr): Uint8Array {
  const number = (searched.liveness ?? []).flatMap(exprsOfClaim).indexOf(expr);
  const { reached } = engine.batch;
  const truth = new Uint8Array(outcome.count);
  for (let s = 1; s < outcome.count; s++) {
    // The others are taken for known, so that they are not evaluated.
    reached.fill(1);
    reached[number] = 0;
    engine.reach(s, s + 1);
    truth[s] = reached[number] as number;
  }
  return truth;
}
