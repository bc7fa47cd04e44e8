/**
 * nouveau moves a page to VRAM and writes the GPU's entry before migrate_vma_finalize(): may
 * MADV_DONTNEED come in between?
 *
 * Claim    The GPU maps no free page of VRAM, if the driver looks under svmm->mutex whether the
 *          address was invalidated since before the migration began, and whether the page moved.
 * Source   drivers/gpu/drm/nouveau/nouveau_dmem.c: nouveau_dmem_migrate_chunk,
 *          nouveau_dmem_migrate_vma; nouveau_svm.c: nouveau_svmm_bind, nouveau_pfns_map,
 *          nouveau_svmm_invalidate_range_start;
 *          drivers/gpu/drm/nouveau/nvkm/subdev/mmu/vmm.c: nvkm_vmm_pfn_map;
 *          mm/migrate_device.c: migrate_vma_pages, migrate_vma_finalize; mm/madvise.c:
 *          get_lock_mode.
 * Omits    pages that the GPU has mapped before (see h2); holes; large folios; the GPU's TLB, which
 *          PFNCLR flushes and waits for; a second migration; who gets the freed page next.
 */
import {
  actor,
  array,
  bool,
  choose,
  claim,
  count_of,
  type Expr,
  forall,
  goto,
  idle,
  none,
  rare,
  remove,
  replace,
  routine,
  self,
  set,
  shared,
  size,
  some,
  spec,
  when,
} from "mmrace";
import {
  alloc_locked_vram,
  alloc_page,
  device_mmu,
  dontneed_actor,
  down_read,
  Frame,
  folio,
  folio_get,
  folio_put,
  map_frame,
  migrate_device_finalize,
  migrate_device_pages,
  migrate_vma_collect,
  migration_entry_is_locked,
  mm_struct,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mmu_interval_set_seq,
  mutex,
  mutex_lock,
  mutex_unlock,
  no_free_while_mapped,
  no_leaked_reference,
  Page,
  type PageOf,
  prep_new_page,
  subscribers,
  up_read,
  zap_device_pte,
} from "mmrace/kernel";

const k = shared({
  mm: mm_struct(2),
  folio: array(Frame, folio()),
  gpu: device_mmu(), // nobody fills the TLB here
  svmm_mutex: mutex(), // svmm->mutex
});

/** nouveau_svm_range_invalidate(), of the interval that the base keeps over the migration. */
const set_seq = routine("nouveau_svm_range_invalidate", {}, () => ({
  lock: ["mutex_lock(&svmm->mutex)", mutex_lock(k.svmm_mutex)],
  set_seq: ["mmu_interval_set_seq()", mmu_interval_set_seq(k.mm.sub)],
  unlock: ["mutex_unlock(&svmm->mutex)", mutex_unlock(k.svmm_mutex)],
}));

/** nouveau_svmm_invalidate_range_start(): the classic notifier, which does the zapping. */
const pfnclr = (page: Expr<PageOf>) =>
  routine("nouveau_svmm_invalidate_range_start", {}, () => ({
    lock: ["mutex_lock(&svmm->mutex)", mutex_lock(k.svmm_mutex)],
    pfnclr: ["nouveau_svmm_invalidate(): PFNCLR", zap_device_pte(k.gpu, page)],
    unlock: ["mutex_unlock(&svmm->mutex)", mutex_unlock(k.svmm_mutex)],
  }));

/** Both filter MMU_NOTIFY_MIGRATE of their own. */
const svmm = (page: Expr<PageOf>) =>
  subscribers(k.mm.subs, {
    intervals: [
      { sub: k.mm.sub, callback: (e) => (e === "MMU_NOTIFY_MIGRATE" ? undefined : set_seq) },
    ],
    classic: (e) =>
      e === "MMU_NOTIFY_MIGRATE" || e === "end" ? [] : [{ invalidate_range_start: pfnclr(page) }],
  });

const locals = { page: Page, src: Frame, dst: Frame, migrate: bool };

const bind = actor("bind", locals, (me) => ({
  touch: [
    "the process has written to the page",
    choose(me.page),
    alloc_page(k.folio, me.src),
    prep_new_page(k.folio.at(me.src)),
    map_frame(k.mm, k.folio, me.page, me.src),
    folio_put(k.folio.at(me.src)),
  ],
  mmap_read_lock: ["nouveau_svmm_bind(): mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
  read_begin: mmu_interval_read_begin(k.mm.sub),
  collect: migrate_vma_collect(k.mm, k.folio, me, "present", svmm(me.page)),
  cpages: ["if (!args.cpages) continue", when(me.src.eq(none), [goto("read_end")])],
  copy: [
    "nouveau_dmem_migrate_copy_one(): nouveau_dmem_page_alloc_locked(), copy",
    alloc_locked_vram(k.folio, me.dst),
    set(k.folio.at(me.dst).data, k.folio.at(me.src).data),
    goto("pages"),
  ],
  restore: ["no page of VRAM: pfn = NONE", rare()],
  pages: migrate_device_pages(k.folio, me, me.migrate),
  lock: ["nouveau_pfns_map(): mutex_lock(&svmm->mutex)", mutex_lock(k.svmm_mutex)],
  read_retry: [
    "if (mmu_interval_read_retry()) leave it to the next fault /* not in 7.3 */",
    when(mmu_interval_read_retry(k.mm.sub), [goto("unlock")]),
  ],
  has_moved: [
    "if (!(src & MIGRATE_PFN_MIGRATE)) leave it to the next fault /* not in 7.3 */",
    when(me.migrate.not(), [goto("unlock")]),
  ],
  map: ["nvif_object_ioctl(PFNMAP)", set(k.gpu.pte.at(me.page), me.dst)],
  unlock: ["mutex_unlock(&svmm->mutex)", mutex_unlock(k.svmm_mutex)],
  finalize: migrate_device_finalize(k.mm, k.folio, me, me.migrate),
  read_end: ["the interval goes", mmu_interval_read_end(k.mm.sub)],
  mmap_read_unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
})).as("nouveau SVM_BIND ioctl");

const dontneed = dontneed_actor(k.mm, k.folio, svmm);

/** Any reference that comes and goes: compaction, a walk by physical address. */
const visitor = actor("visitor", { frame: Frame }, (me) => ({
  get: [
    "isolate_migratepages_block(): folio_get_nontail_page()",
    idle(),
    choose(me.frame, me.frame.is("sys").and(k.folio.at(me.frame).ref.count.gt(0))),
    folio_get(k.folio.at(me.frame)),
  ],
  put: ["not on the LRU: folio_put()", folio_put(k.folio.at(me.frame))],
}))
  .times(size("visitors"))
  .as("compaction");

export default spec({
  name: "c8-nouveau-map-before-finalize",
  doc: "C8: nouveau maps a migrated page before migrate_vma_finalize()",
  configs: {
    ci: { pages: 1, sys_frames: 1, vram_frames: 1, versions: 1, visitors: 0 },
  },
  shared: k,
  actors: { bind, dontneed, visitor },
  always: {
    no_gpu_pte_to_a_free_page: claim(
      "the GPU maps no page of VRAM that is free",
      forall(Page, (p) => {
        const frame = k.gpu.pte.at(p);
        return frame.eq(none).or(k.folio.at(frame).ref.count.gt(0));
      }),
    ),
    no_free_while_mapped: no_free_while_mapped(k.mm, k.folio),
    migration_entry_is_locked: migration_entry_is_locked(k.mm, k.folio),
  },
  at_rest: { no_leaked_reference: no_leaked_reference(k.mm, k.folio) },
  reachable: {
    driver_gets_to_the_map: some(bind, (b) => b.at("map")),
    migration_entry_is_zapped: some(bind, (b) =>
      b.at("finalize.remove_ptes").and(k.mm.pte.at(b.local.page).kind.eq("none")),
    ),
  },
  variants: {
    as_in_7_3: {
      doc: "no check; but the page shift is 0 where PAGE_SHIFT is meant, and the map is refused",
      from: "C8; nouveau_dmem.c: nouveau_dmem_migrate_chunk passes `order` as page_shift",
      change: [
        remove(bind, "read_begin.read_seq"),
        remove(bind, "read_begin.wait_event"),
        remove(bind, "read_retry"),
        remove(bind, "has_moved"),
        replace(bind, "map", ["nvkm_vmm_pfn_map(): no page size of that shift: -EINVAL, ignored"]),
      ],
    },
    with_page_shift: {
      doc: "no check, and the map is done, as before large folios",
      from: "C8; H3; M9",
      breaks: "no_gpu_pte_to_a_free_page",
      change: [
        remove(bind, "read_begin.read_seq"),
        remove(bind, "read_begin.wait_event"),
        remove(bind, "read_retry"),
      ],
    },
    failed_page_is_mapped: {
      doc: "no look at MIGRATE_PFN_MIGRATE: a page that did not move is mapped, and freed",
      from: "C8; nouveau_dmem.c: nouveau_dmem_migrate_chunk",
      breaks: "no_gpu_pte_to_a_free_page",
      change: [remove(bind, "has_moved"), count_of(visitor, 1)],
    },
  },
  mutants: {
    read_begin_after_collect: {
      doc: "the number is read when the migration entry is there already: it may be gone by then",
      from: "M6",
      breaks: "no_gpu_pte_to_a_free_page",
      change: [
        remove(bind, "read_begin.read_seq"),
        remove(bind, "read_begin.wait_event"),
        replace(bind, "copy", [
          "copy; seq = mmu_interval_read_begin()",
          alloc_locked_vram(k.folio, bind.me.dst),
          set(k.folio.at(bind.me.dst).data, k.folio.at(bind.me.src).data),
          set(k.mm.sub.read.at(self), "fresh"),
          goto("pages"),
        ]),
      ],
    },
    retry_checked_before_the_mutex: {
      doc: "the answer is old when svmm->mutex has been taken",
      from: "M4",
      breaks: "no_gpu_pte_to_a_free_page",
      change: [
        remove(bind, "read_retry"),
        replace(bind, "pages", [
          "migrate_vma_pages(); if (mmu_interval_read_retry()) leave it",
          set(bind.me.migrate, k.folio.at(bind.me.src).ref.count.eq(1)),
          when(mmu_interval_read_retry(k.mm.sub), [goto("finalize")]),
        ]),
      ],
    },
  },
});
