/**
 * fork() makes a device-private page of the GPU's process read-only and shared; then the GPU writes
 * to it. hmm_range_fault() reports the page although write access was asked for.
 *
 * Claim    What the GPU writes after fork() does not reach the child, and the GPU's write ends, if
 *          a read-only device-private entry of the caller is faulted like any other when write
 *          access was asked for: the page goes to system memory and is copied.
 * Source   mm/memory.c: copy_nonpresent_pte, do_swap_page, do_wp_page; mm/hmm.c:
 *          hmm_vma_handle_pte, hmm_do_fault; drivers/gpu/drm/drm_gpusvm.c: drm_gpusvm_get_pages;
 *          drivers/gpu/drm/amd/amdgpu/amdgpu_hmm.c: amdgpu_hmm_range_get_pages;
 *          drivers/gpu/drm/amd/amdkfd/kfd_svm.c: svm_range_validate_and_map;
 *          drivers/gpu/drm/nouveau/nouveau_svm.c: nouveau_range_fault, nouveau_hmm_convert_pfn,
 *          nouveau_svm_fault.
 * Omits    the steps inside a migration (its notifier window is there); the GPU's TLB, which every
 *          callback flushes; per-VMA locks; CPU faults of the child, and but for one variant of the
 *          parent; a child that exits.
 */
import {
  actor,
  array,
  bool,
  claim,
  count_of,
  eventually,
  every,
  goto,
  move_before,
  oneOf,
  remove,
  replace,
  retry,
  routine,
  set,
  shared,
  some,
  spec,
  struct,
  when,
} from "mmrace";
import {
  down_read,
  down_write,
  mmu_interval_notifier,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mmu_interval_set_seq,
  mmu_notifier_invalidate_range_end,
  mmu_notifier_invalidate_range_start,
  mmu_notifier_subscriptions,
  rw_semaphore,
  up_read,
  up_write,
} from "mmrace/kernel";

/** VRAM of the GPU (a device-private entry), system memory, and the parent's copy of that. */
const Place = oneOf("none", "vram", "ram", "copy");

const k = shared({
  mmap_lock: rw_semaphore(), // of the parent
  notifier_lock: rw_semaphore(), // the driver's
  subs: mmu_notifier_subscriptions(2),
  sub: mmu_interval_notifier(),
  parent: struct("pte_t", { place: Place.init("vram"), write: bool.init(true) }),
  child: struct("pte_t", { place: Place, write: bool }),
  gpu: struct("gpu_pte", { place: Place, write: bool }),
  /** The content comes from a write of the parent's GPU after fork(). */
  written: array(Place, bool),
});

const invalidate = routine("invalidate", {}, () => ({
  lock: down_write(k.notifier_lock),
  set_seq: ["mmu_interval_set_seq()", mmu_interval_set_seq(k.sub, k.notifier_lock)],
  zap: ["zap the GPU's entry, flush and wait", set(k.gpu.place, "none"), set(k.gpu.write, false)],
  unlock: ["up_write(&notifier_lock)", up_write(k.notifier_lock)],
}));
const start = (event: string) => mmu_notifier_invalidate_range_start(k.subs, event, [invalidate]);
const end = mmu_notifier_invalidate_range_end(k.subs, [k.sub]);

const fork = actor("fork", {}, () => ({
  mmap_write_lock: down_write(k.mmap_lock),
  start: start("MMU_NOTIFY_PROTECTION_PAGE"),
  copy_pte: [
    "copy_nonpresent_pte(), copy_present_ptes(): both read-only",
    set(k.parent.write, false),
    set(k.child.place, k.parent.place),
  ],
  end: ["mmu_notifier_invalidate_range_end()", end],
  mmap_write_unlock: ["mmap_write_unlock(oldmm)", up_write(k.mmap_lock)],
})).as("fork()");

const is_shared = k.child.place.eq(k.parent.place);

/** do_swap_page(): every process that has the page gets it, as it may. */
const comes_home = [
  when(k.child.place.eq("vram"), [set(k.child.place, "ram")]),
  when(k.parent.place.eq("vram"), [
    set(k.parent.place, "ram"),
    set(k.written.at("ram"), k.written.at("vram")),
  ]),
];

const gpu = actor("gpu", { place: Place, write: bool }, (me) => ({
  access: [
    "the GPU writes to the page, or faults",
    when(k.gpu.write, [
      when(k.child.place.ne("none"), [set(k.written.at(k.gpu.place), true)]),
      goto("done"),
    ]),
  ],
  read_begin: mmu_interval_read_begin(k.sub),
  mmap_read_lock: ["hmm_range_fault_unlocked_timeout(): mmap_read_lock()", down_read(k.mmap_lock)],
  walk: [
    "hmm_vma_handle_pte(): HMM_PFN_REQ_WRITE, and no write permission: fault",
    set(me.place, k.parent.place),
    set(me.write, k.parent.write),
    when(me.write, [goto("mmap_read_unlock")]),
    when(k.parent.place.ne("vram"), [goto("do_wp_page")]),
  ],
  swap_start: start("MMU_NOTIFY_MIGRATE"),
  do_swap_page: [
    "do_swap_page(): migrate_to_ram(): the page is moved, read-only for both",
    ...comes_home,
  ],
  swap_end: ["mmu_notifier_invalidate_range_end()", end, goto("again")],
  do_wp_page: [
    "do_wp_page(): wp_page_reuse(), or a copy",
    when(is_shared.not(), [set(k.parent.write, true), goto("again")]),
  ],
  copy_start: start("MMU_NOTIFY_CLEAR"),
  wp_page_copy: [
    "wp_page_copy(): set_pte_at(copy)",
    set(k.written.at("copy"), k.written.at(k.parent.place)),
    set(k.parent.place, "copy"),
    set(k.parent.write, true),
  ],
  copy_end: ["mmu_notifier_invalidate_range_end()", end],
  again: [
    "hmm_do_fault(): -EBUSY: walk again, or begin again",
    up_read(k.mmap_lock),
    mmu_interval_read_end(k.sub),
    goto("read_begin"),
  ],
  mmap_read_unlock: ["mmap_read_unlock()", up_read(k.mmap_lock)],
  lock: ["down_read(&notifier_lock)", down_read(k.notifier_lock)],
  read_retry: [
    "if (mmu_interval_read_retry()) goto again",
    when(mmu_interval_read_retry(k.sub), [
      up_read(k.notifier_lock),
      mmu_interval_read_end(k.sub),
      retry(),
      goto("read_begin"),
    ]),
  ],
  map: [
    "write the GPU's entry, writable if HMM_PFN_WRITE",
    set(k.gpu.place, me.place),
    set(k.gpu.write, me.write),
  ],
  unlock: [
    "up_read(&notifier_lock); the GPU tries again",
    up_read(k.notifier_lock),
    mmu_interval_read_end(k.sub),
    set(me.place, "none"),
    set(me.write, false),
    retry(),
    goto("access"),
  ],
})).as("the parent's GPU");

/** A CPU fault of the parent: only variants have it. */
const cpu = actor("cpu", {}, () => ({
  touch: ["the process reads the page, or faults", when(k.parent.place.ne("vram"), [goto("done")])],
  mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mmap_lock)],
  start: start("MMU_NOTIFY_MIGRATE"),
  do_swap_page: ["do_swap_page(): migrate_to_ram(): read-only for both", ...comes_home],
  end: ["mmu_notifier_invalidate_range_end()", end],
  mmap_read_unlock: ["mmap_read_unlock(mm)", up_read(k.mmap_lock)],
}))
  .times(0)
  .as("the parent's process");

/** hmm_vma_handle_pte(): a device-private entry of the caller is reported as it is. */
const own_page_is_reported = replace(gpu, "walk", [
  "hmm_vma_handle_pte(): own device-private: report it, REQ_WRITE or not",
  set(gpu.me.place, k.parent.place),
  set(gpu.me.write, k.parent.write),
  when(gpu.me.write.or(gpu.me.place.eq("vram")), [goto("mmap_read_unlock")]),
  goto("do_wp_page"),
]);

export default spec({
  name: "c2-fork-device-private",
  doc: "C2, H5: the GPU writes to a device-private page that fork() made read-only",
  configs: { ci: {} },
  shared: k,
  actors: { fork, gpu, cpu },
  always: {
    child_sees_no_later_write: claim(
      "the child's page has no write of the parent's GPU after fork()",
      k.child.place.ne("none").implies(k.written.at(k.child.place).not()),
    ),
    gpu_writes_only_what_the_cpu_may: claim(
      "a writable entry of the GPU leads to the page that the parent may write",
      k.gpu.write.implies(k.gpu.place.eq(k.parent.place)),
    ),
  },
  reachable: {
    gpu_writes_before_fork: some(gpu, (g) => g.at("done")).and(k.child.place.eq("none")),
    page_is_copied: k.parent.place.eq("copy"),
    fault_loses_the_race: some(gpu, (g) => g.at("read_begin.wait_event")),
  },
  liveness: {
    write_ends: eventually(
      every(gpu, (g) => g.at("done")),
      "the GPU's write gets done",
    ),
  },
  variants: {
    as_in_gpusvm_7_3: {
      doc: "drm_gpusvm and amdgpu: nobody looks at HMM_PFN_WRITE, the VMA says what may be written",
      from: "C2; H5; M17",
      breaks: "child_sees_no_later_write",
      change: [
        own_page_is_reported,
        replace(gpu, "map", [
          "write the GPU's entry, writable since the VMA is",
          set(k.gpu.place, gpu.me.place),
          set(k.gpu.write, true),
        ]),
      ],
    },
    foreign_page_comes_home: {
      doc: "the page is another device's: hmm_range_fault() faults it whatever it is asked for",
      from: "S09; mm/hmm.c: hmm_vma_handle_pte",
      change: [
        replace(gpu, "walk", [
          "hmm_vma_handle_pte(): a device-private page of another owner: fault",
          set(gpu.me.place, k.parent.place),
          set(gpu.me.write, k.parent.write),
          when(k.parent.place.eq("vram"), [goto("swap_start")]),
          when(gpu.me.write, [goto("mmap_read_unlock")]),
          goto("do_wp_page"),
        ]),
      ],
    },
    process_touches_the_page: {
      doc: "nouveau's form; the process reads the page, which brings it home, and the replay ends",
      from: "C2; H5; S16",
      change: [
        own_page_is_reported,
        remove(gpu, "do_swap_page"),
        remove(gpu, "swap_end"),
        count_of(cpu, 1),
      ],
    },
    as_in_nouveau_7_3: {
      doc: "nouveau maps the page read-only, reports success, and the GPU replays the write",
      from: "C2; H5",
      breaks: "write_ends",
      change: [own_page_is_reported],
    },
  },
  mutants: {
    fork_does_not_notify_first: {
      doc: "the entries change before the driver is told",
      from: "M17; mm/memory.c: copy_page_range",
      breaks: "child_sees_no_later_write",
      change: [move_before(fork, "copy_pte", "start.itree_start")],
    },
  },
});
