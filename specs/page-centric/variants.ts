/** The scheme as first posted, between that and the corrected one, and what it does not survive. */
import {
  type Change,
  count_of,
  type Effect,
  goto,
  insert_before,
  local_of,
  none,
  type Ref,
  remove,
  replace,
  ret,
  set,
  size,
  type Variant,
  when,
} from "mmrace";
import {
  Frame,
  type FrameOf,
  folio_unlock,
  MmId,
  type MmOf,
  Page,
  type PageOf,
} from "mmrace/kernel";
import { cpu_fault, cpu_fault_v1, cpu_fault_v2 } from "./cpu.ts";
import { evict, evict_v1 } from "./evict.ts";
import { gpu_fault, gpu_fault_v1 } from "./gpu-fault.ts";
import { k } from "./state.ts";

/** The actors that differ; `cpu` is the CPU fault. */
const instead = (cpu: typeof cpu_fault): Change[] => [
  count_of(cpu_fault, 0),
  count_of(cpu, size("cpu_faults")),
  count_of(gpu_fault, 0),
  count_of(gpu_fault_v1, size("gpu_faults")),
  count_of(evict, 0),
  count_of(evict_v1, size("evictions")),
];

const as_first_posted = instead(cpu_fault_v1);

/** The retry predicate is "the CPU's entry still refers to this page". */
const with_cpu_predicate = instead(cpu_fault_v2);

/** The driver's own MMU_NOTIFY_MIGRATE zaps nothing: the reverse map has done it. */
const with_own_migrations_filtered: Change[] = [
  ...with_cpu_predicate,
  replace(cpu_fault_v2, "swap.migrate_to_ram.migrate.collect.start.cb.zap", [
    "if (event == MMU_NOTIFY_MIGRATE && owner == mine) no zap",
    goto("pt_unlock"),
  ]),
];

/** Nor does what its eviction makes core mm announce. */
const with_rmap_alone: Change[] = [
  ...with_own_migrations_filtered,
  replace(evict_v1, "unmap.start.cb.zap", ["if (current is evicting) no zap", goto("pt_unlock")]),
];

/** The reverse map is written when the page is allocated, and stays until it is freed. */
const { me } = gpu_fault_v1;
const dst = local_of("migrate.dst", Frame);
const lookup = (
  frame: Ref<FrameOf>,
  mm: Ref<MmOf>,
  page: Ref<PageOf>,
): [string, ...Effect<string>[]] => [
  "mm, va = page->zone_device_data",
  when(k.rmap.at(frame).page.eq(none), [goto("unmapped")]),
  set(mm, k.rmap.at(frame).mm),
  set(page, k.rmap.at(frame).page),
];
const with_rmap_of_allocation: Change[] = [
  ...with_own_migrations_filtered,
  replace(
    cpu_fault_v2,
    "swap.migrate_to_ram.gpu_unmap.rmap",
    lookup(
      cpu_fault_v2.me.frame,
      local_of("swap.migrate_to_ram.at_mm", MmId),
      local_of("swap.migrate_to_ram.at_page", Page),
    ),
  ),
  replace(
    evict_v1,
    "gpu_unmap.rmap",
    lookup(evict_v1.me.src, evict_v1.me.at_mm, evict_v1.me.at_page),
  ),
  insert_before(gpu_fault_v1, "migrate.finalize.copy_write", {
    zone_device_data: [
      "dst->zone_device_data = mm, va",
      set(k.rmap.at(dst).mm, me.mm),
      set(k.rmap.at(dst).page, me.page),
    ],
  }),
  replace(gpu_fault_v1, "map", ["write the GPU PTE", set(k.gpu.at(me.mm).pte.at(me.page), me.pfn)]),
];

export const variants: Record<string, Variant> = {
  as_first_posted: {
    doc: "reverse map in the page, page lock at GPU fault, retry unless the GPU maps the page",
    from: "S27 (c), 15 (P5c)",
    breaks: "retry_means_that_the_page_moved",
    change: as_first_posted,
  },
  retry_unless_rmap_is_set: {
    doc: 'as first posted, but "still GPU mapped" means that the page has a reverse map',
    from: "S27 (c)",
    breaks: "retry_means_that_the_page_moved",
    change: [
      ...as_first_posted,
      replace(cpu_fault_v1, "swap.migrate_to_ram.still_mapped", [
        "if (!page->zone_device_data) return 0; /* fault again */",
        when(k.rmap.at(cpu_fault_v1.me.frame).page.eq(none), [goto("give_up")]),
      ]),
    ],
  },
  cpu_pte_as_predicate: {
    doc: "as first posted, with the CPU's page-table entry as the retry predicate",
    from: "S27 (c), (e)",
    change: with_cpu_predicate,
  },
  page_lock_without_retry_check: {
    doc: "the page lock at GPU fault in place of the notifier's sequence number",
    from: "S27 (e), 15 (P1)",
    breaks: "no_stale_gpu_pte",
    change: [...with_cpu_predicate, remove(gpu_fault_v1, "read_retry")],
  },
  every_page_locked_and_asked: {
    doc: "every page is locked, and the CPU's entry looked at under both locks, without the number",
    from: "S27 (3), (e)",
    breaks: "no_stale_gpu_pte",
    change: [
      ...with_cpu_predicate,
      replace(gpu_fault_v1, "lock_page.is_device", ["whatever the page is"]),
      replace(gpu_fault_v1, "unlock_page.unlock_page", [
        "folio_unlock(page)",
        folio_unlock(k.folio.at(me.pfn).lock),
      ]),
      replace(gpu_fault_v1, "read_retry", [
        "if (!pte_same(*cpu_pte, page)) goto again",
        when(k.mm.at(me.mm).pte.at(me.page).frame.ne(me.pfn), [
          set(me.err, "ebusy"),
          goto("pt_unlock"),
        ]),
      ]),
    ],
  },
  corrected_without_reference: {
    doc: "the GPU fault takes no reference: the sequence number alone",
    from: "S27 (e)",
    change: [
      replace(gpu_fault, "get_page", ["/* no reference */"]),
      replace(gpu_fault, "put_page", [
        "if (err == -EBUSY) goto again",
        when(gpu_fault.me.err.eq("ebusy"), [goto("again")]),
      ]),
    ],
  },
  rmap_alone: {
    doc: "own migrations are unmapped by the reverse map only: enough while there is one mapping",
    from: "S27 (1), (2); core-mm.md 3.7",
    change: with_rmap_alone,
  },
  rmap_alone_without_page_lock: {
    doc: "and the GPU fault does not lock the page: it maps it again behind the unmap",
    from: "S27 (3), (e)",
    breaks: "no_stale_gpu_pte",
    change: [
      ...with_rmap_alone,
      replace(gpu_fault_v1, "lock_page.is_device", ["/* no page lock */", ret()]),
      replace(gpu_fault_v1, "unlock_page.unlock_page", ["/* no page lock */", ret()]),
    ],
  },
  rmap_alone_and_mremap: {
    doc: "the page moves; the GPU fault at the new address writes the reverse map anew",
    from: "S27 (b), 14.8",
    config: "moved_vram",
    // Safe; but the page's reference of each fault makes the other one's migration fail.
    breaks: "starvation",
    change: with_rmap_alone,
  },
  rmap_of_allocation: {
    doc: "the reverse map names the address at which the page was allocated",
    from: "S27; Documentation/gpu/rfc/gpusvm.rst",
    change: with_rmap_of_allocation,
  },
  rmap_of_allocation_and_mremap: {
    doc: "the page moves, the GPU maps it where it is now, and the reverse map names the old place",
    from: "S27 (b), 14.8; Documentation/gpu/rfc/gpusvm.rst",
    config: "moved_vram",
    breaks: "no_stale_gpu_pte",
    change: with_rmap_of_allocation,
  },
  rmap_alone_and_fork: {
    doc: "two processes share a device page that has room for one GPU mapping",
    from: "S27 (a), 14.8",
    config: "shared_vram",
    breaks: "no_stale_gpu_pte",
    change: with_rmap_alone,
  },
};
