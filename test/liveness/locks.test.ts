/** Orders of locks, cycles, and the three answers to each. */
import { describe, expect, it } from "vitest";
import { lockReport } from "../../checker/index.ts";
import { build as b, type LockKind, type Model, replay, type Step } from "../../model/ir/index.ts";
import { abba } from "../support/progress-models.ts";

/** Takes the locks in this order, then gives them back; `try x` gives up when x is taken. */
function thread(name: string, locks: string[], kinds: Record<string, LockKind>) {
  const plain = (lock: string) => lock.replace("try ", "");
  const free = (lock: string) => b.eq(b.read(b.shared(plain(lock))), b.none(b.PROC));
  const take = (lock: string, i: number): Step => {
    const tries = lock !== plain(lock);
    const kind = { lock: kinds[plain(lock)] ?? ("mutex" as const) };
    const event = b.lock(tries ? "trylock" : "acquire", plain(lock), [], kind);
    const set = b.set(b.shared(plain(lock)), b.SELF);
    const back = locks.slice(0, i).map((l) => drop(l));
    const out = back.length > 0 ? back.flat() : [];
    if (!tries) return b.step(`take${i}`, `lock(${lock})`, event, b.wait(free(lock)), set);
    return b.step(
      `take${i}`,
      `trylock(${plain(lock)})`,
      b.when(free(lock), [event, set], [...out, b.goto("done")]),
    );
  };
  const drop = (lock: string) => [
    b.lock("release", plain(lock), [], { lock: kinds[plain(lock)] ?? "mutex" }),
    b.set(b.shared(plain(lock)), b.none(b.PROC)),
  ];
  const steps = [...locks.map(take), b.step("drop", "unlock all", ...locks.flatMap(drop))];
  return b.actor(name, steps);
}

function system(threads: string[][], kinds: Record<string, LockKind> = {}): Model {
  const names = [...new Set(threads.flat().map((l) => l.replace("try ", "")))];
  const shared = names.map((n) => b.variable(n, b.PROC));
  const actors = threads.map((locks, i) => thread(`t${i}`, locks, kinds));
  return b.model("locks", actors, { shared }, { always: { trivial: b.TRUE } });
}

function answers(model: Model) {
  const { model: searched, edges, cycles, other, complete } = lockReport(model);
  expect(complete).toBe(true);
  for (const { witness } of edges) {
    expect(witness).toBeDefined();
    if (witness) replay(searched, "", "", witness.moves, undefined, witness.start);
  }
  return {
    edges: edges.map((e) => `${e.outer} ${e.how} ${e.inner}`).sort(),
    cycles: cycles.map(({ edges: on, warns, blind, deadlock }) => ({
      on: on.map((e) => e.outer).sort(),
      warns,
      blind,
      deadlock: deadlock?.moves.length,
    })),
    other: other?.moves.length,
  };
}

describe("the order of locks", () => {
  it("without a cycle", () => {
    const report = answers(
      system([
        ["a", "b"],
        ["a", "b", "c"],
      ]),
    );
    expect(report).toEqual({
      edges: ["a acquire b", "a acquire c", "b acquire c"],
      cycles: [],
      other: undefined,
    });
  });

  it("a cycle that lockdep reports and that deadlocks", () => {
    const cycles = [{ on: ["a", "b"], warns: true, blind: [], deadlock: 2 }];
    expect(
      answers(
        system([
          ["a", "b"],
          ["b", "a"],
        ]),
      ),
    ).toMatchObject({ cycles, other: undefined });
    expect(answers(abba())).toMatchObject({ cycles, other: undefined });
  });

  it("a cycle that lockdep reports although an outer lock keeps it apart", () => {
    const cycles = [{ on: ["a", "b"], warns: true, blind: [], deadlock: undefined }];
    expect(
      answers(
        system([
          ["g", "a", "b"],
          ["g", "b", "a"],
        ]),
      ),
    ).toMatchObject({ cycles });
  });

  it("a folio lock: lockdep is silent, the deadlock is there", () => {
    const kinds = { folio: "folio_lock" as const };
    const cycles = [{ on: ["folio", "mmap"], warns: false, blind: ["folio"], deadlock: 2 }];
    const model = system(
      [
        ["mmap", "folio"],
        ["folio", "mmap"],
      ],
      kinds,
    );
    expect(answers(model)).toMatchObject({ cycles });
  });

  it("a trylock closes no cycle", () => {
    expect(
      answers(
        system([
          ["a", "b"],
          ["b", "try a"],
        ]),
      ),
    ).toEqual({
      edges: ["a acquire b", "b trylock a"],
      cycles: [],
      other: undefined,
    });
  });

  it("three locks, and a longer way round", () => {
    const cycles = [{ on: ["a", "b", "c"], warns: true, blind: [], deadlock: 3 }];
    expect(
      answers(
        system([
          ["a", "b"],
          ["b", "c"],
          ["c", "a"],
        ]),
      ),
    ).toMatchObject({ cycles });
  });

  it("a wait for something that nobody will do is on no cycle", () => {
    const lost = b.actor("lost", [
      b.step(
        "wait",
        "wait_for_completion()",
        b.lock("wait", "done", [], { lock: "wait" }),
        b.wait(b.FALSE),
      ),
    ]);
    const tick = { ...b.step("tick", "timer", b.goto("tick")), idle: true };
    const model = b.model("lost", [lost, b.actor("timer", [tick])]);
    expect(answers(model)).toMatchObject({ cycles: [], other: 0 });
  });
});
