/** Whatever is wrong with the input: one message with its place, exit code 2, nothing written. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { check, folderWith, run } from "./mmrace.ts";
import { lineOf, race, walkers } from "./specs.ts";

/** The race with one part exchanged, and the place of a text in the result. */
function altered(part: string, by: string): string {
  if (!race.includes(part)) throw new Error(`no ${part}`);
  return race.replace(part, by);
}

interface Case {
  name: string;
  text: string;
  /** The message begins with `bad.spec.ts:LINE:COLUMN: error CODE: `, then this. */
  says: RegExp;
  line?: number;
  column?: number;
}

const MAP = 'set(k.gpu_pte.at(me.page), "mapped")';

const cases: Case[] = [
  {
    name: "a syntax error",
    text: "const a = 1;\nconst b = ;\n",
    says: /^Unexpected ";"$/m,
    line: 2,
    column: 11,
  },
  {
    name: "an import that does not exist",
    text: 'const a = 1;\nimport { b } from "./b.ts";\nconsole.log(a, b);\n',
    says: /^cannot find the import ".\/b.ts"$/m,
    line: 2,
    column: 19,
  },
  {
    name: "an import from a part of the language that does not exist",
    text: 'import { a } from "mmrace/kernle";\nconsole.log(a);\n',
    says: /^cannot find the import "mmrace\/kernle"$/m,
    line: 1,
    column: 19,
  },
  {
    name: "a spec that throws while loading",
    text: 'function f(): never {\n  throw new RangeError("no luck");\n}\nf();\n',
    says: /^the spec threw RangeError: no luck$/m,
    line: 2,
    column: 9,
  },
  {
    name: "a spec that throws something that is no error",
    text: 'throw "dice";\n',
    says: /^the spec threw dice$/m,
  },
  {
    name: "a spec that waits for ever while loading",
    text: "await new Promise(() => {});\nexport default 1;\n",
    says: /never comes$/m,
  },
  { name: "no default export", text: "export const a = 1;\n", says: /^it has no default export$/m },
  { name: "a foreign default export", text: "export default {};\n", says: /is not a spec$/m },
  { name: "an empty file", text: "", says: /^it has no default export$/m },
  {
    name: "an undefined label",
    text: altered('goto("done")', 'goto("dun")'),
    says: /^goto dun: no such label here$/m,
    line: lineOf(race, 'goto("done")'),
  },
  {
    name: "an out-of-range constant",
    text: altered(MAP, 'set(k.gpu_pte.at(me.page), "maped" as "mapped")'),
    says: /^maped is not one of none, mapped$/m,
    line: lineOf(race, MAP),
  },
  {
    name: "a step that blocks half-way",
    text: altered(MAP, `${MAP}, mutex_lock(k.driver_lock)`),
    says: /comes after the step has begun$/m,
    line: lineOf(race, MAP),
  },
  {
    name: "two labels with the same name",
    text: altered("drop_lock: [", "map: ["),
    says: /^two entries are named map, and the first would be lost$/m,
    line: lineOf(race, "drop_lock: ["),
    column: 3,
  },
  {
    name: "an out-of-range number",
    text: walkers.replace("set(me.at, 6)", "set(me.at, 7)"),
    says: /7/,
    line: lineOf(walkers, "set(me.at, 6)"),
  },
  {
    name: "zero properties",
    text: walkers.replace(/ {2}always: .*/, ""),
    says: /^walkers claims nothing$/m,
  },
];

describe("a spec that is wrong", () => {
  it.each(cases)("$name", ({ text, says, line, column }) => {
    const folder = folderWith({ "bad.spec.ts": text });
    const { code, out, err } = check(folder, "bad.spec.ts", "--draw");
    const [, place, message] =
      /^(bad\.spec\.ts(?::\d+:\d+)?): error(?: MR\d+)?: (.*)$/m.exec(err) ?? [];
    expect(message, err).toMatch(says);
    const wanted = line === undefined ? "" : `:${line}:${column ?? ""}`;
    expect(`${place}`).toMatch(new RegExp(`^bad\\.spec\\.ts${wanted}`));
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err.match(/: error/g), "one message").toHaveLength(1);
    expect(readdirSync(folder)).toEqual(["bad.spec.ts"]);
  });

  it("a type error, with its place and the compiler's number", () => {
    const text = altered("export default", 'const n: number = "1";\nvoid n;\nexport default');
    const { code, out, err } = run(folderWith({ "bad.spec.ts": text }), ["check", "bad.spec.ts"]);
    const place = `bad.spec.ts:${lineOf(text, "const n")}:7`;
    expect(err).toContain(`${place}: error TS2322: Type 'string' is not assignable`);
    expect(code).toBe(2);
    expect(out).toBe("");
  });

  it("a type error that makes the spec throw is reported as the type error", () => {
    const text = altered("choose(me.page)],\n  look", "5],\n  look");
    const { code, err } = run(folderWith({ "bad.spec.ts": text }), ["check", "bad.spec.ts"]);
    expect(err).toMatch(/^bad\.spec\.ts:\d+:\d+: error TS2322: /);
    expect(code).toBe(2);
  });

  it("a spec that ends the process does not pass for a success", () => {
    const folder = folderWith({ "bad.spec.ts": "process.exit(0);\nexport default 1;\n" });
    const { code, err } = check(folder, "bad.spec.ts");
    expect(err).toBe("mmrace: error: the spec ended the process\n");
    expect(code).toBe(2);
  });

  it("a mistake in a helper file is shown in the helper file", () => {
    const folder = folderWith({
      "bad.spec.ts": 'import { k } from "./lib/state.ts";\nexport default k;\n',
      "lib/state.ts": '\nexport const k = (() => { throw new Error("here"); })();\n',
    });
    const { code, err } = check(folder, "bad.spec.ts");
    expect(err).toMatch(/^lib\/state\.ts:2:\d+: error: the spec threw Error: here\n$/);
    expect(code).toBe(2);
  });

  it("two specs with one name", () => {
    const folder = folderWith({ "a.spec.ts": race, "b.spec.ts": race });
    const { code, err } = check(folder, ".");
    expect(err).toContain("b.spec.ts: error: the spec is called race, and so is a.spec.ts");
    expect(code).toBe(2);
  });
});

describe("a model file that is wrong", () => {
  it.each([
    ["no JSON", "{\n  a", /^x\.ir\.json:2:3: error MR001: /],
    ["something else", '{"format": "other"}', /^x\.ir\.json: error MR002: .*\n.*mmrace-ir/],
    ["empty", "", /^x\.ir\.json:1:1: error MR001: /],
  ])("%s", (_name, text, says) => {
    const { code, out, err } = check(folderWith({ "x.ir.json": text }), "x.ir.json");
    expect(err).toMatch(says);
    expect(code).toBe(2);
    expect(out).toBe("");
  });
});

describe("files and folders that are wrong", () => {
  it.each([
    [["check", "none.spec.ts"], /^none\.spec\.ts: error: no such file or folder$/m],
    [["check"], /^mmrace: error: there is no folder specs here$/m],
    [["check", "empty"], /^empty: error: no spec in this folder$/m],
    [["check", "notes.md"], /^notes\.md: error: not a spec/m],
    [["replay", "none.json"], /^none\.json: error: cannot read it: no such file/m],
    [["draw", "none.json"], /^none\.json: error: cannot read it: no such file/m],
    [["print", "none.spec.ts"], /^none\.spec\.ts: error: no such file/m],
  ])("mmrace %j", (args, says) => {
    const folder = folderWith({ "notes.md": "", "empty/notes.md": "" });
    const { code, out, err } = run(folder, args);
    expect(err).toMatch(says);
    expect(code).toBe(2);
    expect(out).toBe("");
  });

  it("an output folder that cannot be written, before the search starts", () => {
    const folder = folderWith({ "a.spec.ts": race, taken: "a file" });
    for (const out of ["taken", "taken/below", "/proc/none"]) {
      const ran = check(folder, "a.spec.ts", "--mutants", "--draw", "--out", out);
      expect(ran.err).toMatch(new RegExp(`^${out}: error: cannot write into it: `));
      expect(ran.code).toBe(2);
      expect(ran.out).toBe("");
    }
    expect(readdirSync(folder).sort()).toEqual(["a.spec.ts", "taken"]);
  });

  it("a spec that exists is not overwritten", () => {
    const folder = folderWith({ "race.spec.ts": "mine" });
    const { code, err } = run(folder, ["new", "race"]);
    expect(err).toContain("race.spec.ts exists already");
    expect(code).toBe(2);
    expect(existsSync(join(folder, "race.spec.ts"))).toBe(true);
  });
});

describe("a counterexample file that is wrong", () => {
  const good = (): { folder: string; file: string } => {
    const folder = folderWith({ "race.spec.ts": race });
    expect(check(folder, "race.spec.ts", "--mutants", "--draw").code).toBe(0);
    return { folder, file: "out/race.no_recheck_under_lock.json" };
  };

  it.each([
    ["empty", () => "", /^f\.json:1:1: error: the file is empty$/m],
    ["cut off", (t: string) => t.slice(0, -9), /^f\.json:\d+:\d+: error: this is not JSON/m],
    ["foreign", () => '{"a": 1}', /^f\.json: error: format: this is not a counterexample/m],
    ["newer", (t: string) => t.replace('"version": 1', '"version": 9'), /newer mmrace wrote it/],
    ["without steps", (t: string) => t.replace('"steps"', '"stops"'), /error: steps: an array/],
    [
      "with a step that is not possible",
      (t: string) => t.replace('"label":"free"', '"label":"clear"'),
      /its own spec: step 10: munmap is at free, not at clear$/m,
    ],
    [
      "with another violation",
      (t: string) => t.replace('"property": "no_stale_gpu_pte"', '"property": "other"'),
      /should violate other, but it violates no_stale_gpu_pte$/m,
    ],
    [
      "with a variant that does not exist",
      (t: string) => t.replace('"variant": "no_recheck', '"variant": "recheck'),
      /has no variant "recheck_under_lock"$/m,
    ],
    ["without its spec", (t: string) => t.replace("race.spec.ts", "gone.spec.ts"), /not there$/m],
  ])("%s", (_name, alter, says) => {
    const { folder, file } = good();
    const text = readFileSync(join(folder, file), "utf8");
    writeFileSync(join(folder, "f.json"), alter(text.replace("../race", "race")));
    for (const command of [["replay"], ["draw", "-o", "f.svg"]]) {
      const ran = run(folder, [...command, "f.json"]);
      expect(ran.err).toMatch(says);
      expect(ran.code).toBe(2);
      expect(ran.out).toBe("");
    }
    expect(existsSync(join(folder, "f.svg"))).toBe(false);
  });
});

describe("a command line that is wrong", () => {
  it.each([
    [["chekc"], /unknown command chekc\n {2}fix: did you mean check\?/],
    [["zzz"], /unknown command zzz\n {2}fix: see mmrace --help/],
    [["--json"], /unknown option --json/],
    [["check", "--mutant"], /unknown option --mutant\n {2}fix: did you mean --mutants\?/],
    [["check", "--qqq"], /unknown option --qqq\n {2}fix: see mmrace check --help/],
    [["check", "-x"], /unknown option -x/],
    [["check", "--config"], /--config needs a value/],
    [["check", "--config", "--json"], /--config needs a value/],
    [["check", "--json=yes"], /--json takes no value/],
    [["check", "--json", "--json"], /--json is given twice/],
    [["check", "--tier", "cli"], /--tier cli: no such choice\n {2}fix: did you mean ci\?/],
    [["check", "--max-states", "lots"], /--max-states lots: not an amount above zero/],
    [["check", "--max-memory", "-5"], /--max-memory/],
    [["check", "--time-limit", "0s"], /--time-limit 0s: not an amount above zero/],
    [["check", "--out", "x"], /--out without --draw/],
    [["check", "--mutants", "--variant", "x"], /exclude each other/],
    [["check", "--config", "x", "--tier", "ci"], /exclude each other/],
    [["replay"], /replay: an argument is missing/],
    [["replay", "a", "b"], /^a: error: [\s\S]*^b: error: /m],
    [["draw", "a.json", "-o", "a.png"], /a\.png: cannot draw that/],
    [["new", "Bad Name"], /"Bad Name" cannot name a spec/],
    [["new", "../x"], /cannot name a spec/],
    [["status", "--check"], /--check without --write/],
  ])("mmrace %j", (args, says) => {
    const { code, out, err } = run(folderWith(), args);
    expect(err).toMatch(says);
    expect(code).toBe(2);
    expect(out).toBe("");
  });

  it.each([
    [["--config", "cl"], /no configuration is called cl\n {2}fix: did you mean ci\?/],
    [["--variant", "no_recheck"], /variant is called no_recheck\n.*mean no_recheck_under_lock\?/],
  ])("mmrace check %j", (args, says) => {
    const { code, err } = check(folderWith({ "a.spec.ts": race }), "a.spec.ts", ...args);
    expect(err).toMatch(says);
    expect(code).toBe(2);
  });

  it("without a command: the help, on standard error", () => {
    const { code, out, err } = run(folderWith(), []);
    expect(err).toContain("usage: mmrace COMMAND");
    expect(code).toBe(2);
    expect(out).toBe("");
  });
});
