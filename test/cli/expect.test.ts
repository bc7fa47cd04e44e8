/** `expect.json`: what was promoted is compared, and whatever differs is a finding by name. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { check as search } from "../../checker/index.ts";
import { UserError } from "../../cli/errors.ts";
import { folded, isCovered } from "../../cli/expect/coverage.ts";
import { parseExpectations, stringifyExpectations } from "../../cli/expect/format.ts";
import { promoted } from "../../cli/expect/promote.ts";
import { startReview } from "../../cli/expect/review.ts";
import { judge, type Outcome } from "../../cli/judge.ts";
import { prepare } from "../../cli/prepare.ts";
import { check, folderWith, run } from "./mmrace.ts";
import { lineOf, race as written } from "./specs.ts";

/** The race with two sizes to shrink, a second mutant, and a step that need not be taken. */
const race = written
  .replace("ci: { pages: 1 }", "ci: { pages: 2 }")
  .replace("deep: { pages: 2 }", "small: { pages: 1 }, deep: { pages: 3 }")
  .replace(
    "  mutants: {",
    `  mutants: {
    freed_first: {
      breaks: "no_stale_gpu_pte",
      config: "small",
      change: [remove(munmap, "invalidate")],
    },`,
  );

interface Options {
  strict?: boolean;
  config?: string;
  counts?: boolean;
}

/** As `mmrace check --mutants` does it, without the process. */
async function outcomesIn(folder: string, { strict, config, counts = true }: Options = {}) {
  const selection = { altered: "all" as const, ...(config ? { config } : {}) };
  const path = join(folder, "race.spec.ts");
  const { specs, tasks } = await prepare([path], selection, { typecheck: false });
  const review = startReview(tasks, strict ?? false, { counts, progress: true });
  return { specs, outcomes: tasks.map((task) => judge(task, search(task.model), { review })) };
}

async function promotedFolder(text = race): Promise<string> {
  const folder = folderWith({ "race.spec.ts": text });
  const { specs, outcomes } = await outcomesIn(folder);
  writeFileSync(
    join(folder, "expect.json"),
    promoted({}, specs, outcomes, () => true),
  );
  return folder;
}

function found(outcomes: Outcome[]): string[] {
  return outcomes.flatMap((o) => o.findings.map((f) => `${o.task.variant || "-"} ${f.rule}`));
}

/** Findings after one part of the promoted spec was exchanged. */
async function altered(part: string | RegExp, by: string): Promise<Outcome[]> {
  const folder = await promotedFolder();
  const text = race.replace(part, by);
  if (text === race) throw new Error(`no ${part}`);
  writeFileSync(join(folder, "race.spec.ts"), text);
  return (await outcomesIn(folder)).outcomes;
}

const FACT = /reachable: \{[\s\S]*?\n {2}\},\n/;
const FREED_FIRST = / {4}freed_first: \{[\s\S]*?\n {4}\},\n/;

describe("what was promoted", () => {
  it("is met by the same spec, whatever its comments say", async () => {
    const folder = await promotedFolder();
    const before = await outcomesIn(folder, { strict: true });
    expect(found(before.outcomes)).toEqual([]);
    expect(before.outcomes.map((o) => o.verdict)).toEqual([
      "holds",
      "violated no_stale_gpu_pte, as it must",
      "violated no_stale_gpu_pte, as it must",
    ]);
    writeFileSync(join(folder, "race.spec.ts"), `// More.\n${race}`);
    expect(found((await outcomesIn(folder)).outcomes)).toEqual([]);
  });

  it.each([
    ["a claim is gone", FACT, "", ["- property_removed"]],
    [
      "a claim says less",
      '.implies(k.page.at(p).eq("in_use"))',
      '.implies(k.page.at(p).eq("in_use").or(k.cpu_pte.at(p).eq("present")))',
      ["- property_changed"],
    ],
    [
      "a claim is new",
      "reachable: {",
      "at_rest: { x: forall(Page, (p) => k.page.at(p).ne(k.page.at(p)).not()) },\n  reachable: {",
      ["- property_not_promoted"],
    ],
    ["a size is smaller", "ci: { pages: 2 }", "ci: { pages: 1 }", ["- size_smaller"]],
    [
      "a size is larger",
      "small: { pages: 1 }",
      "small: { pages: 2 }",
      ["freed_first size_changed"],
    ],
    ["the counts are others", 'free: ["', 'more: ["nop"],\n  free: ["', ["- count_changed"]],
    ["the model is another one", /"in_use"/g, '"used"', ["- model_changed"]],
    ["a mutant is gone", FREED_FIRST, "", ["- variant_removed"]],
    ["a mutant is new", "freed_first: {", "freed_2: {", ["- variant_removed"]],
    ["a mutant is not promoted", "freed_first: {", "freed_2: {", ["freed_2 expectation_missing"]],
    [
      "a mutant breaks another claim, and its declaration follows",
      /breaks: "no_stale_gpu_pte",\n {6}config: "small",\n {6}change: .*/,
      'breaks: "lock_held_on_exit", config: "small", change: [remove(munmap, "drop_lock")],',
      ["freed_first verdict_changed"],
    ],
    [
      "a mutant need not break anything any more",
      /breaks: "no_stale_gpu_pte",\n {6}config: "small",\n {6}change: .*/,
      'config: "small",\n      change: [],',
      ["freed_first verdict_changed"],
    ],
    ["a configuration is gone", /small(?=:|")/g, "tiny", ["- configuration_removed"]],
    ["the spec is called otherwise", 'name: "race"', 'name: "race-2"', ["- spec_removed"]],
  ])("is missed when %s", async (_, part, by, expected) => {
    const outcomes = await altered(part, by);
    expect(found(outcomes)).toEqual(expect.arrayContaining(expected));
    const bad = outcomes.filter((o) => o.findings.length > 0);
    expect(bad.map((o) => o.code)).toEqual(bad.map(() => 1));
  });

  it("is missed by a step that is not taken any more", async () => {
    const outcomes = await altered(
      "if (!pte_present(pte)) return",
      'return", goto("done")],\n  more: ["if (!pte_present(pte)) return',
    );
    expect(found(outcomes)).toContain("- label_no_longer_fires");
  });

  it("is compared where that makes sense: no counts under reductions", async () => {
    const folder = await promotedFolder();
    const file = join(folder, "expect.json");
    writeFileSync(file, readFileSync(file, "utf8").replace(/"states": \d+/, '"states": 7'));
    expect(found((await outcomesIn(folder)).outcomes)).toEqual(["- count_changed"]);
    expect(found((await outcomesIn(folder, { counts: false })).outcomes)).toEqual([]);
  });
});

describe("places of findings", () => {
  it("a changed claim is told where it stands, a changed count where it was promoted", async () => {
    const [scheme] = await altered('eq("in_use"))', 'ne("freed"))');
    const claim = scheme?.findings.find((f) => f.rule === "property_changed");
    expect(claim?.src?.file).toMatch(/race\.spec\.ts$/);
    expect(claim?.src?.line).toBe(lineOf(race, "no_stale_gpu_pte: forall"));

    const [other] = await altered('free: ["', 'more: ["nop"],\n  free: ["');
    const { src } = other?.findings.find((f) => f.rule === "count_changed") ?? {};
    expect(src?.file).toMatch(/expect\.json$/);
  });
});

describe("what has no expectation", () => {
  it("is said in its row; with --expect it is a finding", async () => {
    const folder = folderWith({ "race.spec.ts": race });
    const plain = await outcomesIn(folder);
    expect(plain.outcomes[0]?.verdict).toBe("holds, not promoted");
    expect(plain.outcomes.map((o) => o.code)).toEqual([0, 0, 0]);
    const strict = await outcomesIn(folder, { strict: true });
    expect(found(strict.outcomes)).toEqual([
      "- expectation_missing",
      "freed_first expectation_missing",
      "no_recheck_under_lock expectation_missing",
    ]);
  });

  it("is a finding where the folder has an expect.json, in the deep tier, too", async () => {
    const folder = await promotedFolder();
    const [deep] = (await outcomesIn(folder, { config: "deep" })).outcomes;
    expect(deep).toMatchObject({ code: 1, findings: [{ rule: "expectation_missing" }] });
    expect(deep?.findings[0]?.text).toBe(
      "there is no expectation of the scheme in deep: mmrace promote --tier deep writes it",
    );
    const small = (await outcomesIn(folder, { config: "small" })).outcomes;
    expect(found(small)).toContain("- expectation_missing");
  });
});

/** Two locks: who faults takes a, then b; who evicts does so, too, or the other way round. */
function twoLocks(first: string, second: string): string {
  return `
import { actor, shared, spec } from "mmrace";
import { mutex, mutex_lock, mutex_unlock } from "mmrace/kernel";
const k = shared({ a: mutex(), b: mutex() });
const thread = (name, one, two) => actor(name, {}, () => ({
  first: ["lock one", mutex_lock(one)],
  second: ["lock two", mutex_lock(two)],
  up: ["unlock two", mutex_unlock(two)],
  out: ["unlock one", mutex_unlock(one)],
}));
export default spec({
  name: "two-locks",
  configs: { ci: {} },
  shared: k,
  actors: [thread("fault", k.a, k.b), thread("evict", k.${first}, k.${second})],
});
`;
}

describe("the order of locks", () => {
  /** Promoted with one order; this is the spec then. */
  function folderOfLocks(text: string): string {
    const folder = folderWith({ "two.spec.ts": twoLocks("a", "b") });
    expect(run(folder, ["promote", "--no-typecheck", "."]).code).toBe(0);
    writeFileSync(join(folder, "two.spec.ts"), text);
    return folder;
  }

  it("is promoted, and a new circle in it is told by name", () => {
    const folder = folderOfLocks(twoLocks("b", "a"));
    const file = join(folder, "expect.json");
    const spec = parseExpectations(readFileSync(file, "utf8"), "")["two-locks"];
    const kept = spec?.configs.ci?.lock_order?.["-"];
    expect(kept).toMatchObject({ orders: { a: "b" }, cycles: {} });
    const { code, out } = check(folder, ".");
    expect(code).toBe(1);
    expect(out).toMatch(/: a -> b -> a: lockdep warns, deadlock$/m);
    expect(out).toMatch(/: this order was not there: b -> a$/m);
  });

  it("is known of a model that has not changed, and searched for when that is asked", () => {
    const folder = folderOfLocks(twoLocks("a", "b"));
    const file = join(folder, "expect.json");
    const other = readFileSync(file, "utf8").replace('"a": "b"', '"a": "b (trylock)"');
    writeFileSync(file, other);
    expect(check(folder, ".").code).toBe(0);
    const { code, out } = check(folder, ".", "--lock-order");
    expect(code).toBe(1);
    expect(out).toMatch(/: this order was not there: a -> b$/m);
    expect(out).toMatch(/: this is not there any more: a -> b \(trylock\)$/m);
    const again = ["promote", "--no-typecheck", "."];
    expect(run(folder, again).out).not.toContain("changed");
    expect(run(folder, [...again, "--lock-order"]).out).toContain("expect.json: changed");
  });
});

describe("the file", () => {
  const sheet = {
    race: {
      file: "race.spec.ts",
      properties: { a: "always 0123456789abcdef" },
      configs: {
        ci: {
          sizes: { pages: 1 },
          runs: {
            "-": {
              verdict: "holds",
              states: 40,
              transitions: 62,
              depth: 10,
              model: "0123456789abcdef",
              fired: 3,
              never: ["a.b", "c.*"],
            },
          },
          lock_order: {
            "-": { model: "0123456789abcdef", states: 38, orders: { a: "b" }, cycles: {} },
          },
        },
      },
    },
  };

  it("is read as it was written", () => {
    const text = stringifyExpectations(sheet);
    expect(parseExpectations(text, "expect.json")).toEqual(sheet);
    expect(text).toBe(stringifyExpectations(parseExpectations(text, "expect.json")));
  });

  it.each([
    [
      "a merge conflict",
      (t: string) => t.replace('"version"', '<<<<<<< HEAD\n"version"'),
      /not JSON/,
    ],
    ["another format", (t: string) => t.replace("mmrace-expect", "x"), /format/],
    ["a later version", (t: string) => t.replace('"version": 1', '"version": 2'), /version is 2/],
    ["a number that is none", (t: string) => t.replace("40", '"40"'), /race\.configs.*\.states/],
    ["a key that nobody knows", (t: string) => t.replace('"depth"', '"dept"'), /dept/],
    ["half of it", (t: string) => t.slice(0, t.length / 2), /not JSON/],
    ["nothing", () => "", /not JSON/],
  ])("is refused with %s", (_, damage, message) => {
    const read = () => parseExpectations(damage(stringifyExpectations(sheet)), "expect.json");
    expect(read).toThrow(UserError);
    expect(read).toThrow(message);
  });

  it("a broken one is told before any search, with its place", () => {
    const folder = folderWith({ "race.spec.ts": race, "expect.json": '{\n  "format": \n}' });
    const { code, out, err } = check(folder, ".");
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(/^expect\.json:3:1: error: not JSON: expected /);
    expect(err).toContain("mmrace promote");
  });
});

describe("steps never taken", () => {
  it("are listed by the shortest prefix below which nothing is", () => {
    const rows = [
      ["a.one", 1],
      ["a.call.x", 0],
      ["a.call.y.z", 0],
      ["a.two", 0],
      ["b.one", 0],
      ["b.two", 0],
    ] as const;
    const never = folded(rows.map(([label, fired]) => ({ label, fired })));
    expect(never).toEqual(["a.call.*", "a.two", "b.*"]);
    const covered = rows.map(([label]) => isCovered(label, never));
    expect(covered).toEqual([false, true, true, true, true, true]);
    expect(isCovered("a.caller", never)).toBe(false);
  });
});

describe("mmrace promote", () => {
  const promote = (folder: string, ...args: string[]) =>
    run(folder, ["promote", "--no-typecheck", ...args]);

  it("writes a file that check agrees with, and the same one again", () => {
    const folder = folderWith({ "race.spec.ts": race });
    expect(promote(folder, ".")).toMatchObject({ code: 0, err: "" });
    const file = join(folder, "expect.json");
    const text = readFileSync(file, "utf8");
    const { code, out } = check(folder, ".", "--mutants", "--expect");
    expect(out).toMatch(/^4 checks: 4 as expected$/m);
    expect(code).toBe(0);
    expect(promote(folder, ".").out).not.toContain("expect.json");
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  it("keeps what stands there of other specs, and drops those whose file is gone", async () => {
    const folder = folderWith({
      "race.spec.ts": race,
      "two.spec.ts": race.replace('"race"', '"two"'),
    });
    expect(promote(folder, ".").code).toBe(0);
    const names = () =>
      Object.keys(parseExpectations(readFileSync(join(folder, "expect.json"), "utf8"), ""));
    expect(names()).toEqual(["race", "two"]);
    writeFileSync(join(folder, "race.spec.ts"), race.replace('"race"', '"three"'));
    expect(promote(folder, "race.spec.ts").code).toBe(0);
    expect(names()).toEqual(["three", "two"]);
  });

  it("writes nothing of a spec that does not do what it declares, or was not searched", () => {
    const bad = race.replace('remove(gpu_fault, "recheck")', "");
    const folder = folderWith({ "race.spec.ts": bad });
    const failed = promote(folder, ".");
    expect(failed.out).toContain("race.spec.ts: not promoted");
    expect(failed.code).toBe(1);
    writeFileSync(join(folder, "race.spec.ts"), race);
    expect(promote(folder, ".", "--max-states", "30").code).toBe(3);
    expect(existsSync(join(folder, "expect.json"))).toBe(false);
  });
});
