import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as b from "../../model/ir/build.ts";
import type { State } from "../../model/ir/eval.ts";
import { initialValue, type Process, type Slot } from "../../model/ir/layout.ts";
import { liveLocals, resetDeadLocals } from "../../model/ir/liveness.ts";
import { printStep } from "../../model/ir/print.ts";
import type { ActorDecl, Expr, Model, Step, VarDecl } from "../../model/ir/types.ts";
import { validate } from "../../model/ir/validate.ts";
import { bfs, type Explored } from "../support/bfs.ts";
import { anyModel } from "../support/random-model.ts";

const SMALL = b.range(0, 2);
const PAGE = b.setOf("Page");
const seq = b.local("seq");
const seen = b.shared("seen");

function oneActor(locals: VarDecl[], steps: Step[], always: Record<string, Expr> = {}): Model {
  const shared = [b.variable("seen", SMALL), b.variable("page", PAGE)];
  const classes = [
    { name: "sys", size: 2 },
    { name: "vram", size: 1 },
  ];
  const scalarsets = [{ name: "Page", classes }];
  const actors = [b.actor("fault", steps, { locals })];
  return b.model("hand", actors, { shared, scalarsets }, { always: { fine: b.TRUE, ...always } });
}

function bodyOf(model: Model, label: string): string {
  const actor = model.actors[0] as ActorDecl;
  const step = actor.steps.find((s) => s.label === label) as Step;
  return printStep(step, model, actor).split("\n").slice(1).join("\n");
}

function liveAt(model: Model, label: string): string[] {
  const live = liveLocals(model, model.actors[0] as ActorDecl).get(label);
  return [...(live ?? [])].sort();
}

describe("live locals", () => {
  it("are those read before they are written again", () => {
    const model = oneActor(
      [b.variable("seq", SMALL), b.variable("other", SMALL)],
      [
        b.step("begin", "", b.choose(seq)),
        b.step("retry", "", b.when(b.eq(b.read(seq), b.int(1)), [b.goto("begin")])),
        b.step("use", "", b.set(seen, b.read(b.local("other"))), b.goto("begin")),
      ],
    );
    expect(liveAt(model, "begin")).toEqual(["other"]);
    expect(liveAt(model, "retry")).toEqual(["other", "seq"]);
    expect(liveAt(model, "use")).toEqual(["other"]);
    expect(liveAt(model, "done")).toEqual([]);
  });

  it("count reads in guards, conditions of choices, lock instances and indexes", () => {
    const locals = ["a", "c", "d", "e", "f"].map((n) => b.variable(n, SMALL));
    const read = (name: string): Expr => b.read(b.local(name));
    const model = oneActor(
      [...locals, b.variable("map", SMALL, 0, SMALL)],
      [
        b.step("idle", ""),
        b.step(
          "all",
          "",
          b.choose(b.local("f"), b.eq(read("f"), read("a"))),
          b.assert("rule", b.eq(read("c"), b.int(0))),
          b.lock("acquire", "some_lock", [read("d")]),
          b.set(b.local("map", read("e")), b.int(0)),
        ),
        b.step("look", "", b.set(seen, b.read(b.local("map", b.int(0))))),
      ],
    );
    expect(liveAt(model, "idle")).toEqual(["a", "c", "d", "e", "map"]);
  });

  it("include at every label what a property peeks at", () => {
    const peeked = b.forall("p", b.instances("fault"), (p) =>
      b.le(b.read(b.peek("fault", p, "seq")), b.int(2)),
    );
    const steps = [b.step("begin", "", b.set(seq, b.int(2))), b.step("end", "")];
    const model = oneActor([b.variable("seq", SMALL)], steps, { peeked });
    expect(liveAt(model, "done")).toEqual(["seq"]);
    expect(resetDeadLocals(model)).toEqual(model);
  });
});

describe("the value before a statement is live when", () => {
  const map = b.local("map");
  const at = (n: number) => b.local("map", b.int(n));
  const locals = [b.variable("seq", SMALL), b.variable("map", SMALL, 0, SMALL)];
  const live = (...body: Parameters<typeof b.when>[1]): string[] =>
    liveAt(oneActor(locals, [b.step("s", "", ...body)]), "s");

  it("the new value is made of it", () => {
    expect(live(b.set(seq, b.mod(b.add(b.read(seq), b.int(1)), b.int(3))))).toEqual(["seq"]);
  });

  it("only one path overwrites it", () => {
    const overwrite = [b.set(seq, b.int(0))];
    const use = b.set(seen, b.read(seq));
    const cond = b.eq(b.read(seen), b.int(0));
    expect(live(b.when(cond, overwrite), use)).toEqual(["seq"]);
    expect(live(b.when(cond, overwrite, overwrite), use)).toEqual([]);
    expect(live(b.either({ yes: overwrite, no: [] }), use)).toEqual(["seq"]);
    expect(live(b.when(cond, [b.goto("done")]), b.set(seq, b.int(0)), use)).toEqual([]);
  });

  it("a loop overwrites it, because the loop may have no rounds", () => {
    const loop = b.each("n", SMALL, (n) => [b.set(seq, n)]);
    expect(live(loop, b.set(seen, b.read(seq)))).toEqual(["seq"]);
    const useFirst = b.each("n", SMALL, (n) => [b.set(seen, b.read(seq)), b.set(seq, n)]);
    expect(live(useFirst)).toEqual(["seq"]);
  });

  it("one cell of an array is overwritten, the first value of another is read", () => {
    expect(live(b.set(at(0), b.int(0)), b.set(seen, b.read(at(1))))).toEqual([map.name]);
  });
});

describe("resetting dead locals", () => {
  it("does not take one cell for the whole array", () => {
    const at = (n: number) => b.local("map", b.int(n));
    const reset = resetDeadLocals(
      oneActor(
        [b.variable("map", SMALL, 0, SMALL)],
        [
          b.step("read", "", b.set(seen, b.read(at(2)))),
          b.step("write", "", b.set(at(1), b.int(1)), b.set(at(0), b.int(0))),
        ],
      ),
    );
    expect(bodyOf(reset, "write").split("\n").slice(2)).toEqual([
      "  for (reset0 in 0..2) {",
      "    map[reset0] = 0;",
      "  }",
    ]);
  });

  it("knows what a loop leaves behind", () => {
    const loop = b.each("n", SMALL, (n) => [b.set(seq, n)]);
    const reset = resetDeadLocals(oneActor([b.variable("seq", SMALL)], [b.step("loop", "", loop)]));
    expect(bodyOf(reset, "loop").split("\n").at(-1)).toBe("  seq = 0;");
  });

  it("resets on each way out of a step, and only what may be dirty", () => {
    const reset = resetDeadLocals(
      oneActor(
        [b.variable("seq", SMALL), b.variable("page", PAGE)],
        [
          b.step("begin", "", b.choose(seq), b.choose(b.local("page"))),
          b.step(
            "check",
            "",
            b.when(b.eq(b.read(seq), b.int(1)), [b.set(seq, b.int(0)), b.goto("begin")]),
            b.when(b.eq(b.read(seq), b.int(2)), [b.goto("done")]),
          ),
          b.step("use", "", b.set(b.shared("page"), b.read(b.local("page"))), b.goto("begin")),
        ],
      ),
    );
    expect(bodyOf(reset, "begin")).toBe("  choose seq;\n  choose page;");
    expect(bodyOf(reset, "check")).toBe(
      [
        "  if (seq == 1) {",
        "    seq = 0;",
        "    page = none;",
        "    goto begin;",
        "  }",
        "  if (seq == 2) {",
        "    seq = 0;",
        "    page = none;",
        "    goto done;",
        "  }",
        "  seq = 0;",
      ].join("\n"),
    );
    expect(bodyOf(reset, "use")).toBe("  page = page;\n  page = none;\n  goto begin;");
  });

  it("writes arrays cell by cell where their first values differ", () => {
    const cells = (...values: number[]) => ({ kind: "cells" as const, values });
    const locals = [
      b.variable("flat", SMALL, cells(1, 2), b.range(0, 1)),
      b.variable("page", SMALL, cells(0, 0, 1), PAGE),
      b.variable("same", SMALL, cells(2, 2, 2), PAGE),
      b.variable("free", SMALL, { kind: "any" }),
    ];
    const member = b.choose(b.shared("page"));
    const write = (name: string) => b.set(b.local(name, b.read(b.shared("page"))), b.int(0));
    const steps = [
      b.step("write", "", member, b.set(b.local("flat", b.int(0)), b.int(0)), write("page")),
      b.step("more", "", write("same"), b.set(b.local("free"), b.int(0)), b.goto("write")),
    ];
    const reset = resetDeadLocals(oneActor(locals, steps));
    expect(bodyOf(reset, "write").split("\n").slice(3)).toEqual([
      "  flat[0] = 1;",
      "  flat[1] = 2;",
      "  for (reset0 in Page) {",
      "    if (reset0 in Page.sys) {",
      "      page[reset0] = 0;",
      "    }",
      "    if (reset0 in Page.vram) {",
      "      page[reset0] = 1;",
      "    }",
      "  }",
    ]);
    expect(bodyOf(reset, "more").split("\n").slice(2)).toEqual([
      "  for (reset0 in Page) {",
      "    same[reset0] = 2;",
      "  }",
      "  goto write;",
    ]);
    expect(resetDeadLocals(reset)).toEqual(reset);
  });

  it("merges states that differ in a dead local only", () => {
    const model = oneActor(
      [b.variable("seq", SMALL)],
      [
        b.step("begin", "", b.choose(seq)),
        b.step("use", "", b.set(seen, b.read(seq))),
        b.step("forget", "", b.set(seen, b.int(0)), b.goto("begin")),
      ],
    );
    // begin: seq is 0..2, seen 0; use: the same; forget: seen is seq. Without the resets seq stays.
    expect(bfs(model).states.length).toBe(9);
    expect(bfs(resetDeadLocals(model)).states.length).toBe(7);
  });
});

/** Shared variables and labels, each combination once. */
function projections({ interpreter, states }: Explored): Set<string> {
  const kept = interpreter.layout.slots.map((slot) => slot.role !== "local");
  return new Set(states.map((s) => s.filter((_, i) => kept[i]).join()));
}

/** Reachable states with each process that stands at a label there. */
function standing(model: Model, limit: number) {
  const { interpreter, states } = bfs(model, limit);
  const live = model.actors.map((actor) => liveLocals(model, actor));
  /** The slots of the process' own locals, and whether each is live at its label. */
  const localsOf = (state: State, pid: number) => {
    const { locals, processes } = interpreter.layout;
    const process = processes[pid - 1] as Process;
    const names = live[process.actorIndex]?.get(interpreter.labelOf(state, pid));
    return [...(locals[process.actorIndex]?.values() ?? [])].flatMap((cells) =>
      Array.from({ length: cells.count }, (_, cell) => ({
        slot: process.pc + 1 + cells.offset + cell,
        live: names?.has(cells.decl.name) === true,
        first: initialValue(cells, cell),
      })),
    );
  };
  const pairs = states
    .slice(0, limit)
    .flatMap((state) => interpreter.layout.processes.map(({ pid }) => ({ state, pid })));
  return { interpreter, pairs, localsOf };
}

describe("on random models", () => {
  it("what a step does and leaves behind does not depend on dead locals", () => {
    fc.assert(
      fc.property(anyModel, fc.infiniteStream(fc.nat(1000)), (model, numbers) => {
        const { interpreter, pairs, localsOf } = standing(model, 40);
        for (const { state, pid } of pairs) {
          const changed = [...state];
          for (const { slot, live } of localsOf(state, pid)) {
            const { lo, hi } = interpreter.layout.slots[slot] as Slot;
            const value = lo + ((numbers.next().value as number) % (hi - lo + 1));
            if (!live) changed[slot] = value;
          }
          const seenIn = (from: State) =>
            interpreter.stepsOf(from, pid).map(({ next, choices, violation }) => {
              const dead = localsOf(next, pid).filter((l) => !l.live || violation);
              const hidden = new Set(dead.map((l) => l.slot));
              return { choices, violation, next: next.filter((_, i) => !hidden.has(i)) };
            });
          expect(seenIn(changed)).toEqual(seenIn(state));
        }
      }),
      { numRuns: 200 },
    );
  });

  it("a dead local holds its first value", () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const { pairs, localsOf } = standing(resetDeadLocals(model), 100);
        for (const { state, pid } of pairs) {
          const dead = localsOf(state, pid).filter((l) => !l.live && l.first !== undefined);
          // Cells that tell processes apart have no reset; the generator makes none.
          expect(dead.map((l) => state[l.slot])).toEqual(dead.map((l) => l.first));
        }
      }),
      { numRuns: 200 },
    );
  });

  it("resets change no verdict and no reachable shared state, and add no state", () => {
    let compared = 0;
    fc.assert(
      fc.property(anyModel, (model) => {
        const plain = bfs(model, 1500);
        fc.pre(!plain.cut);
        const reset = bfs(resetDeadLocals(model), 1500);
        expect(reset.verdicts).toEqual(plain.verdicts);
        expect(projections(reset)).toEqual(projections(plain));
        expect(reset.states.length).toBeLessThanOrEqual(plain.states.length);
        if (reset.states.length < plain.states.length) compared++;
      }),
      { numRuns: 120, seed: 1 },
    );
    expect(compared).toBeGreaterThan(10);
  });

  it("the result is valid, and doing it twice changes nothing", () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        const once = resetDeadLocals(model);
        expect(resetDeadLocals(once)).toEqual(once);
        expect(validate(once)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
