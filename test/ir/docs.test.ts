import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DIAGNOSTICS, diagnosticsTable } from "../../model/ir/diagnostics.ts";
import { parseModel, stringifyModel } from "../../model/ir/json.ts";
import { goodModel } from "./fixtures/bad-models.ts";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const docs = read("../../docs/ir.md");
const example = JSON.parse(read("./fixtures/gpu-fault.ir.json"));

/** The value and everything inside it, as JSON texts. */
function parts(value: unknown): string[] {
  const inside = typeof value === "object" && value !== null ? Object.values(value) : [];
  return [JSON.stringify(value), ...inside.flatMap(parts)];
}

/** What the shape check accepts in that place, told by its answer to something else. */
function accepted(edit: (model: ReturnType<typeof JSON.parse>) => void): string[] {
  const model = JSON.parse(stringifyModel(goodModel()));
  edit(model);
  const [found] = parseModel(JSON.stringify(model)).diagnostics ?? [];
  return found?.fix.replace(/^the (kinds|fields) are: /, "").split(", ") ?? [];
}

describe("docs/ir.md", () => {
  it("has the table of diagnostics", () => {
    expect(docs.slice(docs.indexOf("| Code |"))).toBe(`${diagnosticsTable()}\n`);
    expect(Object.keys(DIAGNOSTICS)).toEqual(Object.keys(DIAGNOSTICS).sort());
  });

  it("shows pieces of the example", () => {
    const pieces = [...docs.matchAll(/```json\n(.*?)```/gs)].map((m) => JSON.parse(m[1] as string));
    const known = new Set(parts(example));
    expect(pieces.length).toBeGreaterThan(4);
    for (const piece of pieces) expect(known).toContain(JSON.stringify(piece));
  });

  it.each([
    ["expressions", (m: typeof example) => (m.always[0].expr = { kind: "?" })],
    ["statements", (m: typeof example) => (m.actors[0].steps[0].body = [{ kind: "?" }])],
    ["domains", (m: typeof example) => (m.shared[0].domain = { kind: "?" })],
    ["first values", (m: typeof example) => (m.shared[0].init = { kind: "?" })],
    ["fields of a model", (m: typeof example) => (m.extra = 1)],
    ["fields of an actor", (m: typeof example) => (m.actors[0].extra = 1)],
    ["fields of a step", (m: typeof example) => (m.actors[0].steps[0].extra = 1)],
    [
      "references",
      (m: typeof example) => (m.always[0].expr = { kind: "read", ref: { kind: "?" } }),
    ],
  ])("names all %s", (_, edit) => {
    const words = accepted(edit);
    expect(words.length).toBeGreaterThan(2);
    const code = [...docs.matchAll(/`([^`\n]+)`/g)].flatMap((m) => m[1]?.split(/[^A-Za-z]+/));
    expect(words.filter((word) => !code.includes(word))).toEqual([]);
  });
});
