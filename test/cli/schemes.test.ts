/** `status --schemes`: verdicts come from expect.json alone, and every mistake has a place. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { problemsText, UserError } from "../../cli/errors.ts";
import { stringifyExpectations } from "../../cli/expect/format.ts";
import { type Cell, COLUMNS, SCHEMES } from "../../cli/schemes/format.ts";
import { schemeRows } from "../../cli/schemes/table.ts";
import { schemesText } from "../../cli/schemes/text.ts";
import { folderWith, run } from "./mmrace.ts";

const counts = { transitions: 9, depth: 3, model: "0" };
const expectations = stringifyExpectations({
  mirror: {
    file: "spec.ts",
    properties: { no_stale_pte: "always 1", it_maps: "reachable 2", it_ends: "liveness 3" },
    configs: {
      ci: {
        sizes: { pages: 2, forks: 0 },
        runs: {
          "-": { verdict: "holds", states: 1234, ...counts },
          two_notifiers: { verdict: "violated no_stale_pte", states: 56, ...counts },
          not_searched: { verdict: "incomplete", states: 7, ...counts },
          own_claim: { verdict: "violated page_is_gone", states: 8, ...counts },
          starves: { verdict: "violated starvation", states: 90, ...counts },
          goes_on: { verdict: "violated it_ends", states: 91, ...counts },
        },
        lock_order: {
          "-": { model: "0", states: 1200, orders: { a: "b, c (wait)" }, cycles: {} },
          two_notifiers: {
            model: "0",
            states: 99,
            orders: { a: "b", b: "a" },
            cycles: { "a -> b -> a": "lockdep warns, deadlock" },
          },
          own_claim: { model: "1", states: 2, orders: {}, cycles: {} },
        },
      },
    },
  },
});

const piece = { spec: "mirror", config: "ci", variant: "-", property: "no_stale_pte" };
const holds: Cell = { predicted: "holds", evidence: [piece] };
const broken = { ...piece, variant: "two_notifiers" };

/** One row for each scheme; in the first, one cell is this one. */
function sheet(cell: Cell, column = "P1", more: object = {}): string {
  const cells = Object.fromEntries(COLUMNS.map((name) => [name, holds]));
  const rows = SCHEMES.map((scheme) => [`${scheme} a row`, { scheme, cells }]);
  const first = { scheme: "S01", cells: { ...cells, [column]: cell } };
  return JSON.stringify({ rows: { ...Object.fromEntries(rows), "S01 a row": first, ...more } });
}

function folderOf(schemes: string): string {
  const files = { "specs/mirror/expect.json": expectations, "specs/mirror/schemes.json": schemes };
  const page = "<!-- schemes:begin -->\n<!-- schemes:end -->\n";
  return folderWith({ ...files, "docs/schemes.md": page });
}

function status(schemes: string, ...args: string[]) {
  const folder = folderOf(schemes);
  return { folder, ...run(folder, ["status", "--schemes", ...args]) };
}

/** As the command says it, without the process. */
function textOf(schemes: string): string {
  const folder = folderOf(schemes);
  const rows = schemeRows([join(folder, "specs/mirror")]);
  const page = { file: join(folder, "README.md"), gallery: join(folder, "g"), exists: () => false };
  return schemesText(rows, page);
}

/** What the command complains about, with paths that start in its folder. */
function complaint(schemes: string): string {
  const folder = folderOf(schemes);
  try {
    schemeRows([join(folder, "specs/mirror")]);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return problemsText(error, (word) => word).replaceAll(`${folder}/`, "");
  }
  return "";
}

/** The line of P1 in the section of the first row. */
function shown(cell: Cell): string {
  const lines = textOf(sheet(cell)).split("\n");
  return lines.find((line) => line.startsWith("| P1, P12 |")) as string;
}

describe("a cell", () => {
  const link = "[mirror](specs/mirror/spec.ts), ci";

  it("holds with the states and sizes that were searched", () => {
    expect(shown(holds)).toBe(
      `| P1, P12 | ✓ holds | ✓ | ${link}: \`no_stale_pte\` holds: 1,234 states (pages 2) |`,
    );
  });

  it("is violated by a variant, and says why that was not predicted", () => {
    const differs = "a second notifier was not thought of: NOTES.md#two";
    const line = shown({ predicted: "holds", evidence: [broken], differs });
    expect(line).toContain("| ✗ violated | ✓ |");
    expect(line).toContain(`${link}, \`two_notifiers\`: \`no_stale_pte\` violated; a second`);
    expect(line).toContain("[NOTES.md](specs/mirror/NOTES.md#two)");
  });

  it("holds under an assumption, with or without the case that breaks it", () => {
    const under = "one notifier";
    const both = [{ ...piece, under }, broken];
    const says = "| ~ holds only under: one notifier | ~ |";
    expect(shown({ predicted: "conditional", evidence: both })).toContain(says);
    expect(shown({ predicted: "conditional", evidence: [{ ...piece, under }] })).toContain(says);
  });

  it("says of whom the evidence is", () => {
    const line = shown({ ...holds, note: "the evidence is that of S18: NOTES.md" });
    expect(line).toMatch(/states \(pages 2\); the evidence is that of S18: \[NOTES.md\]/);
  });

  it("may be about deadlock, or about a claim that only the variant makes", () => {
    const deadlock = { ...piece, property: "deadlock" };
    expect(shown({ predicted: "none", evidence: [deadlock] })).toContain("`deadlock` holds");
    const own = { ...piece, variant: "own_claim", property: "page_is_gone" };
    expect(shown({ predicted: "violated", evidence: [own] })).toContain("| ✗ violated | ✗ |");
  });

  it("holds where what is violated is only asked about afterwards", () => {
    const of = (variant: string, property: string): Cell => {
      return { predicted: "none", evidence: [{ ...piece, variant, property }] };
    };
    expect(shown(of("starves", "no_stale_pte"))).toContain("`no_stale_pte` holds: 90 states");
    expect(shown(of("starves", "deadlock"))).toContain("`deadlock` holds");
    expect(shown(of("starves", "it_ends"))).toContain("`it_ends` holds");
    expect(shown(of("goes_on", "no_stale_pte"))).toContain("`no_stale_pte` holds: 91 states");
    for (const property of ["deadlock", "starvation"]) {
      const said = `came to "violated it_ends", which says nothing about ${property}`;
      expect(complaint(sheet(of("goes_on", property)))).toContain(said);
    }
  });

  it("may be about the order of locks", () => {
    const property = "lock order";
    const acyclic = shown({ predicted: "none", evidence: [{ ...piece, property }] });
    expect(acyclic).toContain(
      "`lock order` holds: 1,200 states (pages 2), orders 2, lock classes 3 |",
    );
    const circle = shown({ predicted: "none", evidence: [{ ...broken, property }] });
    expect(circle).toContain("| ✗ violated |");
    expect(circle).toContain(
      "`lock order` violated, orders 2, lock classes 2, `a -> b -> a` (lockdep",
    );
  });

  it("may have no answer, with the reason", () => {
    expect(shown({ predicted: "na", na: "no VRAM" })).toBe(
      "| P1, P12 | – not applicable | – | no VRAM |",
    );
    expect(shown({ predicted: "holds", open: "no spec" })).toBe(
      "| P1, P12 | ? open | ✓ | no spec |",
    );
  });
});

describe("the table", () => {
  it("is written in full and in brief, and checked", () => {
    const { folder, code } = status(sheet(holds), "--write", "docs/schemes.md");
    const check = ["status", "--schemes", "--write", "docs/schemes.md", "--check"];
    expect([code, run(folder, check).code]).toEqual([0, 0]);
    const text = readFileSync(join(folder, "docs/schemes.md"), "utf8");
    expect(text).toContain("| [S29 a row](#s29-a-row) | ✓ | ✓ |");
    expect(text).toContain("\n### S29 a row\n");
    expect(text).toContain("[mirror](../specs/mirror/spec.ts)");
    const brief = run(folder, ["status", "--schemes", "--brief"]).out;
    expect(brief).toContain("| [S01 a row](docs/schemes.md#s01-a-row) | ✓ |");
    expect(brief).toContain("29 rows: 377 claims hold, 0 are violated,");
    expect(run(folder, [...check, "--brief"])).toMatchObject({
      code: 1,
      err: "docs/schemes.md: the schemes tables are not up to date\n",
    });
  });

  it("has a sign for a verdict that was not predicted", () => {
    const text = textOf(sheet({ predicted: "holds", evidence: [broken], differs: "why" }));
    expect(text).toContain("| [S01 a row](#s01-a-row) | ✗ (✓) | ✓ |");
    expect(text).toContain("not the predicted ones: 1.");
  });
});

describe("a mistake in schemes.json", () => {
  const place = "specs/mirror/schemes.json: error: S01 a row";
  const evidence = (change: object): Cell => ({ ...holds, evidence: [{ ...piece, ...change }] });
  const mistakes: [string, Cell, string][] = [
    ["an unknown spec", evidence({ spec: "miror" }), 'no spec "miror" was promoted'],
    ["an unknown configuration", evidence({ config: "deep" }), 'no configuration "deep"'],
    [
      "an unknown variant",
      evidence({ variant: "gone" }),
      'no variant "gone" was promoted in mirror',
    ],
    ["a claim that the spec does not make", evidence({ property: "safe" }), 'no claim "safe"'],
    ["a fact in place of a claim", evidence({ property: "it_maps" }), "is something to reach"],
    [
      "a search that was not complete",
      evidence({ variant: "not_searched" }),
      'mirror, ci, not_searched came to "incomplete"',
    ],
    [
      "another claim than the violated one",
      evidence({ variant: "two_notifiers", property: "deadlock" }),
      'came to "violated no_stale_pte", which says nothing about deadlock',
    ],
    [
      "a lock order that nobody promoted",
      evidence({ variant: "not_searched", property: "lock order" }),
      "no lock order of mirror, ci, not_searched was promoted",
    ],
    [
      "a lock order of another model",
      evidence({ variant: "own_claim", property: "lock order" }),
      "the lock order of mirror, ci, own_claim was promoted of another model",
    ],
    ["an unknown prediction", { ...holds, predicted: "yes" as "holds" }, 'predicted is "yes"'],
    ["two answers in one", { ...holds, na: "why" }, "it needs one of evidence, na and open"],
    ["no answer", { predicted: "holds" }, "it needs one of evidence, na and open"],
    ["an answer without text", { predicted: "holds", open: "" }, "it is empty"],
    ["no evidence in the evidence", { predicted: "holds", evidence: [] }, "it is empty"],
    [
      "an assumption without a name",
      { predicted: "conditional", evidence: [piece, broken] },
      "some pieces hold and some do not, and none says under what",
    ],
    [
      "a difference that is not explained",
      { predicted: "violated", evidence: [piece] },
      "the verdict is holds, predicted was violated",
    ],
    [
      "an explanation of no difference",
      { ...holds, differs: "why" },
      "the verdict is holds, predicted was holds",
    ],
  ];

  it.each(mistakes)("is told with its row and cell: %s", (_, cell, says) => {
    const told = complaint(sheet(cell));
    expect(told).toContain(`${place}, P1: `);
    expect(told).toContain(says);
  });

  it("is told: an empty cell, an unknown column, an unknown scheme, a scheme without a row", () => {
    const rows = { "S01 a row": { scheme: "S01", cells: { P13: holds } } };
    const { code, err } = status(
      JSON.stringify({ rows: { ...rows, "S30 a row": { scheme: "S30", cells: {} } } }),
    );
    expect(code).toBe(2);
    expect(err).toContain(`${place}, P13: there is no such column\n  fix: did you mean P1`);
    expect(err).toContain(`${place}, P5g: the cell is empty`);
    expect(err).toContain("S30 a row: no scheme is called S30");
    expect(err).toContain("S12 has no row");
  });

  it("is told: a row of the same name in another folder", () => {
    const text = sheet(holds);
    const other = folderWith({ "specs/a/schemes.json": text, "specs/b/schemes.json": text });
    const { err } = run(other, ["status", "specs/a", "specs/b", "--schemes"]);
    expect(err).toContain("specs/b/schemes.json: error: S02 a row: specs/a has a row of this name");
  });

  it("is told: no JSON, another form, options that do not go together", () => {
    expect(complaint("{")).toContain("specs/mirror/schemes.json:1:2: error: not JSON");
    const odd = '{ "rows": { "S01": { "scheme": 1 } } }';
    expect(complaint(odd)).toContain("schemes.json: error: rows.S01.scheme is not as it should be");
    expect(status(sheet(holds), "--races").err).toContain("--races goes with neither");
  });
});
