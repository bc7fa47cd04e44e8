import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { auditAccess } from "../../checker/reduce/audit-access.ts";
import { accessOf, alwaysJumps, slotsOf } from "../../model/ir/access.ts";
import * as b from "../../model/ir/build.ts";
import { interpret } from "../../model/ir/eval.ts";
import type { Process } from "../../model/ir/layout.ts";
import type { Step } from "../../model/ir/types.ts";
import { bfs } from "../support/bfs.ts";
import { anyModel } from "../support/random-model.ts";

const PAGE = b.setOf("Page");
const page = b.read(b.local("page"));
const owner = b.shared("owner", b.SELF);

function accessIn(step: Step) {
  return accessOf(b.actor("one", [b.step("first", ""), step, b.step("last", "")]), step);
}

describe("access sets of a step", () => {
  const step = b.step(
    "work",
    "",
    b.choose(b.local("page"), b.read(b.shared("free", page))),
    b.wait(b.eq(b.read(b.shared("seq")), b.int(0))),
    b.set(owner, b.read(b.shared("map", b.int(1)))),
    b.when(b.read(b.shared("flag")), [b.goto("first")]),
  );

  it("tell the guard from the body", () => {
    const { guardReads, bodyReads, writes } = accessIn(step);
    expect(guardReads).toEqual([
      { scope: "shared", name: "free", index: ["any"] },
      { scope: "local", name: "page", index: [] },
      { scope: "shared", name: "seq", index: [] },
    ]);
    expect(bodyReads).toEqual([
      { scope: "shared", name: "map", index: [1] },
      { scope: "shared", name: "flag", index: [] },
    ]);
    expect(writes).toEqual([
      { scope: "local", name: "page", index: [] },
      { scope: "shared", name: "owner", index: ["self"] },
    ]);
  });

  it("list where the process may go", () => {
    expect(accessIn(step).mayGoto).toEqual(["first", "last"]);
    const jump = b.step("work", "", b.either({ ok: [b.goto("last")], bad: [b.goto("done")] }));
    expect(accessIn(jump).mayGoto).toEqual(["last", "done"]);
    expect(alwaysJumps(jump.body)).toBe(true);
    const only = b.step("work", "");
    expect(accessOf(b.actor("one", [only]), only).mayGoto).toEqual(["done"]);
  });

  it("become slots: a constant, the own process, or all", () => {
    const shared = [b.variable("grid", b.BOOL, 0, b.PROC, b.range(-1, 1))];
    const model = b.model("m", [b.actor("one", [b.step("s", "")], { count: 2 })], { shared });
    const { layout } = interpret(model);
    const second = layout.processes[1] as Process;
    const grid = (...index: (number | "self" | "any")[]) =>
      slotsOf(layout, second, { scope: "shared", name: "grid", index });
    expect(grid("self", 0)).toEqual([4]);
    expect(grid("any", -1)).toEqual([0, 3]);
    expect(grid("self", "any")).toEqual([3, 4, 5]);
    expect(grid(1, 7)).toEqual([]);
  });

  it("hold for every step of random models", () => {
    fc.assert(
      fc.property(anyModel, fc.infiniteStream(fc.nat(1000)), (model, numbers) => {
        const draw = (n: number): number => (numbers.next().value as number) % n;
        const { interpreter, states } = bfs(model, 40);
        for (const state of states.slice(0, 40)) {
          for (const { pid } of interpreter.layout.processes) {
            expect(auditAccess(interpreter, state, pid, draw)).toEqual([]);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it("are caught when they leave something out", () => {
    const hidden = b.step("s", "", b.set(b.shared("page"), b.read(b.shared("other"))));
    const shared = [b.variable("page", PAGE), b.variable("other", PAGE)];
    const scalarsets = [{ name: "Page", classes: [{ name: "Page", size: 2 }] }];
    const model = b.model("m", [b.actor("one", [hidden])], { shared, scalarsets });
    const interpreter = interpret(model);
    const honest = interpreter.layout.processes[0] as Process;
    const lying = { ...honest.actor, steps: [{ ...hidden, body: [] }] };
    const liar: Process = { ...honest, actor: lying };
    const layout = { ...interpreter.layout, processes: [liar] };
    const found = auditAccess({ ...interpreter, layout }, [0, 2, 0], 1, (n) => n - 1);
    expect(found).toContain("one s: page is written");
  });
});
