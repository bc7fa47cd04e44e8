/**
 * migrate_device_range() reads how large the folio of a page is without a reference, and skips that
 * many pages even when it could not lock the folio.
 *
 * Claim    A page that is in use all the time is not passed over, as long as nobody makes a large
 *          folio out of free pages meanwhile: folios are only split and freed. That is so for the
 *          drivers of 7.3; with an allocator that joins free pages it is not (`pages_are_joined`).
 * Source   mm/migrate_device.c: migrate_device_range, migrate_device_pfns,
 *          migrate_device_pfn_lock; mm/memremap.c: zone_device_page_init; allocators:
 *          drivers/gpu/drm/nouveau/nouveau_dmem.c: nouveau_dmem_page_alloc_locked,
 *          nouveau_dmem_folio_free, nouveau_dmem_folio_split; lib/test_hmm.c:
 *          dmirror_devmem_alloc_page; drivers/gpu/drm/drm_pagemap.c: drm_pagemap_evict_to_ram,
 *          drm_pagemap_get_devmem_page.
 * Omits    locked folios, which are skipped as they should be; what becomes of the pages that are
 *          found; more than three pages.
 */
import {
  actor,
  bool,
  claim,
  count_of,
  goto,
  range,
  replace,
  set,
  shared,
  size,
  some,
  spec,
  when,
} from "mmrace";

/** Of three pages the last one is a folio of its own, in use; the first two are one large folio. */
const k = shared({
  large: bool.init(true), // pages 0 and 1: one folio, or two
  in_use: bool.init(true), // pages 0 and 1
  found: bool, // page 2
});

const locals = { i: range(0, 3), nr: range(1, 2), tail: bool };

const evict = actor("evict", locals, (me) => ({
  next: ["for (pfn = start, i = 0; i < npages; ...)", when(me.i.gt(2), [goto("done")])],
  page_folio: [
    "folio = page_folio(page): of a tail page that is the head",
    set(me.tail, me.i.eq(1).and(k.large)),
  ],
  pfn_lock: [
    "migrate_device_pfn_lock(): folio_get_nontail_page(), folio_trylock()",
    when(me.i.eq(2), [set(k.found, true)]),
  ],
  nr_pages: [
    "nr = folio_nr_pages(folio)",
    when(k.large.and(me.i.eq(0).or(me.tail)), [set(me.nr, 2)]),
    set(me.tail, false),
  ],
  skip: [
    "if (nr > 1) i += nr - 1",
    when(me.i.plus(me.nr).gt(3), [set(me.i, 3)]).otherwise([set(me.i, me.i.plus(me.nr))]),
    set(me.nr, 1),
    goto("next"),
  ],
})).as("migrate_device_range()");

const free = actor("free", {}, () => ({
  split: ["split_folio(): two folios of one page", set(k.large, false)],
  free: ["folio_put(): both are freed", set(k.in_use, false)],
})).as("a CPU fault, munmap()");

const alloc = actor("alloc", {}, () => ({
  init: [
    "zone_device_page_init(page, pgmap, order)",
    when(k.in_use, [goto("done")]),
    set(k.in_use, true),
    set(k.large, true),
  ],
}))
  .times(size("allocators"))
  .as("an allocator that joins free pages");

export default spec({
  name: "h6-folio-size-without-reference",
  doc: "H6: the size of a folio is read without a reference",
  configs: { ci: { allocators: 0 } },
  shared: k,
  actors: { evict, free, alloc },
  at_rest: {
    page_in_use_is_found: claim("a page that was in use all the time was looked at", k.found),
  },
  reachable: {
    second_page_is_visited: some(evict, (e) => e.at("nr_pages").and(e.local.i.eq(1))),
    large_folio_is_skipped: some(evict, (e) => e.at("skip").and(e.local.nr.eq(2))),
  },
  variants: {
    pages_are_joined: {
      doc: "an allocation makes a large folio of pages, one of which has been visited: page 2 goes",
      from: "H6",
      breaks: "page_in_use_is_found",
      change: [count_of(alloc, 1)],
    },
  },
  mutants: {
    one_page_too_far: {
      doc: "i += nr, and the loop adds one more",
      from: "mm/migrate_device.c: migrate_device_range",
      breaks: "page_in_use_is_found",
      change: [
        replace(evict, "skip", [
          "i += nr; i++",
          when(evict.me.i.plus(evict.me.nr).gt(2), [set(evict.me.i, 3)]).otherwise([
            set(evict.me.i, evict.me.i.plus(evict.me.nr).plus(1)),
          ]),
          set(evict.me.nr, 1),
          goto("next"),
        ]),
      ],
    },
  },
});
