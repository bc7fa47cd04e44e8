/** The life of a folio that moves: migration entry, copy, reference check, restore. */
import {
  actor,
  all,
  bool,
  choose,
  exists,
  forall,
  goto,
  idle,
  none,
  type Ref,
  some,
  when,
} from "mmrace";
import {
  alloc_locked_page,
  alloc_locked_vram,
  down_read,
  Frame,
  type FrameOf,
  folio_get,
  folio_put,
  madvise_dontneed,
  migrate_copy_and_finalize,
  migrate_device_pfn_lock,
  migrate_pages,
  migrate_vma_collect,
  migration_entry_is_locked,
  no_free_while_mapped,
  no_leaked_reference,
  no_lost_page,
  Page,
  pte_clear,
  pte_copy,
  store,
  try_to_migrate,
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
const in_use = (f: Ref<FrameOf>, where: "sys" | "vram") =>
  all(f.is(where), k.folio.at(f).ref.count.gt(0));
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
        refused_after_the_copy: some(to_vram, (m) => m.at("finalize.unlock_src").and(is_present)),
        moved: is("device_private"),
      },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 82, findings: [] });
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
  // write, refcount, remove_ptes; unlock and put of the new page, both of the old; setup before.
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
    expect(outcome).toMatchObject({ verdict: "holds", states: 1141 });
  });
});

/** migrate_device_range() and what follows, in one routine: a page of the device comes home. */
describe("migrate_copy_and_finalize() of a page of the device", () => {
  const evict = actor("evict", locals, (me) => ({
    pick: ["a page of the VRAM", idle(), choose(me.src, in_use(me.src, "vram"))],
    ...migrate_device_pfn_lock(k.folio.at(me.src), "done"),
    unmap: try_to_migrate(k.mm, k.folio, me, invalidate(me.page)),
    finalize: migrate_copy_and_finalize(k.mm, k.folio, me, me.moved, {
      alloc: alloc_locked_page(k.folio, me.dst),
      fault_page: false,
    }),
  }));
  const pin = actor("pin", { frame: Frame }, (me) => ({
    get: [
      "folio_try_get()",
      idle(),
      choose(me.frame, in_use(me.frame, "vram")),
      folio_get(k.folio.at(me.frame)),
    ],
    put: ["folio_put()", folio_put(k.folio.at(me.frame))],
  }));
  const refused = (label: "restore" | "unlock_src") =>
    some(evict, (e) => e.at(`finalize.${label}`).and(is("device_private")));
  const moved = is("present");
  const before_the_copy = some(evict, (e) => e.at("finalize.restore"));

  it("one stray reference passes the check of unmap, and not folio_migrate_mapping()", () => {
    const actors = [setup("device_private"), pin, evict];
    const reachable = { after_the_copy: refused("unlock_src"), moved };
    const passes = { ...always, not_before_the_copy: before_the_copy.not() };
    const outcome = run({ shared: k, sizes: one, actors, always: passes, at_rest, reachable });
    expect(outcome).toMatchObject({ verdict: "holds", states: 69, findings: [] });
  });

  it("two do not even pass that", () => {
    const actors = [setup("device_private"), pin.times(2), evict];
    const reachable = { before_the_copy, after_the_copy: refused("unlock_src"), moved };
    const outcome = run({ shared: k, sizes: one, actors, always, at_rest, reachable });
    expect(outcome).toMatchObject({ verdict: "holds", states: 225, findings: [] });
  });

  it("a folio that is still mapped is restored, whatever its references", () => {
    // The entry moves to another page behind the back of the walk.
    const mremap = actor("mremap", { from: Page, to: Page }, (me) => ({
      move: [
        "move_ptes()",
        idle(),
        choose(me.from, k.mm.pte.at(me.from).kind.eq("device_private")),
        choose(me.to, k.mm.pte.at(me.to).kind.eq("none")),
        pte_copy(k.mm.pte.at(me.to), k.mm.pte.at(me.from)),
        pte_clear(k.mm.pte.at(me.from)),
      ],
    }));
    const actors = [setup("device_private"), mremap, evict];
    const still_mapped = some(evict, (e) => e.at("finalize.restore").and(exists(Page, is_mapped)));
    const outcome = run({
      shared: k,
      sizes: { ...one, pages: 2 },
      actors,
      always,
      at_rest,
      reachable: { still_mapped, moved: exists(Page, (p) => k.mm.pte.at(p).kind.eq("present")) },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 103, findings: [] });
  });
});
