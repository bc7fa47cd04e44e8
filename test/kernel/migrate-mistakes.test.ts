/**
 * Known mistakes around a migration that no scheme here can make, because nobody in it pins a page
 * or maps one before it has arrived (docs/sources.md: M9, M22, M24).
 */
import {
  actor,
  all,
  bool,
  type Change,
  choose,
  claim,
  forall,
  goto,
  insert_after,
  local_of,
  none,
  replace,
  set,
  when,
} from "mmrace";
import {
  alloc_locked_vram,
  Frame,
  folio_get,
  folio_put,
  folio_set_locked,
  madvise_dontneed,
  migrate_copy_and_finalize,
  migrate_vma_collect,
  mutex_lock,
  mutex_unlock,
  no_free_while_mapped,
  no_lost_page,
  Page,
  set_pte,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { run } from "./run.ts";
import { gup, invalidate, is_mapped, k, setup, sizes } from "./world.ts";

const locals = { page: Page, src: Frame, dst: Frame, moved: bool };
const to_vram = actor("to_vram", locals, (me) => ({
  call: ["migrate a page to VRAM", choose(me.page)],
  collect: migrate_vma_collect(k.mm, k.folio, me, "present", invalidate(me.page)),
  cpages: ["if (!cpages) return", when(me.src.eq(none), [goto("done")])],
  finalize: migrate_copy_and_finalize(k.mm, k.folio, me, me.moved, {
    alloc: alloc_locked_vram(k.folio, me.dst),
    fault_page: false,
  }),
}));
const { me } = to_vram;

const dontneed = actor("dontneed", { page: Page }, (t) => ({
  call: ["madvise()", choose(t.page)],
  zap: madvise_dontneed(k.mm, k.folio, t.page, invalidate(t.page)),
}));

const no_free_while_the_gpu_maps = claim(
  "no frame is free while a device entry leads to it",
  forall(Page, (p) => {
    const frame = k.gpu.pte.at(p);
    return frame.ne(none).implies(k.folio.at(frame).ref.count.gt(0));
  }),
);
const always = {
  no_free_while_the_gpu_maps,
  no_free_while_mapped: no_free_while_mapped(k.mm, k.folio),
  no_lost_page: no_lost_page(k.mm, k.folio),
};

/** dmirror_migrate_finalize_and_map() without read_retry, before the entry leads to the page. */
const map_early: Change[] = [
  insert_after(to_vram, "finalize.migrate_pages", {
    gpu_lock: ["mutex_lock(&driver->update)", mutex_lock(k.update)],
    gpu_map: [
      "write the device PTE",
      when(local_of("finalize.migrate", bool), [set(k.gpu.pte.at(me.page), me.dst)]),
    ],
    gpu_unlock: ["mutex_unlock(&driver->update)", mutex_unlock(k.update)],
  }),
];

/** Only the last check is left out, or both are. */
const moves_always = replace(to_vram, "finalize.migrate_pages", [
  "migrate whatever the reference count",
  set(local_of("finalize.migrate", bool), true),
]);
const not_checked = replace(to_vram, "finalize.check_page", [
  "whatever the reference count",
  set(me.moved, false),
]);

/** The folio is looked up under the page-table lock, and referenced and locked behind it. */
const reference_late: Change[] = [
  replace(to_vram, "collect.collect_pmd", [
    "folio = page_folio(pte); pte_unmap_unlock()",
    set(me.src, none),
    when(is_mapped(me.page), [set(me.src, k.mm.pte.at(me.page).frame)]),
  ]),
  insert_after(to_vram, "collect.collect_pmd", {
    get: ["folio_get(folio)", when(me.src.ne(none), [folio_get(k.folio.at(me.src))])],
    install: [
      "pte_lock(); trylock, install migration entry",
      when(me.src.ne(none), [
        when(all(k.mm.pte.at(me.page).frame.eq(me.src), k.folio.at(me.src).lock.owner.eq(none)), [
          set_pte(k.mm.pte.at(me.page), "migration", me.src),
          folio_put(k.folio.at(me.src)),
          folio_set_locked(k.folio.at(me.src).lock),
        ]).otherwise([folio_put(k.folio.at(me.src)), set(me.src, none)]),
      ]),
    ],
  }),
];

describe("a mistake in a migration", () => {
  const one = { ...sizes, sys_frames: 1 };
  const actors = [setup("present"), to_vram, dontneed];
  const pinned = [setup("present"), to_vram, gup];

  it("none: holds, with MADV_DONTNEED and with a pin beside it", () => {
    expect(run({ shared: k, sizes: one, actors, always }).verdict).toBe("holds");
    expect(run({ shared: k, sizes: one, actors: pinned, always }).verdict).toBe("holds");
  });

  it("M9: the device maps the new page first, without a retry check", () => {
    const outcome = run({ shared: k, sizes: one, actors, always, change: map_early });
    expect(outcome.verdict).toBe("no_free_while_the_gpu_maps");
  });

  it("M22: the reference count does not decide, and a pinned page moves", () => {
    const change = [not_checked, moves_always];
    const outcome = run({ shared: k, sizes: one, actors: pinned, always, change });
    expect(outcome.verdict).toBe("no_lost_page");
  });

  // A pin may end between the copy and the count behind it; none can begin, as there is no entry.
  it("M22: for a pin the check before the copy is needed, and is enough", () => {
    const late = run({ shared: k, sizes: one, actors: pinned, always, change: [not_checked] });
    expect(late.verdict).toBe("no_lost_page");
    const early = run({ shared: k, sizes: one, actors: pinned, always, change: [moves_always] });
    expect(early.verdict).toBe("holds");
  });

  it("M24: the reference is taken after the page-table lock was dropped", () => {
    const outcome = run({ shared: k, sizes: one, actors, always, change: reference_late });
    expect(outcome.verdict).toBe("use_after_free");
  });
});
