/**
 * A driver ignores MMU_NOTIFY_MIGRATE events of its own, also when it moves a page of system memory
 * that the device has mapped.
 *
 * Claim    No write of the device is lost and its entries lead to no freed page, if the callback
 *          invalidates for its own migrations too: the filter is for device-private sources, which
 *          the driver invalidates by itself.
 * Source   lib/test_hmm.c: dmirror_interval_invalidate, dmirror_migrate_to_device,
 *          dmirror_migrate_alloc_and_copy, dmirror_migrate_finalize_and_map, dmirror_range_fault,
 *          dmirror_do_fault, dmirror_do_write; mm/migrate_device.c; the same filter in
 *          drivers/gpu/drm/nouveau/nouveau_svm.c: nouveau_svmm_invalidate_range_start.
 * Omits    MADV_DONTNEED and others who invalidate (see h3); device-private sources; the backing
 *          pages of the emulated device; several pages; holes.
 */
import {
  actor,
  bool,
  choose,
  claim,
  count_of,
  exists,
  forall,
  goto,
  idle,
  insert_before,
  none,
  rare,
  rarely,
  remove,
  replace,
  retry,
  set,
  size,
  some,
  spec,
  wait,
  when,
} from "mmrace";
import {
  alloc_locked_vram,
  down_read,
  Frame,
  hmm_range_fault,
  hmm_result,
  migrate_device_finalize,
  migrate_device_pages,
  migrate_vma_collect,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry_under,
  mutex_lock,
  mutex_unlock,
  no_free_while_mapped,
  no_leaked_reference,
  Page,
  store,
  up_read,
  versions,
} from "mmrace/kernel";
import { invalidate, k, leads_to_a_folio_in_use, touch } from "../own-migration.ts";

const moves = { page: Page, src: Frame, dst: Frame, migrate: bool };

const migrate = actor("migrate", moves, (me) => ({
  touch: touch(me.page, me.src),
  mmap_read_lock: ["dmirror_migrate_to_device(): mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
  collect: migrate_vma_collect(k.mm, k.folio, me, "present", invalidate(me.page)),
  cpages: ["if (!cpages) nothing moves", when(me.src.eq(none), [goto("mmap_read_unlock")])],
  alloc: [
    "dmirror_migrate_alloc_and_copy(): dmirror_devmem_alloc_page()",
    alloc_locked_vram(k.folio, me.dst),
    goto("copy"),
  ],
  restore: ["no page: dst = 0", rare(), goto("pages")],
  copy: ["copy_highpage()", set(k.folio.at(me.dst).data, k.folio.at(me.src).data)],
  pages: migrate_device_pages(k.folio, me, me.migrate),
  lock: ["dmirror_migrate_finalize_and_map(): mutex_lock(&dmirror->mutex)", mutex_lock(k.mutex)],
  map: [
    "if (MIGRATE_PFN_MIGRATE) xa_store(&dmirror->pt, dpage)",
    when(me.migrate, [set(k.gpu.pte.at(me.page), me.dst)]),
  ],
  unlock: ["mutex_unlock(&dmirror->mutex)", mutex_unlock(k.mutex)],
  finalize: migrate_device_finalize(k.mm, k.folio, me, me.migrate),
  mmap_read_unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
})).as("HMM_DMIRROR_MIGRATE_TO_DEV");

const fault = actor("fault", { page: Page, pfn: Frame, ret: hmm_result }, (me) => ({
  call: ["the device needs the page", choose(me.page, k.mm.pte.at(me.page).kind.ne("none"))],
  again: mmu_interval_read_begin(k.mm.sub),
  mmap_read_lock: ["dmirror_range_fault(): mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
  range_fault: rarely(hmm_range_fault(k.mm, k.folio, me.page, me.pfn, me.ret), "fault"),
  mmap_read_unlock: [
    "mmap_read_unlock(mm); -EBUSY: continue",
    up_read(k.mm.mmap_lock),
    when(me.ret.eq("ebusy"), [retry(), goto("again")]),
  ],
  lock: ["mutex_lock(&dmirror->mutex)", mutex_lock(k.mutex)],
  read_retry: [
    "if (mmu_interval_read_retry()) { mutex_unlock(); continue; }",
    mmu_interval_read_retry_under(k.mutex, k.mm.sub, [
      mutex_unlock(k.mutex),
      retry(),
      goto("again"),
    ]),
  ],
  map: ["dmirror_do_fault(): xa_store(&dmirror->pt, page)", set(k.gpu.pte.at(me.page), me.pfn)],
  unlock: ["mutex_unlock(&dmirror->mutex)", mutex_unlock(k.mutex), mmu_interval_read_end(k.mm.sub)],
})).as("dmirror_fault()");

const write = actor("write", { page: Page }, (me) => ({
  store: [
    "dmirror_do_write() through the entry",
    idle(),
    choose(me.page, k.gpu.pte.at(me.page).ne(none)),
    wait(k.mm.last_write.at(me.page).lt(versions)),
    store(k.mm, k.folio, me.page, k.gpu.pte.at(me.page)),
    goto("store"),
  ],
}))
  .times(size("writers"))
  .as("the device writes");

const filtered = ["lock", "set_seq", "update", "unlock"].map((step) =>
  remove(migrate, `collect.start.cb.${step}`),
);

const mapped_before = insert_before(migrate, "mmap_read_lock", {
  mapped: ["the device has mapped the page already", wait(k.gpu.pte.at(migrate.me.page).ne(none))],
});

export default spec({
  name: "h2-own-migrate-filter",
  doc: "H2: own MMU_NOTIFY_MIGRATE is ignored for pages of system memory",
  configs: { ci: { pages: 1, sys_frames: 1, vram_frames: 1, versions: 1, writers: 1 } },
  shared: k,
  actors: { migrate, fault, write },
  always: {
    no_lost_write: claim(
      "where the CPU can read the page, it reads the last write",
      forall(Page, (p) =>
        k.mm.pte
          .at(p)
          .kind.in("present", "device_private")
          .implies(k.folio.at(k.mm.pte.at(p).frame).data.eq(k.mm.last_write.at(p))),
      ),
    ),
    no_device_entry_to_a_free_page: claim(
      "an entry of the device leads to no free page",
      forall(Page, (p) => leads_to_a_folio_in_use(k.gpu.pte.at(p))),
    ),
    no_free_while_mapped: no_free_while_mapped(k.mm, k.folio),
  },
  at_rest: { no_leaked_reference: no_leaked_reference(k.mm, k.folio) },
  reachable: {
    device_uses_system_memory: exists(Page, (p) => k.gpu.pte.at(p).is("sys")),
    device_uses_its_own_memory: exists(Page, (p) => k.gpu.pte.at(p).is("vram")),
    page_moves: some(migrate, (m) => m.at("mmap_read_unlock").and(m.local.migrate)),
  },
  variants: {
    as_in_7_3: {
      doc: "the callback returns at once for its own MIGRATE: an old snapshot passes the check",
      from: "H2; M8",
      breaks: "no_lost_write",
      change: filtered,
    },
    as_in_7_3_page_freed: {
      doc: "the same without a write: then migrate_vma_finalize() frees the page that is mapped",
      from: "H2; M8",
      breaks: "no_device_entry_to_a_free_page",
      change: [...filtered, count_of(write, 0)],
    },
    as_in_7_3_mapped_before: {
      doc: "the same, when the device has mapped the page before: it writes behind the copy",
      from: "H2; M8",
      breaks: "no_lost_write",
      change: [...filtered, mapped_before],
    },
    as_in_nouveau_7_3: {
      doc: "the number moves on, the entry stays, and the map behind the migration is refused (C8)",
      from: "H2; C8",
      breaks: "no_device_entry_to_a_free_page",
      change: [
        remove(migrate, "collect.start.cb.update"),
        replace(migrate, "map", ["nvkm_vmm_pfn_map(): -EINVAL, ignored"]),
        mapped_before,
        count_of(write, 0),
      ],
    },
    as_in_nouveau_with_page_shift: {
      doc: "the map is done, as before large folios: only what is written behind the copy is lost",
      from: "H2; P2",
      breaks: "no_lost_write",
      change: [remove(migrate, "collect.start.cb.update"), mapped_before],
    },
  },
  mutants: {
    seq_not_set: {
      doc: "the entry is erased, but a fault under way is not told",
      from: "M5",
      breaks: "no_device_entry_to_a_free_page",
      change: [remove(migrate, "collect.start.cb.set_seq"), count_of(write, 0)],
    },
    entry_not_erased: {
      doc: "the number moves on, but the device keeps writing to the source",
      from: "M8",
      breaks: "no_lost_write",
      change: [remove(migrate, "collect.start.cb.update")],
    },
  },
});
