/**
 * Moving the pages of the range together: into the block of VRAM, and back.
 *
 * Omits    what spec.ts has for one page: the copy in two steps, and the steps between the check of
 *          the reference count and the last put.
 */
import {
  array,
  assert,
  choose,
  type Effect,
  type Effects,
  type Expr,
  each,
  exists,
  goto,
  none,
  oneOf,
  type Ref,
  type Routine,
  ret,
  routine,
  type StepOf,
  set,
  when,
} from "mmrace";
import {
  type CpuFault,
  Frame,
  type FrameOf,
  folio_get,
  folio_put,
  folio_set_locked,
  folio_unlock,
  init_locked,
  map_frame,
  mmu_notifier_invalidate_range_end,
  mmu_notifier_invalidate_range_start,
  Page,
  type PageOf,
  set_pte,
} from "mmrace/kernel";
import { xe_svm_invalidate } from "./partial-invalidate.ts";
import { k } from "./partial-state.ts";

type Pages = (page: Expr<PageOf>) => Expr<boolean>;

/** struct migrate_vma: src[] and dst[], and how far each page is. */
const locals = {
  page: Page,
  is: array(Page, oneOf("out", "todo", "locked", "collected")),
  src: array(Page, Frame),
  dst: array(Page, Frame),
};
type State = "out" | "todo" | "locked" | "collected";
interface Migrate {
  page: Ref<PageOf>;
  is: { at(p: Expr<PageOf>): Ref<State> };
  src: { at(p: Expr<PageOf>): Ref<FrameOf> };
  dst: { at(p: Expr<PageOf>): Ref<FrameOf> };
}

/** The next of the pages that are so far. */
const next = (me: Migrate, state: State): Effect => choose(me.page, me.is.at(me.page).eq(state));
const any = (me: Migrate, state: State): Expr<boolean> =>
  exists(Page, (p) => me.is.at(p).eq(state));
const is_unlocked = (f: Expr<FrameOf>): Expr<boolean> => k.folio.at(f).lock.owner.eq(none);

/** Destination pages: allocated, locked, and the content copied into them. */
function populate_and_copy(me: Migrate, to: "vram" | "sys"): StepOf<"populate"> {
  const [src, dst] = [me.src.at(me.page), me.dst.at(me.page)];
  const is_free = (f: Expr<FrameOf>) => f.is(to).and(k.folio.at(f).ref.count.eq(0));
  const wants: Pages = (p) => me.is.at(p).eq("collected").and(me.dst.at(p).eq(none));
  return [
    to === "vram"
      ? "populate_devmem_pfn(); copy_to_devmem()"
      : "alloc_page_vma(); lock_page(); copy_to_ram()",
    choose(me.page, wants(me.page)),
    assert("out_of_frames", exists(Frame, is_free), "no free frame: raise the size"),
    choose(dst, is_free(dst)),
    init_locked(k.folio.at(dst)),
    set(k.folio.at(dst).data, 0),
    when(src.ne(none), [set(k.folio.at(dst).data, k.folio.at(src).data)]),
    when(exists(Page, wants), [goto("populate")]),
  ];
}

/**
 * migrate_device_pages() and migrate_device_finalize() of one page: the reference count decides
 * which frame the entry gets. Where there was no page, the entry must still be empty.
 */
function finalize(me: Migrate, fault_page?: Expr<FrameOf>): StepOf<"finalize"> {
  const [src, dst] = [me.src.at(me.page), me.dst.at(me.page)];
  const pte = k.mm.pte.at(me.page);
  const ours = pte.kind.eq("migration").and(pte.frame.eq(src));
  const map = (f: Expr<FrameOf>) => map_frame(k.mm, k.folio, me.page, f);
  const is_fault_page = fault_page && src.eq(fault_page);
  const refs = k.folio.at(src).ref.count;
  const expected = is_fault_page
    ? is_fault_page.and(refs.eq(2)).or(is_fault_page.not().and(refs.eq(1)))
    : refs.eq(1);
  const unlock = folio_unlock(k.folio.at(src).lock);
  const unlock_src: Effect = is_fault_page ? when(is_fault_page.not(), [unlock]) : unlock;
  const moved: Effect = when(dst.ne(none).and(expected), [map(dst)]).otherwise([map(src)]);
  const back: Effects = [when(ours, [moved]), unlock_src, folio_put(k.folio.at(src))];
  const filled: Effect = when(dst.ne(none).and(pte.kind.eq("none")), [map(dst)]);
  return [
    "folio_migrate_mapping(); remove_migration_ptes(); unlock, put",
    next(me, "collected"),
    when(src.eq(none), [filled]).otherwise(back),
    when(dst.ne(none), [folio_unlock(k.folio.at(dst).lock), folio_put(k.folio.at(dst))]),
    set(me.is.at(me.page), "out"),
    set(src, none),
    set(dst, none),
    when(any(me, "collected"), [goto("finalize")]),
  ];
}

/**
 * migrate_vma_setup() and what follows, in a window of the notifier that covers all of `window`.
 * Into VRAM go all pages or none, empty ones too; from VRAM goes what can be had.
 */
function migrate_vma(window: Pages, to: "vram" | "sys", fault_page?: Expr<FrameOf>): Routine {
  return routine("migrate_vma", locals, (me) => {
    const [pte, src] = [k.mm.pte.at(me.page), me.src.at(me.page)];
    const collect: Effects = [
      set(src, pte.frame),
      set_pte(pte, "migration", src),
      set(me.is.at(me.page), "collected"),
    ];
    const lock_and_collect: Effect = when(is_unlocked(pte.frame), [
      ...collect,
      folio_set_locked(k.folio.at(src).lock),
    ]);
    const from_ram: Effects = [
      when(pte.kind.eq("none"), [set(me.is.at(me.page), "collected")]),
      when(pte.kind.eq("present"), [lock_and_collect]),
    ];
    const from_vram: Effects = [
      when(pte.kind.eq("device_private"), [
        fault_page
          ? when(pte.frame.eq(fault_page), collect).otherwise([lock_and_collect])
          : lock_and_collect,
      ]),
    ];
    const missing = exists(Page, (p) => window(p).and(me.is.at(p).eq("out")));
    const callback = xe_svm_invalidate(window, "other");
    return {
      setup: [
        "migrate_vma_setup(start, end)",
        each(Page, (p) => [when(window(p), [set(me.is.at(p), "todo")])]),
        when(any(me, "todo").not(), [ret()]),
      ],
      start: mmu_notifier_invalidate_range_start(k.mm.subs, "MMU_NOTIFY_MIGRATE", [callback]),
      collect: [
        "migrate_vma_collect_pmd(): trylock, install migration entry",
        next(me, "todo"),
        set(me.is.at(me.page), "out"),
        ...(to === "vram" ? from_ram : from_vram),
        when(any(me, "todo"), [goto("collect")]),
      ],
      end: [
        "mmu_notifier_invalidate_range_end(); if (!cpages) return",
        mmu_notifier_invalidate_range_end(k.mm.subs, [k.mm.sub]),
        when(any(me, "collected").not(), [ret()]),
        ...(to === "vram" ? [when(missing, [goto("finalize")])] : []),
      ],
      populate: populate_and_copy(me, to),
      finalize: finalize(me, fault_page),
    };
  });
}

/** drm_pagemap_migrate_to_devmem() of the whole range. Caller holds mmap_lock and the dma_resv. */
export const migrate_to_devmem = (): Routine => migrate_vma((p) => k.range.covers.at(p), "vram");

/** drm_gpusvm_migrate_to_sram() of the RFC: what is left of the range. Caller holds mmap_lock. */
export const migrate_to_sram = (): Routine =>
  migrate_vma((p) => k.range.covers.at(p).and(k.mm.vma.at(p)), "sys");

/** drm_pagemap_migrate_to_ram(): all of the block that the VMA has. The fault page is locked. */
export const migrate_to_ram = ({ frame }: Pick<CpuFault, "frame">): Routine =>
  migrate_vma((p) => k.mm.vma.at(p), "sys", frame);

/** drm_pagemap_evict_to_ram(), once. Caller holds the dma_resv, and no mmap_lock. */
export function evict_to_ram(): Routine {
  return routine("drm_pagemap_evict_to_ram", locals, (me) => {
    const [pte, src] = [k.mm.pte.at(me.page), me.src.at(me.page)];
    const in_block = pte.kind.eq("device_private");
    const here: Pages = (p) => p.eq(me.page);
    return {
      setup: ["populate_devmem_pfn(src)", each(Page, (p) => [set(me.is.at(p), "todo")])],
      pfn_lock: [
        "migrate_device_pfn_lock(): folio_try_get(), folio_trylock()",
        next(me, "todo"),
        set(me.is.at(me.page), "out"),
        when(in_block.and(is_unlocked(pte.frame)), [
          set(src, pte.frame),
          folio_get(k.folio.at(src)),
          folio_set_locked(k.folio.at(src).lock),
          set(me.is.at(me.page), "locked"),
        ]),
        when(any(me, "todo"), [goto("pfn_lock")]),
        when(any(me, "locked").not(), [ret()]),
      ],
      rmap_walk: [
        "migrate_device_unmap(): try_to_migrate()",
        next(me, "locked"),
        set(me.is.at(me.page), "collected"),
      ],
      start: mmu_notifier_invalidate_range_start(k.mm.subs, "MMU_NOTIFY_CLEAR", [
        xe_svm_invalidate(here, "other"),
      ]),
      unmap_one: [
        "try_to_migrate_one(): install migration entry",
        when(in_block.and(pte.frame.eq(src)), [
          set_pte(pte, "migration", src),
          folio_put(k.folio.at(src)),
        ]),
      ],
      end: [
        "mmu_notifier_invalidate_range_end()",
        mmu_notifier_invalidate_range_end(k.mm.subs, [k.mm.sub]),
        when(any(me, "locked"), [goto("rmap_walk")]),
      ],
      populate: populate_and_copy(me, "sys"),
      finalize: finalize(me),
    };
  });
}
