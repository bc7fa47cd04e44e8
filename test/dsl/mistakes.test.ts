/** What the language refuses when a spec is read or built: number and message. */
import {
  actor,
  array,
  choose,
  goto,
  oneOf,
  range,
  remove,
  routine,
  type Spec,
  SpecError,
  type SpecInput,
  scalarset,
  set,
  shared,
  size,
  spec,
  struct,
} from "mmrace";
import { describe, expect, it } from "vitest";

const k = shared({ x: range(0, 3) });
const one = actor("one", {}, () => ({ go: ["x = 1", set(k.x, 1)] }));

function made(change: Partial<SpecInput>): Spec {
  const always = { small: k.x.lt(3) };
  return spec({ name: "tiny", configs: { ci: {} }, shared: k, actors: [one], always, ...change });
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof SpecError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "accepted";
}

describe("values", () => {
  it("of an enumeration are names", () => {
    expect(codeOf(() => oneOf("a b"))).toBe('MR101 "a b" is not a name');
  });
  it("fit the type", () => {
    const wrong = "mapped" as unknown as "present";
    const pte = shared({ pte: oneOf("present", "none") }).pte;
    expect(codeOf(() => pte.eq(wrong))).toBe("MR102 mapped is not one of present, none");
    expect(codeOf(() => set(k.x, 1.5))).toBe("MR102 1.5 is not an integer");
  });
  it("are not computed with by TypeScript", () => {
    const x = k.x as unknown as number;
    const wanted = "MR103 a TypeScript operator was applied to a model value";
    expect(codeOf(() => x + 1)).toBe(wanted);
    expect(codeOf(() => x < 1)).toBe(wanted);
    expect(codeOf(() => `${x}`)).toBe(wanted);
  });
});

describe("declarations", () => {
  it("keep the words that structs use themselves", () => {
    const bad = struct("bad", { path: range(0, 1) });
    expect(codeOf(() => shared({ bad }))).toBe("MR105 field bad.path");
  });
  it("are made by shared()", () => {
    expect(codeOf(() => made({ shared: {} }).build())).toMatch(/^MR106/);
  });
  it("have one meaning for one scalarset name", () => {
    const [A, B] = [scalarset("Page", 1), scalarset("Page", 2)];
    const two = shared({ a: array(A, range(0, 1)), b: array(B, range(0, 1)) });
    const who = actor("who", { a: A, b: B }, (me) => ({ go: ["go", choose(me.a), choose(me.b)] }));
    const wanted = "MR121 two scalarsets are named Page";
    expect(codeOf(() => made({ shared: two, actors: [who], always: {} }).build())).toBe(wanted);
  });
});

describe("labels", () => {
  it("look like labels", () => {
    const who = actor("who", {}, () => ({ "not-a-label": ["x", set(k.x, 1)] }));
    expect(codeOf(() => made({ actors: [who] }).build())).toMatch(/^MR110 "not-a-label"/);
    const ends = actor("ends", {}, () => ({ done: ["x", set(k.x, 1)] }));
    expect(codeOf(() => made({ actors: [ends] }).build())).toMatch(/^MR110 "done"/);
  });
  it("exist where a goto names them", () => {
    const inner = routine("inner", {}, () => ({ a: ["a", goto("outside" as "a")] }));
    const who = actor("who", {}, () => ({ outside: ["x", set(k.x, 1)], call: inner }));
    const wanted = "MR113 goto outside: no such label here";
    expect(codeOf(() => made({ actors: [who] }).build())).toBe(wanted);
  });
  it("exist where a mutant changes them", () => {
    const change = [remove(one, "gone" as "go")];
    const mutants = { m: { breaks: "small", change } };
    expect(codeOf(() => made({ mutants }).build({ variant: "m" }))).toBe(
      "MR111 one has no step gone",
    );
  });
});

describe("specs", () => {
  it("have a name, configurations, and variants that differ in name", () => {
    expect(codeOf(() => made({ name: "Not Kebab" }))).toMatch(/^MR130/);
    expect(codeOf(() => made({ configs: {} }))).toMatch(/^MR131/);
    expect(codeOf(() => made({ breaks: { big: "small" } }))).toMatch(/^MR139 breaks names big/);
    const both = { twin: { breaks: "small", change: [] } };
    expect(codeOf(() => made({ mutants: both, variants: both }))).toMatch(/^MR132/);
  });
  it("document their bugs", () => {
    const race = { year: 2025, subsystem: "mm", class: "deadlock" as const };
    const silent = { from: "0123456789ab", breaks: "", change: [] };
    expect(codeOf(() => made({ bugs: { b: silent } }))).toBe(
      "MR136 bug b does not say what it breaks",
    );
    const nowhere = { from: "", breaks: "small", change: [] };
    expect(codeOf(() => made({ bugs: { b: nowhere } }))).toMatch(/^MR136 .* \(from\)$/);
    expect(codeOf(() => made({ race }))).toMatch(/^MR137/);
    const order = ["one.go", "one.gone"];
    const lost = { from: "0123456789ab", breaks: "small", order, change: [] };
    const wanted = "MR138 the order of the bug names one.gone, which is no step";
    expect(codeOf(() => made({ bugs: { b: lost } }).build({ variant: "b" }))).toBe(wanted);
  });
  it("build what they have", () => {
    expect(codeOf(() => made({}).build({ variant: "no" }))).toMatch(/^MR133/);
    expect(codeOf(() => made({}).build({ config: "no" }))).toMatch(/^MR134/);
  });
  it("define every size in every configuration", () => {
    const who = one.times(size("threads"));
    const wanted = 'MR120 this configuration has no size "threads"';
    expect(codeOf(() => made({ actors: [who] }).build())).toBe(wanted);
  });
});
