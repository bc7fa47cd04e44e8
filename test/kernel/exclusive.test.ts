/** PageAnonExclusive: migration entries and mprotect() keep it; a write fault then copies none. */
import {
  actor,
  all,
  bool,
  choose,
  type Expr,
  every,
  exists,
  idle,
  insert_after,
  set,
  when,
} from "mmrace";
import {
  compaction_actor,
  do_anonymous_page,
  do_wp_page,
  down_read,
  Frame,
  folio_get,
  folio_put,
  mprotect,
  Page,
  type PageOf,
  page_anon_exclusive,
  pte_write,
  set_page_anon_exclusive,
  store,
  up_read,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { rich_world } from "./rich-world.ts";
import { run } from "./run.ts";

const { k, invalidate, always, at_rest } = rich_world({ write: true, exclusive: true });
const sizes = { pages: 1, sys_frames: 3, vram_frames: 0, versions: 1 };
const is_present = (p: Expr<PageOf>) => k.mm.pte.at(p).kind.eq("present");

const setup = actor("setup", { page: Page, frame: Frame }, (me) => ({
  fault: [
    "the first store, and read-only from then on",
    choose(me.page),
    do_anonymous_page(k.mm, k.folio, me.page, me.frame),
    set(pte_write(k.mm, me.page), false),
  ],
}));
const writer = actor("writer", { page: Page, wp: bool }, (me) => {
  const pte = k.mm.pte.at(me.page);
  return {
    fault: [
      "a store to a page that is read-only",
      idle(),
      choose(me.page, is_present(me.page)),
      set(me.wp, true),
    ],
    lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
    wp: do_wp_page(k.mm, k.folio, me.page, me.wp, invalidate(me.page)),
    unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
    store: [
      "the store, unless it faults again",
      when(all(is_present(me.page), pte_write(k.mm, me.page)), [
        store(k.mm, k.folio, me.page, pte.frame),
      ]),
    ],
  };
});
/** Has looked the page up, and reads it later, as a device with a pinned page does. */
const holder = actor("holder", { page: Page, frame: Frame }, (me) => ({
  get: [
    "get_user_pages_fast()",
    idle(),
    choose(me.page, is_present(me.page)),
    set(me.frame, k.mm.pte.at(me.page).frame),
    folio_get(k.folio.at(me.frame)),
  ],
  read: ["reads the page"],
  put: ["folio_put(folio)", folio_put(k.folio.at(me.frame))],
}));
const compaction = compaction_actor(k.mm, k.folio, invalidate);
const holder_sees_the_last_write = every(holder, (h) =>
  h.at("read").implies(k.folio.at(h.local.frame).data.eq(k.mm.last_write.at(h.local.page))),
);
const input = {
  shared: k,
  sizes,
  actors: [setup, writer, holder, compaction],
  always: { ...always, holder_sees_the_last_write },
  at_rest,
};
const entry_is_exclusive = exists(Page, (p) => {
  const pte = k.mm.pte.at(p);
  return all(pte.kind.eq("migration"), pte_write(k.mm, p).not(), page_anon_exclusive(pte));
});

describe("PageAnonExclusive", () => {
  it("survives a migration: written in place under somebody's reference", () => {
    const outcome = run({ ...input, reachable: { entry_is_exclusive } });
    expect(outcome).toMatchObject({ verdict: "holds", states: 2707 });
    expect(outcome.findings.filter((f) => f.startsWith("never_reached"))).toEqual([]);
  });

  it("a readable migration entry in its place: the holder is left behind", () => {
    const change = [
      insert_after(compaction, "migrate.unmap.try_to_migrate_one", {
        forget: [
          "make_readable_migration_entry()",
          set_page_anon_exclusive(k.mm.pte.at(compaction.me.page), false),
        ],
      }),
    ];
    expect(run({ ...input, change }).verdict).toBe("holder_sees_the_last_write");
  });

  it("mprotect() takes the permission only", () => {
    const protect = actor("protect", { page: Page }, (me) => ({
      call: ["mprotect(page, PROT_READ)", idle(), choose(me.page, is_present(me.page))],
      mprotect: mprotect(k.mm, me.page, false, invalidate(me.page)),
    }));
    const stays = every(protect, (p) =>
      p
        .at("done")
        .implies(
          exists(Page, (q) => all(pte_write(k.mm, q).not(), page_anon_exclusive(k.mm.pte.at(q)))),
        ),
    );
    const outcome = run({ shared: k, sizes, actors: [setup, protect], always: { stays }, at_rest });
    expect(outcome).toMatchObject({ verdict: "holds", states: 46 });
  });
});
