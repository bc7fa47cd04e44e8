/** Results are kept by content: the same question is answered once, another one is asked. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { check as search } from "../../checker/index.ts";
import { openCache } from "../../cli/cache.ts";
import { loadSpec } from "../../cli/loader/load.ts";
import { folderWith, run } from "./mmrace.ts";
import { race, walkers } from "./specs.ts";

async function modelIn(folder: string) {
  return (await loadSpec(join(folder, "race.spec.ts"))).build("ci", "no_recheck_under_lock");
}

async function filled() {
  const folder = folderWith({ "race.spec.ts": race });
  const notes: string[] = [];
  const cache = () => openCache((text) => notes.push(text), join(folder, "kept"));
  const model = await modelIn(folder);
  const result = search(model);
  cache().put(model, {}, result);
  const files = () => readdirSync(join(folder, "kept")).map((f) => join(folder, "kept", f));
  return { folder, notes, cache, model, result, files };
}

describe("a result", () => {
  it("comes back as it was, counterexample included", async () => {
    const { cache, model, result } = await filled();
    expect(cache().get(model, {})).toEqual(JSON.parse(JSON.stringify(result)));
  });

  it("is of this model, with its places, and of these options", async () => {
    const { cache, model, folder } = await filled();
    writeFileSync(join(folder, "race.spec.ts"), `\n${race}`);
    expect(cache().get(await modelIn(folder), {})).toBeUndefined();
    expect(cache().get(model, { symmetry: true })).toBeUndefined();
    expect(cache().get(model, { deadReset: false })).toBeUndefined();
    expect(cache().get(model, { workers: 2 })).toBeDefined();
  });

  it("does not reach further than the limits", async () => {
    const { cache, model, result } = await filled();
    expect(cache().get(model, { maxStates: result.states })).toBeDefined();
    expect(cache().get(model, { maxStates: result.states - 1 })).toBeUndefined();
    expect(cache().get(model, { maxMemory: 1 })).toBeUndefined();
  });

  it("is not kept when it is none", async () => {
    const { cache, model, result, files } = await filled();
    const verdict = { kind: "incomplete", limit: "time" } as const;
    cache().put(model, { liveness: false }, { ...result, verdict });
    expect(files()).toHaveLength(1);
  });

  it.each([
    ["cut off", (text: string) => text.slice(0, text.length / 2)],
    ["altered", (text: string) => text.replace('"states":', '"states":1')],
    ["empty", () => ""],
  ])("that is %s is said, and searched again", async (_, damage) => {
    const { cache, model, notes, files } = await filled();
    const [file] = files() as [string];
    writeFileSync(file, damage(readFileSync(file, "utf8")));
    expect(cache().get(model, {})).toBeUndefined();
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain("damaged");
    expect(files()).toEqual([]);
  });

  it("that cannot be kept is no reason to stop, and is said once", async () => {
    const { model, result, notes } = await filled();
    const cache = openCache((text) => notes.push(text), "/proc/none");
    cache.put(model, {}, result);
    cache.put(model, {}, result);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain("not cached");
  });
});

it("a row says that its verdict is an old one; --no-cache searches", () => {
  const folder = folderWith({ "walkers.spec.ts": walkers, "empty/none": "" });
  const env = { XDG_CACHE_HOME: join(folder, "kept") };
  const row = (...args: string[]) =>
    run(folder, ["check", "walkers.spec.ts", "--no-typecheck", ...args], env).out.split("\n")[1];
  expect(row()).toMatch(/holds, not promoted$/);
  expect(existsSync(join(folder, "kept", "mmrace", "results"))).toBe(true);
  expect(row()).toMatch(/holds, not promoted \(cached\)$/);
  expect(row("--no-cache")).toMatch(/holds, not promoted$/);
});

it("several searches at a time: the same rows in the same order", () => {
  const named = (name: string) => race.replace('"race"', `"${name}"`);
  const files = ["e", "d", "c", "b", "a"].map((n) => [`${n}.spec.ts`, named(n)]);
  const folder = folderWith({ ...Object.fromEntries(files), "walkers.spec.ts": walkers });
  const rows = (jobs: string) => {
    const args = [".", "--mutants", "--no-typecheck", "--no-cache", "--jobs", jobs];
    const { code, out } = run(folder, ["check", ...args]);
    return { code, out: out.replace(/\d+\.\d\d/g, "") };
  };
  expect(rows("3")).toEqual(rows("1"));
  expect(rows("0").code).toBe(2);
});
