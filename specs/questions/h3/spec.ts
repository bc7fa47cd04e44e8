/**
 * test_hmm, the example for drivers, writes the device's entries between migrate_vma_pages() and
 * migrate_vma_finalize() without asking whether the address was invalidated meanwhile.
 *
 * Claim    The device's entries lead to no free page, if the sequence number is read before the
 *          migration begins and checked under the driver's lock; own events of the migration are
 *          filtered, or the check would always fail.
 * Source   lib/test_hmm.c: dmirror_migrate_to_device, dmirror_migrate_finalize_and_map,
 *          dmirror_interval_invalidate; mm/migrate_device.c: migrate_vma_pages ("it is safe to
 *          update device page table"); mm/madvise.c: get_lock_mode; mm/memory.c:
 *          zap_nonpresent_ptes.
 * Omits    a device entry of the source (see h2); device faults; holes; several pages.
 */
import {
  actor,
  bool,
  claim,
  type Expr,
  forall,
  goto,
  insert_before,
  none,
  rare,
  remove,
  self,
  set,
  some,
  spec,
  when,
} from "mmrace";
import {
  alloc_locked_vram,
  dontneed_actor,
  down_read,
  Frame,
  migrate_device_finalize,
  migrate_device_pages,
  migrate_vma_collect,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mutex_lock,
  mutex_unlock,
  no_free_while_mapped,
  no_leaked_reference,
  Page,
  type PageOf,
  subscribers,
  up_read,
} from "mmrace/kernel";
import { invalidate, k, leads_to_a_folio_in_use, touch } from "../own-migration.ts";

/** dmirror_interval_invalidate() returns true at once for MMU_NOTIFY_MIGRATE of its own. */
const dmirror = (page: Expr<PageOf>) =>
  subscribers(k.mm.subs, {
    intervals: [
      {
        sub: k.mm.sub,
        callback: (e) => (e === "MMU_NOTIFY_MIGRATE" ? undefined : invalidate(page)),
      },
    ],
  });

const moves = { page: Page, src: Frame, dst: Frame, migrate: bool };

const migrate = actor("migrate", moves, (me) => ({
  touch: touch(me.page, me.src),
  mmap_read_lock: ["dmirror_migrate_to_device(): mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
  read_begin: mmu_interval_read_begin(k.mm.sub),
  collect: migrate_vma_collect(k.mm, k.folio, me, "present", dmirror(me.page)),
  cpages: ["if (!cpages) nothing moves", when(me.src.eq(none), [goto("mmap_read_unlock")])],
  alloc: [
    "dmirror_migrate_alloc_and_copy()",
    alloc_locked_vram(k.folio, me.dst),
    set(k.folio.at(me.dst).data, k.folio.at(me.src).data),
    goto("pages"),
  ],
  restore: ["no page: dst = 0", rare()],
  pages: migrate_device_pages(k.folio, me, me.migrate),
  lock: ["dmirror_migrate_finalize_and_map(): mutex_lock(&dmirror->mutex)", mutex_lock(k.mutex)],
  read_retry: [
    "if (mmu_interval_read_retry()) leave it to the next fault /* not in 7.3 */",
    when(mmu_interval_read_retry(k.mm.sub), [goto("unlock")]),
  ],
  map: [
    "if (MIGRATE_PFN_MIGRATE) xa_store(&dmirror->pt, dpage)",
    when(me.migrate, [set(k.gpu.pte.at(me.page), me.dst)]),
  ],
  unlock: ["mutex_unlock(&dmirror->mutex)", mutex_unlock(k.mutex)],
  finalize: migrate_device_finalize(k.mm, k.folio, me, me.migrate),
  mmap_read_unlock: [
    "mmap_read_unlock(mm)",
    up_read(k.mm.mmap_lock),
    mmu_interval_read_end(k.mm.sub),
  ],
})).as("HMM_DMIRROR_MIGRATE_TO_DEV");

const dontneed = dontneed_actor(k.mm, k.folio, dmirror);

const no_check = [
  remove(migrate, "read_begin.read_seq"),
  remove(migrate, "read_begin.wait_event"),
  remove(migrate, "read_retry"),
];

export default spec({
  name: "h3-map-without-retry",
  doc: "H3: the device's entries are written after migrate_vma_pages() without a retry check",
  configs: { ci: { pages: 1, sys_frames: 1, vram_frames: 1, versions: 0 } },
  shared: k,
  actors: { migrate, dontneed },
  always: {
    no_device_entry_to_a_free_page: claim(
      "an entry of the device leads to no free page",
      forall(Page, (p) => leads_to_a_folio_in_use(k.gpu.pte.at(p))),
    ),
    no_free_while_mapped: no_free_while_mapped(k.mm, k.folio),
  },
  at_rest: { no_leaked_reference: no_leaked_reference(k.mm, k.folio) },
  reachable: {
    migration_entry_is_zapped: some(migrate, (m) =>
      m.at("finalize.remove_ptes").and(k.mm.pte.at(m.local.page).kind.eq("none")),
    ),
    page_is_mapped: some(migrate, (m) => m.at("map")),
  },
  variants: {
    as_in_7_3: {
      doc: "no number is read, nothing is checked",
      from: "H3; M9",
      breaks: "no_device_entry_to_a_free_page",
      change: no_check,
    },
  },
  mutants: {
    read_begin_after_collect: {
      doc: "what was invalidated before the number was read is not seen",
      from: "M6",
      breaks: "no_device_entry_to_a_free_page",
      change: [
        ...no_check.slice(0, 2),
        insert_before(migrate, "alloc", {
          late: ["seq = interval_sub->invalidate_seq", set(k.mm.sub.read.at(self), "fresh")],
        }),
      ],
    },
  },
});
