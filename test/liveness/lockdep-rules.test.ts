/** What lockdep is told beside the locks: subclasses, nesting, readers, contexts, and the boot. */
import { describe, expect, it } from "vitest";
import { lockReport } from "../../checker/index.ts";
import { build as b, type LockEvent, type Model, type Stmt } from "../../model/ir/index.ts";

type Use = Partial<LockEvent> & { op: LockEvent["op"]; class: string };

/** Events alone: nothing blocks, so that only lockdep has something to say. */
function event(use: Use): Stmt {
  return { kind: "lock", event: { mode: "exclusive", lock: "mutex", index: [], ...use } };
}

function told(...threads: Use[][]) {
  const actors = threads.map((uses, i) => {
    return b.actor(
      `t${i}`,
      uses.map((use, k) => b.step(`s${k}`, `step ${k}`, event(use))),
    );
  });
  const model: Model = b.model("events", actors, {}, { always: { trivial: b.TRUE } });
  const { edges, cycles } = lockReport(model);
  return {
    edges: edges.map((e) => `${e.outer} -> ${e.inner}`),
    warns: cycles.filter((c) => c.warns).map((c) => c.edges.map((e) => e.outer).join(" -> ")),
    atomic: edges.filter((e) => e.atomic).map((e) => `${e.outer} -> ${e.inner}`),
  };
}

const take = (name: string, more: Partial<LockEvent> = {}): Use => {
  return { op: "acquire", class: name, ...more };
};

describe("lockdep", () => {
  it("takes a second lock of a class for a recursion", () => {
    expect(told([take("inode"), take("inode")]).warns).toEqual(["inode"]);
  });

  it("knows subclasses as classes of their own", () => {
    const found = told([take("inode"), take("inode", { subclass: 1 })]);
    expect(found).toMatchObject({ edges: ["inode -> inode/1"], warns: [] });
    const both = told(
      [take("inode"), take("inode", { subclass: 1 })],
      [take("inode", { subclass: 1 }), take("inode")],
    );
    expect(both.warns).toEqual(["inode -> inode/1"]);
  });

  it("lets a nest_lock or an acquire context order locks of one class", () => {
    const ww = { lock: "ww_mutex", nest: true } as const;
    expect(told([take("resv", ww), take("resv", ww)]).warns).toEqual([]);
    // dma_resv_lock(obj, NULL) under another one
    expect(told([take("resv", ww), take("resv", { lock: "ww_mutex" })]).warns).toEqual(["resv"]);
    expect(told([take("vma"), take("vma", { nest: true })]).warns).toEqual([]);
    // It orders one class, not two.
    const abba = told([take("a"), take("b", { nest: true })], [take("b"), take("a")]);
    expect(abba.warns).toEqual(["a -> b"]);
  });

  it("warns of a semaphore that is read twice, because a writer may queue in between", () => {
    const read = { lock: "rwsem", mode: "shared" } as const;
    expect(told([take("sem", read), take("sem", read)]).warns).toEqual(["sem"]);
    const rcu = { lock: "rcu", mode: "shared" } as const;
    expect(told([take("rcu", rcu), take("rcu", rcu)]).warns).toEqual([]);
  });

  it("learns nothing from a trylock, but from what is taken under it", () => {
    const tried: Use = { op: "trylock", class: "b" };
    expect(told([take("a"), tried], [take("b"), take("a")]).warns).toEqual([]);
    expect(told([tried, take("a")], [take("a"), take("b")]).warns).toEqual(["b -> a"]);
  });

  it("knows the order of mmap_lock, reservation, reclaim and fences from boot", () => {
    const resv = take("bo.resv", { lock: "ww_mutex" });
    const mm = take("mm.mmap_lock", { lock: "rwsem", mode: "shared" });
    expect(told([resv, mm]).warns).toEqual(["bo.resv -> mm.mmap_lock"]);
    expect(told([mm, resv]).warns).toEqual([]);
    const signalling: Use = { op: "trylock", class: "dma_fence_map", lock: "lockdep_map" };
    const fence: Use = { op: "wait", class: "fence", lock: "dma_fence" };
    expect(told([signalling, resv], [resv, fence]).warns).toEqual(["dma_fence_map -> bo.resv"]);
    // Its own section is left for the occasion.
    expect(told([signalling, fence]).warns).toEqual([]);
  });

  it("lists what sleeps in atomic context", () => {
    const spin = take("lru_lock", { lock: "spinlock" });
    const folio: Use = { op: "wait", class: "folio", lock: "folio_lock" };
    expect(told([spin, folio]).atomic).toEqual(["lru_lock -> folio"]);
    expect(told([spin, take("mutex")]).atomic).toEqual(["lru_lock -> mutex"]);
    expect(told([spin, { op: "trylock", class: "mutex" }]).atomic).toEqual([]);
    expect(told([spin, take("ptl", { lock: "spinlock" })]).atomic).toEqual([]);
  });

  it("has no map for folio locks", () => {
    const folio = take("folio", { lock: "folio_lock" });
    expect(told([folio, take("a")], [take("a"), folio]).warns).toEqual([]);
  });
});
