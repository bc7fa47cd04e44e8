/** Where a migration fails, and who puts back what. */
import {
  actor,
  all,
  array,
  bool,
  choose,
  type Expr,
  each,
  exists,
  forall,
  goto,
  idle,
  none,
  routine,
  set,
  shared,
  some,
  when,
} from "mmrace";
import {
  alloc_locked_page,
  device_mmu,
  do_anonymous_page,
  Frame,
  type FrameOf,
  folio,
  folio_add_lru,
  folio_get,
  folio_isolate_lru,
  folio_put,
  folio_putback_lru,
  folio_unlock,
  init_locked,
  lru_drain_folio,
  lruvec,
  madvise_dontneed,
  migrate_device_finalize,
  migrate_device_pages,
  migrate_device_range,
  migrate_device_unmap,
  migrate_vma_collect,
  migrate_vma_insert_page,
  migration_entry_is_locked,
  mm_struct,
  no_free_while_mapped,
  no_leaked_reference,
  no_lost_page,
  Page,
  prep_new_page,
  set_pte,
  zap_device_pte,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { run } from "./run.ts";

const k = shared({
  mm: mm_struct(3, { unstable: true }),
  folio: array(Frame, folio()),
  gpu: device_mmu(),
  lru: lruvec(),
});
const { mm, lru } = k;
const always = {
  no_free_while_mapped: no_free_while_mapped(mm, k.folio),
  no_lost_page: no_lost_page(mm, k.folio),
  migration_entry_is_locked: migration_entry_is_locked(mm, k.folio),
};
const at_rest = { no_leaked_reference: no_leaked_reference(mm, k.folio) };
const sizes = { pages: 1, sys_frames: 1, vram_frames: 1, versions: 0 };

const invalidate = (page: Parameters<typeof zap_device_pte>[1]) =>
  routine("invalidate", {}, () => ({
    zap: ["the driver's callback", zap_device_pte(k.gpu, page)],
  }));

/** A page is mapped; a system page is on the LRU, or still in a batch. */
const setup = (where: "sys" | "vram", place: "lru" | "batch" = "lru") =>
  actor("setup", { page: Page, frame: Frame }, (me) => ({
    map: [
      "a page is mapped",
      choose(me.page),
      choose(me.frame, me.frame.is(where)),
      prep_new_page(k.folio.at(me.frame)),
      set_pte(mm.pte.at(me.page), where === "sys" ? "present" : "device_private", me.frame),
      ...(where === "sys" ? [folio_add_lru(lru, k.folio, me.frame)] : []),
      ...(place === "lru" ? [lru_drain_folio(lru, k.folio, me.frame)] : []),
    ],
  }));

const is_free = (f: Expr<FrameOf>) => f.is("vram").and(k.folio.at(f).ref.count.eq(0));
const locals = { page: Page, src: Frame, dst: Frame, migrate: bool };
/** A system page moves to the device; the batches are drained in the end. */
const to_vram = actor("to_vram", locals, (me) => ({
  call: ["migrate a page to VRAM", idle(), choose(me.page, mm.pte.at(me.page).frame.ne(none))],
  collect: migrate_vma_collect(mm, k.folio, me, "present", invalidate(me.page)),
  collected: ["if (!cpages) goto out", when(me.src.eq(none), [goto("drain")])],
  unmap: migrate_device_unmap(mm, k.folio, me, { lru }),
  unmapped: ["if (!cpages) goto out", when(me.src.eq(none), [goto("drain")])],
  alloc: [
    "dst = the driver's page, or none",
    choose(me.dst, is_free(me.dst).or(exists(Frame, is_free).not())),
    when(is_free(me.dst), [init_locked(k.folio.at(me.dst))]).otherwise([set(me.dst, none)]),
  ],
  copy: ["copy", when(me.dst.ne(none), [set(k.folio.at(me.dst).data, k.folio.at(me.src).data)])],
  pages: migrate_device_pages(k.folio, me, me.migrate),
  finalize: migrate_device_finalize(mm, k.folio, me, me.migrate, { lru }),
  drain: ["lru_add_drain()", each(Frame, (f) => [lru_drain_folio(lru, k.folio, f)])],
}));

/** Labels that have no part in a test, which a complete search reports. */
const never_fired = (...labels: string[]) => labels.map((l) => `label_never_fired ${l}`);
const never_restored = (at: string) =>
  never_fired(...["restore", "restore_unlock", "restore_put"].map((l) => `${at}.${l}`));

const is = (kind: "none" | "present" | "device_private") =>
  forall(Page, (p) => mm.pte.at(p).kind.eq(kind));
const place_is = (place: "off" | "batch" | "lru") =>
  exists(Frame, (f) => all(f.is("sys"), lru.place.at(f).eq(place)));

describe("the matrix of migrate_vma_*: where it fails, and what is restored", () => {
  // setup, call; start, callback, collect, end; two looks at cpages; drain, isolate, check; alloc,
  // copy, pages; hole, drop_dst, remove_ptes, two unlocks and two puts; drain; and the end.
  it("nowhere: the page moves", () => {
    const outcome = run({
      shared: k,
      sizes,
      actors: [setup("sys"), to_vram],
      always,
      at_rest: { ...at_rest, moved: is("device_private"), off: place_is("off") },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 23 });
  });

  it("in a batch: drained, then moved", () => {
    const outcome = run({
      shared: k,
      sizes,
      actors: [setup("sys", "batch"), to_vram],
      always,
      at_rest: { ...at_rest, moved: is("device_private") },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 23 });
  });

  it("LRU isolation: unmap restores the page, which is on the LRU again", () => {
    // Reclaim has isolated it, and gives it back.
    const reclaim = actor("reclaim", { frame: Frame, got: bool }, (me) => ({
      isolate: [
        "folio_isolate_lru()",
        idle(),
        choose(me.frame, all(me.frame.is("sys"), k.folio.at(me.frame).ref.count.gt(0))),
        folio_isolate_lru(lru, k.folio, me.frame, [], [goto("done")]),
      ],
      putback: ["folio_putback_lru()", folio_putback_lru(lru, k.folio, me.frame)],
      drain: ["lru_add_drain()", lru_drain_folio(lru, k.folio, me.frame)],
    }));
    const outcome = run({
      shared: k,
      sizes,
      actors: [setup("sys"), reclaim, to_vram],
      always,
      at_rest: { ...at_rest, somewhere: is("present").or(is("device_private")) },
      reachable: {
        not_isolated: all(
          some(to_vram, (m) => m.at("unmap.restore")),
          some(reclaim, (r) => r.at("putback")),
        ),
        moved: is("device_private"),
      },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 95, findings: [] });
  });

  it("an extra reference: unmap restores it, or finalize, when it came later", () => {
    const pin = actor("pin", { frame: Frame }, (me) => ({
      get: [
        "folio_try_get()",
        idle(),
        choose(me.frame, all(me.frame.is("sys"), k.folio.at(me.frame).ref.count.gt(0))),
        folio_get(k.folio.at(me.frame)),
      ],
      put: ["folio_put()", folio_put(k.folio.at(me.frame))],
    }));
    const outcome = run({
      shared: k,
      sizes,
      actors: [setup("sys"), pin, to_vram],
      always,
      at_rest: { ...at_rest, somewhere: is("present").or(is("device_private")) },
      reachable: {
        by_unmap: some(to_vram, (m) => m.at("unmap.restore")),
        by_finalize: some(to_vram, (m) =>
          m.at("finalize.drop_dst").and(m.local.migrate.not(), m.local.dst.ne(none)),
        ),
        moved: is("device_private"),
      },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 93, findings: [] });
  });

  it("no page from the driver: finalize restores", () => {
    const outcome = run({
      shared: k,
      sizes: { ...sizes, vram_frames: 0 },
      actors: [setup("sys"), to_vram],
      always,
      at_rest: { ...at_rest, stays: is("present"), on_lru: place_is("lru") },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 21 });
  });

  it("zapped meanwhile: nothing is restored, nothing leaks", () => {
    const dontneed = actor("dontneed", { page: Page }, (me) => ({
      call: ["madvise()", choose(me.page)],
      zap: madvise_dontneed(mm, k.folio, me.page, invalidate(me.page)),
    }));
    const outcome = run({
      shared: k,
      sizes,
      actors: [setup("sys"), dontneed, to_vram],
      always,
      at_rest,
      reachable: { entry_gone: some(to_vram, (m) => m.at("finalize.unlock_src").and(is("none"))) },
    });
    expect(outcome).toMatchObject({
      verdict: "holds",
      states: 293,
      findings: never_restored("to_vram.unmap"),
    });
  });

  it.each(["lru", "off"] as const)("misuse: isolating a free folio, %s the list", (place) => {
    const bad = actor("bad", { frame: Frame }, (me) => ({
      list: ["still on the list, or not", choose(me.frame), set(lru.place.at(me.frame), place)],
      isolate: ["folio_isolate_lru()", folio_isolate_lru<never>(lru, k.folio, me.frame, [], [])],
    }));
    expect(run({ shared: k, sizes, actors: [bad] }).verdict).toBe("use_after_free");
  });

  it("a folio that only its batch refers to is freed, and not on the list", () => {
    const put = (f: Expr<FrameOf>) => folio_put(k.folio.at(f));
    const short_lived = actor("short_lived", { frame: Frame }, (me) => ({
      alloc: ["alloc_page()", alloc_locked_page(k.folio, me.frame)],
      add: ["folio_add_lru()", folio_add_lru(lru, k.folio, me.frame)],
      put: ["folio_unlock(); folio_put()", folio_unlock(k.folio.at(me.frame).lock), put(me.frame)],
      drain: ["lru_add_drain()", lru_drain_folio(lru, k.folio, me.frame)],
    }));
    const outcome = run({
      shared: k,
      sizes,
      actors: [short_lived],
      at_rest: { off: place_is("lru").not() },
    });
    expect(outcome.verdict).toBe("holds");
  });
});

describe("holes", () => {
  const hole = actor("hole", locals, (me) => ({
    alloc: [
      "dst = the driver's page",
      choose(me.page),
      choose(me.dst, is_free(me.dst)),
      init_locked(k.folio.at(me.dst)),
    ],
    pages: migrate_vma_insert_page(mm, k.folio, me, me.migrate, invalidate(me.page), lru),
    finalize: migrate_device_finalize(mm, k.folio, me, me.migrate, { lru }),
  }));

  const with_source = ["drop_dst", "remove_ptes", "unlock_src", "put_src"];
  const no_source = never_fired(...with_source.map((l) => `hole.finalize.${l}`));

  it("a device page is inserted, or is dropped because a CPU was faster", () => {
    const cpu = actor("cpu", { page: Page, frame: Frame }, (me) => ({
      fault: [
        "do_anonymous_page()",
        choose(me.page),
        do_anonymous_page(mm, k.folio, me.page, me.frame),
      ],
    }));
    const outcome = run({
      shared: k,
      sizes,
      actors: [cpu, hole],
      always,
      at_rest,
      reachable: {
        inserted: is("device_private"),
        dropped: some(hole, (h) => h.at("done")).and(is("present")),
      },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 25, findings: no_source });
  });

  it("nothing is inserted after the OOM reaper", () => {
    const reaper = actor("reaper", {}, () => ({
      mark: ["MMF_UNSTABLE", ...(mm.unstable ? [set(mm.unstable, true)] : [])],
    }));
    const outcome = run({
      shared: k,
      sizes,
      actors: [reaper, hole],
      always,
      at_rest,
      reachable: { refused: is("none").and(some(hole, (h) => h.at("done"))) },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 25, findings: no_source });
  });
});

describe("migrate_device_range()", () => {
  const evict = actor("evict", locals, (me) => ({
    pick: ["any device page", choose(me.src, me.src.is("vram"))],
    range: migrate_device_range(mm, k.folio, me, invalidate(me.page)),
    skipped: ["if (!src) it stays", when(me.src.eq(none), [goto("done")])],
    alloc: ["alloc_page(); lock_page()", alloc_locked_page(k.folio, me.dst)],
    pages: migrate_device_pages(k.folio, me, me.migrate),
    finalize: migrate_device_finalize(mm, k.folio, me, me.migrate, { lru }),
    drain: ["lru_add_drain()", each(Frame, (f) => [lru_drain_folio(lru, k.folio, f)])],
  }));

  it("a device page moves to system memory", () => {
    const outcome = run({
      shared: k,
      sizes,
      actors: [setup("vram"), evict],
      always,
      at_rest: { ...at_rest, on_lru: place_is("lru").or(is("device_private")) },
      reachable: { moved: is("present"), free: some(evict, (e) => e.at("done")) },
    });
    expect(outcome).toMatchObject({
      verdict: "holds",
      states: 30,
      findings: never_restored("evict.range.unmap"),
    });
  });

  it("a stray reference: unmap lets it pass, folio_migrate_mapping() does not", () => {
    const pin = actor("pin", { frame: Frame }, (me) => ({
      get: [
        "folio_try_get()",
        idle(),
        choose(me.frame, k.folio.at(me.frame).ref.count.gt(0).and(me.frame.is("vram"))),
        folio_get(k.folio.at(me.frame)),
      ],
      put: ["folio_put()", folio_put(k.folio.at(me.frame))],
    }));
    const outcome = run({
      shared: k,
      sizes,
      actors: [setup("vram"), pin, evict],
      always,
      at_rest,
      reachable: {
        by_finalize: some(evict, (e) =>
          e.at("finalize.drop_dst").and(e.local.migrate.not(), e.local.dst.ne(none)),
        ),
      },
    });
    const findings = never_restored("evict.range.unmap");
    expect(outcome).toMatchObject({ verdict: "holds", states: 96, findings });
  });
});
