/** The life of a folio that moves: migration entry, copy, reference check, restore. */
import { actor, bool, choose, exists, forall, goto, idle, none, some, when } from "mmrace";
import {
  alloc_locked_vram,
  down_read,
  Frame,
  folio_get,
  folio_put,
  madvise_dontneed,
  migrate_copy_and_finalize,
  migrate_pages,
  migrate_vma_collect,
  migration_entry_is_locked,
  no_free_while_mapped,
  no_leaked_reference,
  no_lost_page,
  Page,
  store,
  up_read,
  versions,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { run } from "./run.ts";
import { invalidate, is_mapped, k, setup, sizes } from "./world.ts";

const always = {
  no_free_while_mapped: no_free_while_mapped(k.mm, k.folio),
  no_lost_page: no_lost_page(k.mm, k.folio),
  migration_entry_is_locked: migration_entry_is_locked(k.mm, k.folio),
};
const at_rest = { no_leaked_reference: no_leaked_reference(k.mm, k.folio) };
const one = { ...sizes, sys_frames: 1 };
const locals = { page: Page, src: Frame, dst: Frame, moved: bool };

/** migrate_vma_setup() to migrate_vma_finalize(): a system page moves to the device. */
const to_vram = actor("to_vram", locals, (me) => ({
  call: ["migrate a page to VRAM", choose(me.page, is_mapped(me.page))],
  lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
  collect: migrate_vma_collect(k.mm, k.folio, me, "present", invalidate(me.page)),
  cpages: ["if (!cpages) goto out", when(me.src.eq(none), [goto("unlock")])],
  finalize: migrate_copy_and_finalize(k.mm, k.folio, me, me.moved, {
    expected: 1,
    alloc: alloc_locked_vram(k.folio, me.dst),
    fault_page: false,
  }),
  unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
}));
/** The same, when the page may be gone before it begins. */
const to_vram_or_not = actor("to_vram", locals, (me) => ({
  call: ["migrate a page to VRAM", choose(me.page)],
  collect: migrate_vma_collect(k.mm, k.folio, me, "present", invalidate(me.page)),
  cpages: ["if (!cpages) goto out", when(me.src.eq(none), [goto("done")])],
  finalize: migrate_copy_and_finalize(k.mm, k.folio, me, me.moved, {
    expected: 1,
    alloc: alloc_locked_vram(k.folio, me.dst),
    fault_page: false,
  }),
}));
const is_mapped_somewhere = exists(Page, is_mapped);
const cpu = actor("cpu", { page: Page }, (me) => ({
  store: [
    "the CPU stores",
    idle(),
    choose(me.page, k.mm.pte.at(me.page).kind.eq("present")),
    when(k.mm.last_write.at(me.page).lt(versions), [
      store(k.mm, k.folio, me.page, k.mm.pte.at(me.page).frame),
    ]),
  ],
}));
const is = (kind: "present" | "device_private") =>
  forall(Page, (p) => k.mm.pte.at(p).kind.eq(kind));

describe("migrate_vma_*", () => {
  // setup, call, lock; start, callback, collect, end; cpages; check, alloc, read, write, refcount,
  // remove_ptes, two unlocks; unlock.
  it("a page moves to VRAM", () => {
    const outcome = run({
      shared: k,
      sizes: one,
      actors: [setup("present"), to_vram],
      always,
      at_rest: { ...at_rest, moved: is("device_private") },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 20, transitions: 19 });
  });

  it("stays where it is when somebody else holds a reference", () => {
    const pin = actor("pin", { frame: Frame }, (me) => ({
      get: [
        "folio_try_get()",
        choose(me.frame, k.folio.at(me.frame).ref.count.gt(0)),
        folio_get(k.folio.at(me.frame)),
      ],
      put: ["folio_put()", folio_put(k.folio.at(me.frame))],
    }));
    const outcome = run({
      shared: k,
      sizes: one,
      actors: [setup("present"), pin, to_vram],
      always,
      at_rest,
      reachable: {
        refused_before_the_copy: some(to_vram, (m) => m.at("finalize.restore")),
        refused_after_the_copy: some(to_vram, (m) => m.at("finalize.unlock_dst").and(is_present)),
        moved: is("device_private"),
      },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 80, findings: [] });
  });
  const is_present = is("present");

  it("a store before it is not lost, and none gets in between", () => {
    // The 20 places of a migration without the store, and 19 of them with it.
    const outcome = run({
      shared: k,
      sizes: one,
      actors: [setup("present"), to_vram, cpu],
      always,
      at_rest,
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 20 + 19 });
  });

  it("a page that is zapped meanwhile is neither lost nor leaked", () => {
    const dontneed = actor("dontneed", { page: Page }, (me) => ({
      call: ["madvise()", choose(me.page)],
      zap: madvise_dontneed(k.mm, k.folio, me.page, invalidate(me.page)),
    }));
    const outcome = run({
      shared: k,
      sizes: one,
      actors: [setup("present"), to_vram_or_not, dontneed],
      always,
      at_rest,
      reachable: {
        entry_gone: some(to_vram_or_not, (m) =>
          m.at("finalize.unlock_src").and(is_mapped_somewhere.not()),
        ),
      },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 420 });
  });
});

describe("migrate_pages()", () => {
  const two = { ...sizes, sys_frames: 2 };
  const compaction = actor("compaction", locals, (me) => ({
    migrate: migrate_pages(k.mm, k.folio, me, me.moved, invalidate(me.page)),
  }));

  // isolate, trylock, rmap_walk, itree_start, callback, try_to_migrate_one, end; check, alloc,
  // read, write, refcount, remove_ptes, two unlocks; setup before.
  it("a page moves to another frame", () => {
    const outcome = run({
      shared: k,
      sizes: two,
      actors: [setup("present"), compaction],
      always,
      at_rest,
    });
    expect(outcome).toMatchObject({
      verdict: "holds",
      states: 1 + 2 * 18,
      transitions: 2 + 2 * 17,
    });
  });

  it("two of them never move one folio at a time", () => {
    const actors = [setup("present"), compaction.times(2)];
    const outcome = run({ shared: k, sizes: { ...sizes, sys_frames: 3 }, actors, always, at_rest });
    expect(outcome).toMatchObject({ verdict: "holds", states: 940 });
  });
});
