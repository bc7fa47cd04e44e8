/**
 * nouveau serves faults of the GPU and of the CPU: one mutex orders the GPU's page table, an
 * interval notifier only counts, and the classic notifier, which comes after it, does the zapping.
 *
 * Claim    What a fault of the GPU maps under svmm->mutex, after mmu_interval_read_retry(), is the
 *          page that the CPU has there; entries are flushed before their page is unmapped
 *          for DMA; a CPU fault on a page in VRAM, which clears the GPU's entry itself because the
 *          classic notifier leaves out the driver's own migrations, gets its page; and svmm->mutex,
 *          taken under mmap_lock, the folio lock and in both notifiers, closes no circle.
 * Source   drivers/gpu/drm/nouveau/nouveau_svm.c: nouveau_range_fault,
 *          nouveau_svm_range_invalidate, nouveau_svmm_invalidate_range_start;
 *          drivers/gpu/drm/nouveau/nouveau_dmem.c: nouveau_dmem_migrate_to_ram;
 *          drivers/gpu/drm/nouveau/nvkm/subdev/mmu/vmm.c: nvkm_vmm_unref_ptes;
 *          drivers/gpu/drm/nouveau/nvkm/subdev/mmu/vmmgp100.c: gp100_vmm_pgt_pfn,
 *          gp100_vmm_pfn_clear, gp100_vmm_pfn_unmap.
 * Omits    the migration to VRAM and its own entries (questions c8 and h2: the page is there from
 *          the start); atomic faults; the deadline of a fault, and that it is cancelled then; the
 *          insertion of the interval notifier (it is there from the start); allocations under
 *          svmm->mutex; fork() (question c2); teardown; large folios.
 */
import {
  actor,
  all,
  any,
  array,
  bool,
  choose,
  claim,
  type Expr,
  exists,
  forall,
  goto,
  idle,
  move_after,
  move_before,
  none,
  progress,
  type Routine,
  remove,
  ret,
  retry,
  routine,
  set,
  shared,
  size,
  some,
  spec,
  when,
} from "mmrace";
import {
  alloc_locked_page,
  type CpuFault,
  cpu_fault_actor,
  device_mmu,
  dontneed_actor,
  down_read,
  Frame,
  type FrameOf,
  folio,
  gpu_flush,
  gpu_store,
  gpu_tlb,
  hmm_range_fault,
  hmm_result,
  migrate_copy_and_finalize,
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
  no_lost_page,
  Page,
  type PageOf,
  set_pte,
  submit_tlb_flush,
  subscribers,
  up_read,
  wait_tlb_flush,
  zap_device_pte,
} from "mmrace/kernel";

const k = shared({
  mm: mm_struct(2),
  folio: array(Frame, folio()),
  gpu: device_mmu(),
  dma: array(Page, bool), // the system page of the GPU's entry is mapped for DMA
  svmm_mutex: mutex(), // svmm->mutex
});

/** PFNCLR, with svmm->mutex held. */
const nouveau_svmm_invalidate = (page: Expr<PageOf>) =>
  routine("nouveau_svmm_invalidate", {}, () => ({
    pfn_clear: ["gp100_vmm_pfn_clear()", zap_device_pte(k.gpu, page)],
    flush: ["nvkm_vmm_flush()", submit_tlb_flush(k.gpu)],
    flush_wait: ["  wait for it", wait_tlb_flush(k.gpu)],
    pfn_unmap: ["gp100_vmm_pfn_unmap(): dma_unmap_page()", set(k.dma.at(page), false)],
  }));

const range_invalidate = routine("nouveau_svm_range_invalidate", {}, () => ({
  lock: ["mutex_lock(&svmm->mutex)", mutex_lock(k.svmm_mutex)],
  set_seq: ["mmu_interval_set_seq()", mmu_interval_set_seq(k.mm.sub)],
  unlock: ["mutex_unlock(&svmm->mutex)", mutex_unlock(k.svmm_mutex)],
}));

const invalidate_range_start = (page: Expr<PageOf>) =>
  routine("nouveau_svmm_invalidate_range_start", {}, () => ({
    lock: ["mutex_lock(&svmm->mutex)", mutex_lock(k.svmm_mutex)],
    invalidate: nouveau_svmm_invalidate(page),
    unlock: ["mutex_unlock(&svmm->mutex)", mutex_unlock(k.svmm_mutex)],
  }));

/** The interval of a fault hears of everything; the classic one of no migration of its own. */
const svmm = (page: Expr<PageOf>) =>
  subscribers(k.mm.subs, {
    intervals: [{ sub: k.mm.sub, callback: () => range_invalidate }],
    classic: (e) =>
      e === "MMU_NOTIFY_MIGRATE" || e === "end"
        ? []
        : [{ invalidate_range_start: invalidate_range_start(page) }],
  });

const gpu_fault = actor("gpu_fault", { page: Page, pfn: Frame, err: hmm_result }, (me) => ({
  fault: ["the GPU faults", idle(), choose(me.page, k.gpu.pte.at(me.page).eq(none))],
  again: mmu_interval_read_begin(k.mm.sub),
  mmap_read_lock: [
    "hmm_range_fault_unlocked_timeout(): mmap_read_lock()",
    down_read(k.mm.mmap_lock),
  ],
  range_fault: hmm_range_fault(k.mm, k.folio, me.page, me.pfn, me.err),
  mmap_read_unlock: [
    "mmap_read_unlock(mm); -EBUSY: again; -EFAULT: the fault is cancelled",
    up_read(k.mm.mmap_lock),
    when(me.err.eq("ebusy"), [retry(), goto("again")]),
    when(me.err.eq("efault"), [mmu_interval_read_end(k.mm.sub), goto("done")]),
  ],
  lock: ["mutex_lock(&svmm->mutex)", mutex_lock(k.svmm_mutex)],
  read_retry: [
    "if (mmu_interval_read_retry()) { mutex_unlock(); continue; }",
    when(mmu_interval_read_retry(k.mm.sub), [mutex_unlock(k.svmm_mutex), retry(), goto("again")]),
  ],
  map: [
    "PFNMAP: gp100_vmm_pgt_pfn(): dma_map_page() for system memory; write the entry",
    when(me.pfn.is("sys"), [set(k.dma.at(me.page), true)]),
    set(k.gpu.pte.at(me.page), me.pfn),
    progress(),
  ],
  unlock: ["mutex_unlock(&svmm->mutex)", mutex_unlock(k.svmm_mutex)],
  remove: ["mmu_interval_notifier_remove()", mmu_interval_read_end(k.mm.sub)],
}))
  .times(size("gpu_faults"))
  .as("nouveau_range_fault()");

function migrate_to_ram({ page, frame: fault_page }: CpuFault): Routine {
  const locals = { src: Frame, dst: Frame, moved: bool };
  return routine("nouveau_dmem_migrate_to_ram", locals, (me) => {
    const m = { page, src: me.src, dst: me.dst };
    return {
      collect: migrate_vma_collect(k.mm, k.folio, m, "device_private", svmm(page), fault_page),
      cpages: ["if (!args.cpages) return 0", when(me.src.eq(none), [ret()])],
      lock: ["mutex_lock(&svmm->mutex)", mutex_lock(k.svmm_mutex)],
      invalidate: nouveau_svmm_invalidate(page),
      unlock: ["nouveau_dmem_copy_folio(): push the copy; unlock", mutex_unlock(k.svmm_mutex)],
      finalize: migrate_copy_and_finalize(k.mm, k.folio, m, me.moved, {
        alloc: alloc_locked_page(k.folio, me.dst),
        fault_page: true,
      }),
    };
  });
}

const cpu_fault = cpu_fault_actor(k.mm, k.folio, migrate_to_ram).times(size("cpu_faults"));
const dontneed = dontneed_actor(k.mm, k.folio, svmm).times(size("dontneeds"));

const tlb = gpu_tlb(k.gpu);
const flush = gpu_flush(k.gpu);
const device = gpu_store(k.gpu, k.mm, k.folio);

/** The page is in VRAM when all begins. */
const bind = actor("bind", { page: Page, frame: Frame }, (me) => ({
  ioctl: [
    "SVM_BIND has put the page into VRAM",
    idle(),
    choose(me.page, k.mm.pte.at(me.page).kind.eq("none").and(k.mm.vma.at(me.page))),
  ],
  moved: [
    "  unless somebody was faster",
    choose(me.frame, me.frame.is("vram").and(k.folio.at(me.frame).ref.count.eq(0))),
    when(k.mm.pte.at(me.page).kind.eq("none"), [
      set(k.folio.at(me.frame).ref.count, 1),
      set_pte(k.mm.pte.at(me.page), "device_private", me.frame),
    ]),
  ],
})).as("SVM_BIND ioctl");

export default spec({
  name: "nouveau-svm",
  doc: "nouveau: faults of the GPU and of the CPU under svmm->mutex",
  configs: {
    ci: {
      pages: 1,
      sys_frames: 2,
      vram_frames: 1,
      versions: 1,
      cpu_faults: 2,
      gpu_faults: 1,
      dontneeds: 0,
    },
    deep: {
      pages: 1,
      sys_frames: 2,
      vram_frames: 1,
      versions: 1,
      cpu_faults: 2,
      gpu_faults: 1,
      dontneeds: 1,
    },
  },
  shared: k,
  actors: { bind, gpu_fault, cpu_fault, dontneed, tlb, flush, device },
  always: {
    no_stale_gpu_pte: claim(
      "the GPU reaches the page that the CPU maps, or one that is being moved away",
      forall(Page, (p) => {
        const { frame, kind } = k.mm.pte.at(p);
        const current = (f: Expr<FrameOf>) => any(f.eq(none), all(f.eq(frame), kind.ne("none")));
        return all(current(k.gpu.pte.at(p)), current(k.gpu.tlb.at(p)));
      }),
    ),
    mapped_for_dma: claim(
      "a system page that the GPU reaches is mapped for DMA",
      forall(Page, (p) => {
        const mapped = (f: Expr<FrameOf>) => any(f.eq(none), f.is("vram"), k.dma.at(p));
        return all(mapped(k.gpu.pte.at(p)), mapped(k.gpu.tlb.at(p)));
      }),
    ),
    migration_entry_is_locked: migration_entry_is_locked(k.mm, k.folio),
    no_free_while_mapped: no_free_while_mapped(k.mm, k.folio),
    no_lost_page: no_lost_page(k.mm, k.folio),
  },
  at_rest: { no_leaked_reference: no_leaked_reference(k.mm, k.folio) },
  reachable: {
    gpu_maps_vram: exists(Page, (p) => k.gpu.pte.at(p).is("vram")),
    gpu_maps_system_memory: exists(Page, (p) => k.gpu.pte.at(p).is("sys")),
    fault_loses_the_race: some(gpu_fault, (t) =>
      t.at("read_retry").and(k.mm.sub.read.at(t.proc).eq("stale")),
    ),
    page_comes_home: some(cpu_fault, (t) => t.at("swap.migrate_to_ram.finalize.remove_ptes")),
  },
  mutants: {
    retry_not_checked: {
      doc: "what hmm_range_fault() has found is mapped, whatever came meanwhile",
      from: "6.3.3; M4",
      breaks: "no_stale_gpu_pte",
      change: [remove(gpu_fault, "read_retry")],
    },
    classic_notifier_first: {
      doc: "the classic notifier zaps before the interval one counts: a fault maps it in between",
      from: "D7",
      breaks: "no_stale_gpu_pte",
      config: "deep",
      // The interval's callback goes, step by step, behind the last step of the classic one.
      change: ["unlock", "set_seq", "lock"].map((step) =>
        move_after(dontneed, `zap.zap.start.itree.cb.${step}`, "zap.zap.start.classic.unlock"),
      ),
    },
    own_entry_not_cleared: {
      doc: "nobody clears the entry of a page that comes home: the GPU keeps the old page",
      from: "6.6",
      breaks: "no_stale_gpu_pte",
      change: [
        remove(cpu_fault, "swap.migrate_to_ram.invalidate.pfn_clear"),
        remove(cpu_fault, "swap.migrate_to_ram.invalidate.flush"),
        remove(cpu_fault, "swap.migrate_to_ram.invalidate.flush_wait"),
      ],
    },
    unmapped_before_the_flush: {
      doc: "dma_unmap_page() while the GPU may have cached the entry",
      from: "vmm.c: nvkm_vmm_unref_ptes",
      breaks: "mapped_for_dma",
      config: "deep",
      change: [
        move_before(
          dontneed,
          "zap.zap.start.classic.invalidate.pfn_unmap",
          "zap.zap.start.classic.invalidate.flush",
        ),
      ],
    },
  },
});
