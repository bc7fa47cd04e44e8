/** Pages that move to another address or are shared: mremap, fork, copy on write, rmap walks. */
import {
  actor,
  array,
  bool,
  choose,
  type Expr,
  exists,
  forall,
  routine,
  set,
  shared,
  some,
  wait,
} from "mmrace";
import {
  do_swap_page_unlocked,
  do_wp_page,
  down_read,
  dup_mmap,
  Frame,
  folio,
  folio_get,
  folio_lock,
  folio_put,
  folio_set_locked,
  folio_unlock,
  in_every_mm,
  MmId,
  type MmOf,
  migration_entry_is_locked,
  mm_struct,
  mremap,
  no_free_while_mapped,
  no_leaked_reference_of_any_mm,
  no_lost_page,
  Page,
  type PageOf,
  prep_new_page,
  remove_migration_ptes_all,
  set_pte,
  some_mapping,
  store,
  try_to_migrate_all,
  up_read,
  write_protected,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { type Outcome, run } from "./run.ts";

const one = { pages: 1, sys_frames: 1, vram_frames: 1, versions: 1, children: 0 };

const k = shared({
  mm: array(MmId, mm_struct(3)),
  folio: array(Frame, folio(5)),
  wrprotect: write_protected(),
  forked: bool,
});
const always = {
  no_free_while_mapped: in_every_mm((m) => no_free_while_mapped(k.mm.at(m), k.folio)),
  no_lost_page: in_every_mm((m) => no_lost_page(k.mm.at(m), k.folio)),
  migration_entry_is_locked: in_every_mm((m) => migration_entry_is_locked(k.mm.at(m), k.folio)),
};
const at_rest = { no_leaked_reference: no_leaked_reference_of_any_mm(k.mm, k.folio) };

/** A driver that has nothing to invalidate. */
const callback = () => routine("callback", {}, () => ({}));

const setup = (kind: "present" | "device_private") =>
  actor("setup", { mm: MmId, page: Page, frame: Frame }, (me) => ({
    map: [
      "the parent maps a page",
      choose(me.mm, me.mm.is("parent")),
      choose(me.page),
      choose(me.frame, me.frame.is(kind === "present" ? "sys" : "vram")),
      prep_new_page(k.folio.at(me.frame)),
      set_pte(k.mm.at(me.mm).pte.at(me.page), kind, me.frame),
    ],
  }));

const is_mapped = some_mapping((m, p) => k.mm.at(m).pte.at(p).kind.ne("none"));

const fork = actor("fork", { parent: MmId, child: MmId, page: Page }, (me) => ({
  call: [
    "fork()",
    wait(is_mapped),
    choose(me.parent, me.parent.is("parent")),
    choose(me.child, me.child.is("child")),
  ],
  dup_mmap: dup_mmap(k.mm, k.folio, k.wrprotect, me, callback()),
  wake_up: ["wake_up_new_task()", set(k.forked, true)],
}));

const mover = actor("mover", { mm: MmId, from: Page, to: Page }, (me) => ({
  call: [
    "mremap()",
    choose(me.mm),
    choose(me.from, k.mm.at(me.mm).pte.at(me.from).kind.ne("none")),
    choose(me.to, me.to.ne(me.from)),
  ],
  mremap: mremap(k.mm.at(me.mm), me.from, me.to, callback()),
}));

/** A device page becomes migration entries, wherever it is mapped, and is restored. */
const migrate = actor("migrate", { mm: MmId, page: Page, src: Frame }, (me) => ({
  get: [
    "folio_try_get(), folio_trylock()",
    choose(me.src, me.src.is("vram").and(k.folio.at(me.src).ref.count.gt(0))),
    folio_get(k.folio.at(me.src)),
    folio_set_locked(k.folio.at(me.src).lock),
  ],
  unmap: try_to_migrate_all(k.mm, k.folio, me, me.src, callback()),
  remove_ptes: remove_migration_ptes_all(k.mm, k.folio, me, me.src, me.src),
  unlock: [
    "folio_unlock(src); folio_put(src)",
    folio_unlock(k.folio.at(me.src).lock),
    folio_put(k.folio.at(me.src)),
  ],
}));

/** Either process stores to the page after the fork. */
const cow = actor("cow", { mm: MmId, page: Page }, (me) => {
  const mm = k.mm.at(me.mm);
  const wrprotect = k.wrprotect.at(me.mm).at(me.page);
  return {
    call: ["the CPU stores", wait(k.forked), choose(me.mm), choose(me.page)],
    lock: ["mmap_read_lock(mm)", down_read(mm.mmap_lock)],
    wp: do_wp_page(mm, k.folio, me.page, wrprotect, callback()),
    store: ["the store", store(mm, k.folio, me.page, mm.pte.at(me.page).frame)],
    unlock: ["mmap_read_unlock(mm)", up_read(mm.mmap_lock)],
  };
});

const is_device_private = (m: Expr<MmOf>, p: Expr<PageOf>) =>
  k.mm.at(m).pte.at(p).kind.eq("device_private");

const is_version = (m: Expr<MmOf>, p: Expr<PageOf>, n: number) => k.mm.at(m).last_write.at(p).eq(n);

/** Stores through whatever is mapped. */
const careless = actor("careless", { mm: MmId, page: Page }, (me) => ({
  store: [
    "the CPU stores",
    wait(k.forked),
    choose(me.mm),
    choose(me.page),
    store(k.mm.at(me.mm), k.folio, me.page, k.mm.at(me.mm).pte.at(me.page).frame),
  ],
}));

const counts = (states: number, transitions: number) => ({ verdict: "holds", states, transitions });

/** Without competitors the slow paths of locks stay unused: only facts asked for count. */
const unreached = (outcome: Outcome) =>
  outcome.findings.filter((f) => f.startsWith("never_reached"));

describe("mremap()", () => {
  it("moves an entry with what it holds", () => {
    // For each page: setup; call, two locks, check, copy_vma, start, move, end, unmap_source, two
    // unlocks.
    const outcome = run({
      shared: k,
      sizes: { ...one, pages: 2 },
      actors: [setup("device_private"), mover],
      always,
      at_rest: { ...at_rest, still_there: some_mapping(is_device_private) },
    });
    expect(unreached(outcome)).toEqual([]);
    expect(outcome).toMatchObject(counts(25, 24));
  });

  it("moves a migration entry, and the rmap walk finds it", () => {
    const outcome = run({
      shared: k,
      sizes: { ...one, pages: 2 },
      actors: [setup("device_private"), mover, migrate],
      always,
      at_rest: { ...at_rest, restored: some_mapping(is_device_private) },
      reachable: {
        moved_as_migration_entry: some(mover, (t) =>
          t.at("mremap.end").and(k.mm.at(t.local.mm).pte.at(t.local.to).kind.eq("migration")),
        ),
      },
    });
    expect(unreached(outcome)).toEqual([]);
    expect(outcome).toMatchObject(counts(295, 586));
  });
});

describe("fork()", () => {
  it("shares a device page: two entries, two references", () => {
    const both = forall(MmId, (m) => exists(Page, (p) => is_device_private(m, p)));
    const outcome = run({
      shared: k,
      sizes: { ...one, children: 1 },
      actors: [setup("device_private"), fork],
      always,
      at_rest: { ...at_rest, both },
    });
    // setup; call, two locks, next, start, copy, end, next, two unlocks, wake_up.
    expect(outcome).toMatchObject(counts(13, 12));
  });

  it("and a migration of the shared page goes through both entries", () => {
    const outcome = run({
      shared: k,
      sizes: { ...one, children: 1 },
      actors: [setup("device_private"), fork, migrate],
      always,
      at_rest: { ...at_rest, restored: some_mapping(is_device_private) },
      reachable: {
        entry_copied_as_migration_entry: some(fork, (t) =>
          t
            .at("dup_mmap.end")
            .and(k.mm.at(t.local.child).pte.at(t.local.page).kind.eq("migration")),
        ),
      },
    });
    expect(unreached(outcome)).toEqual([]);
    expect(outcome).toMatchObject(counts(211, 421));
  });

  it("then a store is private: the first one copies, the last owner writes in place", () => {
    const outcome = run({
      shared: k,
      sizes: { ...one, sys_frames: 3, versions: 2, children: 1 },
      actors: [setup("present"), fork, cow.times(2)],
      always,
      at_rest,
      reachable: {
        copied: some(cow, (t) => t.at("wp.put_old")),
        both_copied: forall(MmId, (m) => exists(Page, (p) => is_version(m, p, 1))),
      },
    });
    expect(unreached(outcome)).toEqual([]);
    expect(outcome).toMatchObject(counts(3631, 6984));
  });

  it("and not private when the store does not look at the protection", () => {
    const outcome = run({
      shared: k,
      sizes: { ...one, children: 1 },
      actors: [setup("present"), fork, careless],
      always,
    });
    expect(outcome.verdict).toBe("no_lost_page");
  });
});

describe("do_swap_page() of 6.1", () => {
  it("lets two faults take a reference each before either has the lock", () => {
    const fault = actor("fault", { mm: MmId, page: Page, frame: Frame }, (me) => ({
      fault: ["the CPU faults", choose(me.mm), choose(me.page, is_device_private(me.mm, me.page))],
      swap: do_swap_page_unlocked(
        k.mm.at(me.mm),
        k.folio,
        me.page,
        me.frame,
        routine("migrate_to_ram", {}, () => ({
          lock: ["folio_lock(page)", folio_lock(k.folio.at(me.frame).lock)],
          unlock: ["folio_unlock(page)", folio_unlock(k.folio.at(me.frame).lock)],
        })),
      ),
    })).times(2);
    const outcome = run({
      shared: k,
      sizes: one,
      actors: [setup("device_private"), fault],
      always,
      at_rest,
      reachable: { two: exists(Frame, (f) => k.folio.at(f).ref.count.eq(3)) },
    });
    // Six places each, but not both between lock and unlock; and the setup.
    expect(unreached(outcome)).toEqual([]);
    expect(outcome).toMatchObject(counts(36, 57));
  });
});
