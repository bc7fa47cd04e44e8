/** The first stage: guards, choices, checks and jumps made explicit. */
import { describe, expect, it } from "vitest";
import { type Branch, branchesOf } from "../../model/export/branches.ts";
import { build as b, layoutOf, printExpr, type Stmt } from "../../model/ir/index.ts";

const PAGE = b.setOf("Page");
const x = b.shared("x");
const page = b.local("page");
const refs = (index: ReturnType<typeof b.read>) => b.shared("refs", index);

function branches(...body: Stmt[]): Branch[] {
  const actor = b.actor("a", [b.step("first", "first", ...body), b.step("second", "second")], {
    count: 2,
    locals: [b.variable("page", PAGE), b.variable("n", b.range(0, 3))],
  });
  const model = b.model("m", [actor], {
    scalarsets: [{ name: "Page", classes: [{ name: "page", size: 2 }] }],
    shared: [b.variable("x", b.range(0, 3)), b.variable("refs", b.range(0, 1), 0, PAGE)],
  });
  const layout = layoutOf(model);
  const [step] = actor.steps;
  return step ? branchesOf(layout, actor, step) : [];
}

const guards = (...body: Stmt[]): string[] =>
  branches(...body).map(({ guard }) => guard.map((e) => printExpr(e)).join(" && ") || "true");

describe("guards", () => {
  it("are the waits, in terms of the state before the step", () => {
    expect(guards(b.wait(b.eq(b.read(x), b.int(1))))).toEqual(["x == 1"]);
  });

  it("see what a choice before them has picked", () => {
    const free = b.eq(b.read(refs(b.read(page))), b.int(0));
    const [branch] = branches(b.choose(page, free));
    expect(branch?.params).toEqual([{ name: "page", domain: PAGE }]);
    expect(branch?.guard.map((e) => printExpr(e))).toEqual(["refs[page] == 0"]);
    expect(branch?.body.some((a) => a.kind === "check")).toBe(false);
  });

  it("are carried back through assignments when a choice comes late", () => {
    const late = b.when(b.eq(b.read(x), b.int(2)), [
      b.either({ ok: [], enomem: [b.goto("done")] }),
    ]);
    const before = b.set(x, b.add(b.read(b.local("n")), b.int(1)));
    expect(guards(before, late)).toEqual([
      "n + 1 > 3 || n + 1 == 2",
      "n + 1 > 3 || n + 1 == 2",
      "n + 1 > 3 || n + 1 != 2",
    ]);
  });

  it("let a branch in whose check will fail", () => {
    expect(guards(b.wait(b.eq(b.read(refs(b.read(page))), b.int(0))))).toEqual([
      "page == none || refs[page] == 0",
    ]);
    expect(guards(b.assert("r", b.eq(b.read(x), b.int(0))), b.wait(b.FALSE))).toEqual(["x != 0"]);
  });

  it("leave no branch behind a wait that is never true", () => {
    expect(branches(b.wait(b.FALSE))).toEqual([]);
  });
});

describe("checks", () => {
  const kinds = (...body: Stmt[]): string[] =>
    branches(...body).flatMap((branch) =>
      branch.body.map((a) => (a.kind === "check" ? a.violation : a.kind)),
    );

  it("are there only where something can go wrong", () => {
    expect(kinds(b.set(x, b.int(3)))).toEqual(["assign", "jump"]);
    expect(kinds(b.set(x, b.add(b.read(x), b.int(1))))).toEqual(["range", "assign", "jump"]);
    expect(kinds(b.set(refs(b.read(page)), b.int(1)))).toEqual(["unset", "assign", "jump"]);
  });

  it("are said once", () => {
    const use = b.set(refs(b.read(page)), b.int(1));
    expect(kinds(use, use)).toEqual(["unset", "assign", "assign", "jump"]);
    const again = b.choose(page);
    expect(kinds(again, use)).toEqual(["assign", "assign", "jump"]);
  });
});

describe("jumps", () => {
  it("end every path", () => {
    const [branch] = branches(
      b.when(b.eq(b.read(x), b.int(0)), [b.goto("first")]),
      b.set(x, b.int(0)),
    );
    expect(branch?.body).toMatchObject([
      {
        kind: "if",
        yes: [{ kind: "jump", to: 0 }],
        no: [{ kind: "assign" }, { kind: "jump", to: 1 }],
      },
    ]);
  });
});
