/** Edits that add protection: which of them repair the model from which one was taken. */
import { validate } from "mmrace/ir";
import { describe, expect, it } from "vitest";
import { check } from "../../checker/index.ts";
import { type Edit, mutationsOf, repairsOf } from "../../model/mutation/index.ts";
import { counting } from "./counting.ts";

const model = counting().build({});
const broken = (id: string) => mutationsOf(model).find((e) => e.id === id) as Edit;

function repairs(id: string): string[] {
  return repairsOf(broken(id).model)
    .filter((edit) => {
      const { verdict, findings } = check(edit.model);
      return verdict.kind === "holds" && findings.every((f) => f.kind !== "never_reached");
    })
    .map((edit) => edit.id);
}

describe("repairs", () => {
  it.each([
    ["take later: update.lock", "take earlier: update.lock"],
    ["release earlier: update.unlock", "release later: update.unlock_early"],
    ["take later: writer.down.fast", "take earlier: writer.down.fast"],
    ["read for write: writer.down.fast", "write for read: writer.down.fast"],
    ["drop lock: reader.down", "guard: reader.look sem"],
  ])("undo %s", (mutation, repair) => {
    expect(repairs(mutation)).toContain(repair);
  });

  it("are valid models", () => {
    const all = mutationsOf(model).flatMap((m) => repairsOf(m.model));
    expect(all.length).toBeGreaterThan(50);
    expect(all.flatMap((e) => validate(e.model))).toEqual([]);
  });
});
