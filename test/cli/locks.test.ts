/** `mmrace locks`, and what `check`, `replay` and `draw` make of a run that never ends. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderWith, run } from "./mmrace.ts";

const locks = `
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
  name: "abba",
  configs: { ci: {} },
  shared: k,
  actors: [thread("fault", k.a, k.b), thread("evict", k.b, k.a)],
});
`;

const starved = `
import { actor, bool, eventually, every, goto, retry, set, shared, spec, when } from "mmrace";
const k = shared({ busy: bool.init(true) });
const reader = actor("reader", {}, () => ({
  look: ["if (busy) goto look", when(k.busy, [retry(), goto("look")])],
}));
const owner = actor("owner", {}, () => ({
  toggle: ["busy = !busy", set(k.busy, k.busy.not()), goto("toggle")],
}));
export default spec({
  name: "starved",
  configs: { ci: {} },
  shared: k,
  actors: { reader, owner },
  CLAIM
});
`;

describe("mmrace locks", () => {
  it("gives three answers to a cycle, and the scenario", () => {
    const folder = folderWith({ "abba.spec.ts": locks });
    const { code, out, err } = run(folder, ["locks", "abba.spec.ts", "--dot", "locks.dot"]);
    expect({ code, err }).toEqual({ code: 1, err: "" });
    expect(out).toContain("circular locking dependency: a --> b --> a");
    expect(out).toContain("lockdep would warn:     yes");
    expect(out).toContain("deadlock is reachable:  yes, after 2 steps");
    expect(out).toContain("lockdep cannot see:     nothing of this");
    expect(out).toContain(" *** DEADLOCK ***");
    expect(readFileSync(join(folder, "locks.dot"), "utf8")).toContain("digraph locks");
  });

  it("says when not all was searched", () => {
    const folder = folderWith({ "abba.spec.ts": locks });
    const { code, out } = run(folder, ["locks", "abba.spec.ts", "--max-states", "2"]);
    expect(out).toContain("2 states, not all");
    expect(code).toBe(3);
  });
});

describe("a run that never ends", () => {
  const claim = 'liveness: { ends: eventually(every(reader, (r) => r.at("done"))) },';
  const checked = (text: string) => {
    const folder = folderWith({ "starved.spec.ts": starved.replace("CLAIM", text) });
    return { folder, ...run(folder, ["check", ".", "--no-typecheck", "--draw"]) };
  };

  it("is found by its claim, drawn, and taken again", () => {
    const { folder, code, out } = checked(claim);
    expect(code).toBe(1);
    expect(out).toContain("violated ends");
    expect(out).toContain("repeat for ever");
    const again = run(folder, ["replay", join("out", "starved.json")]);
    expect(again.code).toBe(0);
    expect(again.out).toContain("steps 1 to 3 repeat for ever");
  });

  it("is found by its retry mark alone", () => {
    const { code, out } = checked("always: { sane: k.busy.or(k.busy.not()) },");
    expect(code).toBe(1);
    expect(out).toContain("reader retries for ever; again and again: owner");
  });
});
