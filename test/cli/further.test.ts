/** `check --all-properties` and `check --more`. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { check, folderWith } from "./mmrace.ts";
import { deadlock, race } from "./specs.ts";

/** x reaches 1 by two ways, and 2 by a third; three claims are false, one is true. */
const ways = `import { actor, range, set, shared, spec, when, goto } from "mmrace";
const k = shared({ x: range(0, 3) });
const one = actor("one", {}, () => ({ one: ["x = 1", set(k.x, 1)] }));
const other = actor("other", {}, () => ({
  look: ["if (x) return", when(k.x.ne(0), [goto("done")])],
  other: ["x = 1", set(k.x, 1)],
}));
const two = actor("two", {}, () => ({ two: ["x = 2", set(k.x, 2)] }));
export default spec({
  name: "ways",
  configs: { ci: {} },
  shared: k,
  actors: { one, other, two },
  always: { not_one: k.x.ne(1), not_two: k.x.ne(2), not_three: k.x.ne(3) },
  at_rest: { is_zero: k.x.eq(0) },
});
`;

/** Takes b and then a, as two does, but only after c. */
const THIRD = `const three = actor("three", {}, () => ({
  lock_c: ["mutex_lock(&c)", mutex_lock(k.c)],
  lock_b: ["mutex_lock(&b)", mutex_lock(k.b)],
  lock_a: ["mutex_lock(&a)", mutex_lock(k.a)],
  unlock_a: ["mutex_unlock(&a)", mutex_unlock(k.a)],
  unlock_b: ["mutex_unlock(&b)", mutex_unlock(k.b)],
  unlock_c: ["mutex_unlock(&c)", mutex_unlock(k.c)],
}));
`;

interface Result {
  violation: { property: string };
  steps: { process: string; label: string }[];
  others: { complete: boolean; violations: Omit<Result, "others">[] };
}

function resultOf(spec: string, ...args: string[]): Result {
  const folder = folderWith({ "x.spec.ts": spec });
  return JSON.parse(check(folder, ".", "--json", ...args).out).results[0];
}

const labels = ({ steps }: Omit<Result, "others">) => steps.map((s) => s.label).join(" ");

describe("--all-properties", () => {
  it("finds the shortest counterexample of each violated property", () => {
    const { violation, others } = resultOf(ways, "--all-properties");
    expect([violation.property, others.complete]).toEqual(["not_one", true]);
    const more = others.violations.map((v) => [v.violation.property, labels(v)]);
    expect(more.slice(0, 1)).toEqual([["not_two", "two"]]);
    expect(more.map(([name]) => name)).toEqual(["not_two", "is_zero"]);
  });

  it("prints and draws all of them", () => {
    const folder = folderWith({ "x.spec.ts": ways });
    const { code, out } = check(folder, ".", "--all-properties", "--draw");
    expect(code).toBe(1);
    expect(out).toContain("violated not_one; also not_two, is_zero\n");
    expect(out.match(/ is violated$/gm)).toHaveLength(3);
    const stems = ["ways", "ways.2", "ways.3"];
    const names = stems.flatMap((s) => ["dot", "json", "svg", "txt"].map((e) => `${s}.${e}`));
    expect(readdirSync(join(folder, "out")).sort()).toEqual(names.sort());
    const text = readFileSync(join(folder, "out/ways.2.txt"), "utf8");
    expect(text).toContain("not_two violated at step 1");
  });

  it("says when it cannot know", () => {
    const overflow = ways.replace("set(k.x, 2)", "set(k.x, k.x.plus(3))");
    const { violation, others } = resultOf(overflow, "--all-properties");
    expect(violation.property).toBe("not_one");
    expect(others.violations.at(-1)?.violation.property).toBe("range_overflow");
    expect(others.complete).toBe(false);
  });

  it("goes on behind a deadlock", () => {
    const broken = deadlock.replace(
      "unused_stays: k.unused.not()",
      "b_is_free: k.b.owner.eq(none)",
    );
    const spec = broken.replace("import { actor,", "import { actor, none,");
    const { violation, others } = resultOf(spec, "--all-properties");
    const found = [violation, ...others.violations.map((v) => v.violation)];
    expect(found.map((v) => v.property).sort()).toEqual(["b_is_free", "deadlock"]);
  });
});

describe("--more", () => {
  it("finds races with other sets of labels, not other orders", () => {
    const { violation, others } = resultOf(ways, "--more", "5");
    expect(violation.property).toBe("not_one");
    expect(others.violations.map(labels)).toEqual(["look other"]);
    expect(others.complete).toBe(true);
  });

  it("stops at the number asked for", () => {
    const folder = folderWith({ "x.spec.ts": ways });
    expect(check(folder, ".", "--more", "1").out).toContain("violated not_one; 1 more race\n");
  });

  it("of a deadlock has those in which somebody waits at another step", () => {
    const only = resultOf(deadlock, "--more", "3");
    expect([only.others.violations.length, only.others.complete]).toEqual([0, true]);
    const three = deadlock
      .replace("export default", `${THIRD}export default`)
      .replace("actors: { one, two }", "actors: { one, two, three }")
      .replace("b: mutex(),", "b: mutex(), c: mutex(),");
    const { others } = resultOf(three, "--more", "3");
    expect(others.violations).toHaveLength(1);
    expect(others.violations[0]?.steps.map((s) => s.process)).toContain("three");
    expect(others.complete).toBe(true);
  });

  it("of a claim at rest has none, and says that this proves nothing", () => {
    const resting = ways.replace(/ {2}always: .*/, "");
    const { out } = check(folderWith({ "x.spec.ts": resting }), ".", "--more", "3");
    expect(out).toContain("violated is_zero; no more races (there may be more)\n");
  });

  it("does nothing where all is well", () => {
    expect(resultOf(race, "--more", "3").others).toBeUndefined();
  });

  it.each([["0"], ["x"]])("refuses %s", (count) => {
    const { code, err } = check(folderWith({ "x.spec.ts": ways }), ".", "--more", count);
    expect(err).toContain(`--more ${count}: not an amount above zero`);
    expect(code).toBe(2);
  });

  it("excludes --all-properties", () => {
    const folder = folderWith({ "x.spec.ts": ways });
    const { code, err } = check(folder, ".", "--more", "2", "--all-properties");
    expect(err).toContain("--all-properties and --more exclude each other");
    expect(code).toBe(2);
  });
});
