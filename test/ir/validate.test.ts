import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as b from "../../model/ir/build.ts";
import { DIAGNOSTICS } from "../../model/ir/diagnostics.ts";
import { parseModel } from "../../model/ir/json.ts";
import type { Model } from "../../model/ir/types.ts";
import { validate } from "../../model/ir/validate.ts";
import { independent, philosophers, testAndSet } from "../support/classics.ts";
import { anyModel } from "../support/random-model.ts";
import { BAD_MODELS, goodModel } from "./fixtures/bad-models.ts";

describe("a valid model", () => {
  it.each([goodModel(), independent(2, 3), testAndSet(3), philosophers(4)])(
    "$name has no diagnostics",
    (model) => {
      expect(validate(model)).toEqual([]);
    },
  );

  it("has no diagnostics, whatever it looks like", () => {
    fc.assert(
      fc.property(anyModel, (model) => {
        expect(validate(model)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a broken model", () => {
  it.each(BAD_MODELS)("$code: $why", ({ code, text, path }) => {
    const { diagnostics = [] } = parseModel(text);
    expect(diagnostics.map((d) => [d.code, d.path])).toEqual([[code, path]]);
    for (const { message, fix } of diagnostics) {
      expect(message).not.toMatch(/undefined|\[object|NaN/);
      expect(message.length).toBeGreaterThan(5);
      expect(fix.length).toBeGreaterThan(5);
    }
  });

  it("exists for every diagnostic", () => {
    const covered = new Set(BAD_MODELS.map((bad) => bad.code));
    expect([...covered].sort()).toEqual(Object.keys(DIAGNOSTICS));
  });

  it("names the nearest place in its source", () => {
    const model = goodModel();
    const src = (line: number) => ({ file: "spec.ts", line, column: 7 });
    const [pick, work] = model.actors[0]?.steps ?? [];
    if (!pick || !work) throw new Error("the good model has changed");
    pick.src = src(10);
    pick.body = [{ kind: "wait", cond: b.int(1) }];
    work.body = [{ kind: "set", target: b.shared("n"), value: b.TRUE, src: src(20) }];
    expect(validate(model)).toMatchObject([
      { code: "MR032", src: src(10) },
      { code: "MR030", src: src(20) },
    ]);
  });

  it("is told in words that name the thing", () => {
    const model = goodModel();
    const [, work] = model.actors[0]?.steps ?? [];
    if (!work) throw new Error("the good model has changed");
    work.body = [b.set(b.shared("cell", b.read(b.local("pgae"))), b.int(1)), b.goto("pikc")];
    expect(validate(model)).toEqual([
      {
        code: "MR020",
        message: "there is no local pgae",
        fix: "known: page",
        path: "/actors/0/steps/1/body/0/target/index/0/ref/name",
      },
      {
        code: "MR030",
        message: "cell[pgae] = 1; puts a number into Color",
        fix: "use two values of the same domain",
        path: "/actors/0/steps/1/body/0",
      },
      {
        code: "MR025",
        message: "worker has no label pikc",
        fix: "known: pick, work, rest, done",
        path: "/actors/0/steps/1/body/1/label",
      },
    ]);
  });
});

describe("first values", () => {
  const withInit = (values: number[], ...index: Parameters<typeof b.variable>[1][]): Model => {
    const init = { kind: "cells" as const, values };
    const model = goodModel();
    return { ...model, shared: [...model.shared, b.variable("first", b.BOOL, init, ...index)] };
  };
  const PAGE = b.setOf("Page");

  it("may follow the members when they change places together", () => {
    expect(validate(withInit([1, 0, 0, 1], PAGE, PAGE))).toEqual([]);
    expect(validate(withInit([1, 0, 1, 0], PAGE, PAGE))).toMatchObject([{ code: "MR037" }]);
  });

  it("may tell classes and actors apart", () => {
    const classes = [
      { name: "sys", size: 2 },
      { name: "vram", size: 1 },
    ];
    const scalarsets = [{ name: "Page", classes }];
    expect(validate({ ...withInit([0, 0, 1], PAGE), scalarsets })).toEqual([]);
    expect(validate({ ...withInit([0, 1, 1], PAGE), scalarsets })).toMatchObject([
      { code: "MR037", message: "first tells Page 1 and 2 apart" },
    ]);
    expect(validate(withInit([0, 0, 1], b.PROC))).toEqual([]);
  });

  it("may do as they like where the order is known", () => {
    expect(validate(withInit([0, 1, 1, 0], b.range(0, 3)))).toEqual([]);
  });
});
