import { instance } from "@viz-js/viz";
import { describe, expect, it } from "vitest";
import { graphToDot, toSvg } from "../../counterexamples/render/index.ts";
import { stateGraph } from "../../counterexamples/state-graph.ts";
import { interpret } from "../../model/ir/eval.ts";
import type { Move } from "../../model/ir/trace.ts";
import type { Model } from "../../model/ir/types.ts";
import { independent, philosophers, testAndSet } from "../support/classics.ts";
import { expectGolden } from "./golden.ts";

const viz = await instance();

/** Each process takes its first possible step in turn, as long as there is one. */
function someMoves(model: Model, count: number): Move[] {
  const interpreter = interpret(model);
  let [state] = interpreter.initialStates();
  const moves: Move[] = [];
  for (let i = 0; i < count && state; i++) {
    const all = interpreter.successors(state);
    const outcome = all[i % Math.max(1, all.length)];
    if (!outcome) break;
    const process = interpreter.layout.processes[outcome.pid - 1]?.name ?? "";
    moves.push({ process, label: outcome.label, choices: outcome.choices });
    state = outcome.next;
  }
  return moves;
}

describe("state graph", () => {
  it("has the states and transitions that are known in closed form", () => {
    const walkers = stateGraph(independent(2, 4));
    expect([walkers.states.length, walkers.edges.length]).toEqual([16, 32]);
    const lock = stateGraph(testAndSet(3));
    expect([lock.states.length, lock.edges.length, lock.complete]).toEqual([32, 72, true]);
    const diners = stateGraph(philosophers(3));
    expect([diners.states.length, diners.edges.length]).toEqual([27, 63]);
    expect(diners.states.filter((s) => s.broken === "deadlock")).toHaveLength(2);
  });

  it("marks the path of a run, state by state", () => {
    const model = testAndSet(2);
    const moves = someMoves(model, 5);
    const graph = stateGraph(model, moves);
    expect(graph.path).toHaveLength(6);
    const marked = graphToDot(graph).match(/penwidth=2.4/g) ?? [];
    expect(marked).toHaveLength(
      new Set(graph.path.slice(1).map((to, i) => `${graph.path[i]} ${to}`)).size,
    );
  });

  it("says when it was cut off", () => {
    const graph = stateGraph(independent(3, 4), [], undefined, 10);
    expect([graph.states.length, graph.complete]).toEqual([10, false]);
    expect(graphToDot(graph)).toContain("cut off");
  });

  it("looks as recorded and draws without a diagnostic", async () => {
    const model = philosophers(2);
    const dot = graphToDot(stateGraph(model, someMoves(model, 2)));
    expectGolden("philosophers.graph.dot", dot);
    expect(viz.render(dot).errors).toEqual([]);
    expect(await toSvg(dot)).toContain("violates deadlock");
  });

  it("draws any text without a diagnostic", () => {
    const text = '<b>&"\\N\\n|{}\u00e9';
    const state = { lines: [text, ""], initial: true, broken: text };
    const edge = { from: 0, to: 0, process: text, label: text, broken: text };
    const dot = graphToDot({
      name: text,
      states: [state],
      edges: [edge],
      path: [0, 0],
      complete: true,
    });
    expect(viz.render(dot).errors).toEqual([]);
    expect(viz.renderString(dot, { format: "svg" })).toContain("\\N\\n|{}e");
  });
});
