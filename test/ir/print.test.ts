import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as b from "../../model/ir/build.ts";
import { printExpr, printModel, printStmt } from "../../model/ir/print.ts";
import type { Expr, Model } from "../../model/ir/types.ts";
import { anyModel } from "../support/random-model.ts";

const PTE = b.enumOf("Pte");
const PAGE = b.setOf("Page");
const [x, y, z] = ["x", "y", "z"].map((name) => b.read(b.shared(name))) as [Expr, Expr, Expr];

const model: Model = b.model(
  "mirror",
  [
    b.actor(
      "gpu_fault",
      [
        b.step(
          "fault",
          "the device faults",
          b.choose(b.local("page"), b.ne(b.read(b.local("page")), b.none(PAGE))),
          b.wait(b.eq(b.read(b.shared("owner")), b.none(b.PROC))),
        ),
        {
          ...b.step("walk", "odd */ text", b.goto("fault")),
          idle: true,
          mark: "retry",
        },
      ],
      { count: 2, locals: [b.variable("page", PAGE)] },
    ),
    b.actor("zap", [b.step("clear", "clear it")]),
  ],
  {
    enums: [{ name: "Pte", values: ["none", "present"] }],
    scalarsets: [{ name: "Page", classes: [{ name: "Sys", size: 2 }] }],
    shared: [
      { ...b.variable("pte.kind", PTE, 1, PAGE), show: "pte[].kind" },
      b.variable("owner", b.PROC),
      b.variable("seq", b.range(0, 3), { kind: "any" }),
      b.variable("bit", b.BOOL, { kind: "cells", values: [0, 1] }, b.range(0, 1)),
    ],
    assume: [b.lt(b.read(b.shared("seq")), b.int(2))],
  },
  {
    always: {
      all_present: b.forall("p", PAGE, (p) =>
        b.eq(b.read(b.shared("pte.kind", p)), b.constant(PTE, 1)),
      ),
    },
    atRest: { free: b.eq(b.read(b.shared("owner")), b.none(b.PROC)) },
    reachable: { taken: b.ne(b.read(b.shared("owner")), b.none(b.PROC)) },
  },
);

describe("printing expressions", () => {
  it.each<[Expr, string]>([
    [b.mul(b.add(x, y), z), "(x + y) * z"],
    [b.add(x, b.mul(y, z)), "x + y * z"],
    [b.sub(x, b.sub(y, z)), "x - (y - z)"],
    [b.sub(b.sub(x, y), z), "x - y - z"],
    [b.mod(b.mul(x, y), z), "x * y % z"],
    [b.or(b.and(x, y), z), "x && y || z"],
    [b.and(b.or(x, y), z), "(x || y) && z"],
    [b.and(x, b.and(y, z)), "x && (y && z)"],
    [b.not(b.eq(x, y)), "!(x == y)"],
    [b.eq(b.not(x), y), "!x == y"],
    [b.eq(b.eq(x, y), z), "(x == y) == z"],
    [b.implies(x, b.implies(y, z)), "x => y => z"],
    [b.implies(b.implies(x, y), z), "(x => y) => z"],
    [b.implies(b.or(x, y), z), "x || y => z"],
    [b.or(b.implies(x, y), z), "(x => y) || z"],
    [b.ite(x, y, b.ite(x, y, z)), "x ? y : x ? y : z"],
    [b.ite(b.ite(x, y, z), y, z), "(x ? y : z) ? y : z"],
    [b.add(b.ite(x, y, z), b.int(-1)), "(x ? y : z) + -1"],
    [b.forall("p", b.PROC, (p) => b.and(x, b.eq(p, y))), "forall p in process: x && p == y"],
    [
      b.le(
        b.count("p", PAGE, () => x),
        b.int(1),
      ),
      "(count p in Page: x) <= 1",
    ],
    [b.exists("p", b.range(0, 3), () => x), "exists p in 0..3: x"],
    [b.inClass(x, "Frame", "sys"), "x in Frame.sys"],
    [b.not(b.atLabel(b.SELF, "zap", "clear")), "!(self at zap:clear)"],
    [b.atLabel(b.bound("t"), "zap", "clear", "done"), "t at zap:{clear, done}"],
    [b.read(b.peek("zap", b.bound("t"), "seq", x)), "t.seq[x]"],
    [b.constant(PTE, 1), "Pte#1"],
    [b.none(PAGE), "none"],
    [{ kind: "and", args: [] }, "true"],
    [{ kind: "or", args: [x] }, "x"],
  ])("%#: %o", (expr, expected) => {
    expect(printExpr(expr)).toBe(expected);
  });

  it("uses the names of the model, and how cells are shown", () => {
    const cell = b.read(b.shared("pte.kind", b.bound("p")));
    expect(printExpr(b.eq(cell, b.constant(PTE, 1)), model)).toBe("pte[p].kind == present");
    expect(printExpr(b.eq(cell, b.constant(PTE, 1)))).toBe("pte.kind[p] == Pte#1");
  });
});

describe("printing statements", () => {
  it("writes an else-if chain flat", () => {
    const set = (n: number) => [b.set(b.shared("seq"), b.int(n))];
    const chain = b.when(x, set(0), [b.when(y, set(1), set(2))]);
    expect(printStmt(chain, model, undefined, 2).split("\n")).toEqual([
      "  if (x) {",
      "    seq = 0;",
      "  } else if (y) {",
      "    seq = 1;",
      "  } else {",
      "    seq = 2;",
      "  }",
    ]);
  });

  it("writes every other kind", () => {
    const lines = [
      b.assert("rule", x, "x holds"),
      b.lock("acquire", "folio_lock", [y], { lock: "folio_lock", mode: "shared" }),
      b.either({ ok: [], enomem: [b.goto("out")] }),
      b.each("p", PAGE, (p) => [b.set(b.shared("pte.kind", p), b.constant(PTE, 0))]),
      b.choose(b.shared("owner")),
    ].map((stmt) => printStmt(stmt, model));
    expect(lines).toEqual([
      "assert(x); /* rule: x holds */",
      "acquire folio_lock folio_lock[y], shared;",
      "either ok {\n} or enomem {\n  goto out;\n}",
      "for (p in Page) {\n  pte[p].kind = none;\n}",
      "choose owner;",
    ]);
  });
});

describe("printing a model", () => {
  it("shows everything", () => {
    expect(printModel(model)).toBe(`model mirror

enum Pte { none, present };

scalarset Page { Sys[2] };

Pte pte[Page].kind = present;
process owner = none;
0..3 seq = any;
bool bit[0..1] = { false, true };

assume seq < 2;

actor gpu_fault[2] {
  Page page = none;
  fault: /* the device faults */
    choose page where page != none;
    wait(owner == none);
  walk: /* odd * / text */ /* idle */ /* retry */
    goto fault;
}

actor zap {
  clear: /* clear it */
}

always all_present: forall p in Page: pte[p].kind == present;

at rest free: owner == none;

reachable taken: owner != none;
`);
  });

  it("never throws and always writes the same", () => {
    fc.assert(
      fc.property(anyModel, (random) => {
        const text = printModel(random);
        expect(printModel(structuredClone(random))).toBe(text);
        expect(text).not.toMatch(/undefined|\[object|NaN/);
      }),
      { numRuns: 200 },
    );
  });
});
