/** What a machine takes away from a model, and what that does to it. */
import type { Spec } from "mmrace";
import { validate } from "mmrace/ir";
import { describe, expect, it } from "vitest";
import { check } from "../../checker/index.ts";
import { type Edit, MUTATIONS, mutationsOf } from "../../model/mutation/index.ts";
import hmmMirror from "../../specs/hmm-mirror/spec.ts";
import { counting } from "./counting.ts";

const model = counting().build({});
const edits = mutationsOf(model);

function effect(edit: Edit): string {
  const { verdict } = check(edit.model);
  return verdict.kind === "violated" ? verdict.violation.property : verdict.kind;
}

describe("mutations of a small model", () => {
  it("start from one that holds", () => {
    expect(check(model).verdict.kind).toBe("holds");
  });

  // A lost update leaves the one who waits for both waiting for ever.
  it("break what each piece of protection is there for", () => {
    const effects = Object.fromEntries(edits.map((e) => [e.id, effect(e)]));
    expect(effects).toEqual({
      "drop lock: update.lock": "deadlock",
      "take later: update.lock": "deadlock",
      "release earlier: update.unlock": "deadlock",
      "try, and go on: update.lock": "deadlock",
      "drop lock: writer.down.fast": "torn_read",
      "read for write: writer.down.fast": "torn_read",
      "take later: writer.down.fast": "torn_read",
      "release earlier: writer.up": "torn_read",
      "no reference: writer.get": "use_after_free",
      "drop lock: reader.down": "torn_read",
      "take later: reader.down": "holds",
      "release earlier: reader.up": "torn_read",
      "try, and go on: reader.down": "torn_read",
      "ignore check: reader.gone": "holds",
      "do not wait: reader.wait_value": "uses_all",
      "drop lock: monitor.down": "holds",
      "try, and go on: monitor.down": "holds",
      "do not wait: reader.wait_get": "use_after_free",
    });
  });

  it("are valid models, each with a name and a change of its own", () => {
    expect(edits.flatMap((e) => validate(e.model))).toEqual([]);
    expect(new Set(edits.map((e) => e.id)).size).toBe(edits.length);
    const models = edits.map((e) => JSON.stringify(e.model));
    expect(new Set([...models, JSON.stringify(model)]).size).toBe(edits.length + 1);
  });

  it("are the same every time", () => {
    expect(JSON.stringify(mutationsOf(counting().build({})))).toBe(JSON.stringify(edits));
  });
});

describe("mutations of kernel objects", () => {
  const mirror = mutationsOf((hmmMirror as Spec).build({}));
  const kinds = (actor: string, subject: string) =>
    mirror.filter((e) => e.actor === actor && e.subject === subject).map((e) => e.kind);

  it("are of every kind", () => {
    const made = new Set([...edits, ...mirror].map((e) => e.kind));
    expect(MUTATIONS.filter((kind) => !made.has(kind))).toEqual([]);
  });

  it("know a downgraded lock, a trylocked one and the notifier's sequence number", () => {
    expect(kinds("munmap", "mm.mmap_lock")).toContain("read for write");
    expect(kinds("compaction", "folio.lock")).toContain("drop lock");
    expect(kinds("munmap", "update")).toContain("set_seq outside");
  });

  it("find the retry that is checked without the driver's lock", () => {
    const later = mirror.find((e) => e.id === "take later: gpu_fault.take_lock");
    expect(later && effect(later)).toBe("no_stale_gpu_pte");
  });
});
