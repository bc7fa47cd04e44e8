/**
 * What kernel engineers look for by its name, and where it is: the object or operation, the test
 * that counts its states, the test that shows how it is misused. docs/kernel-objects.md prints it;
 * docs.test.ts holds it against the code and the tests.
 */

/** `file: title of a test`, in test/kernel; or `specs/FOLDER: mutant`. */
export type Shown = string;

export interface Word {
  word: string;
  /** Exported by mmrace/kernel. */
  where: readonly string[];
  counted: Shown;
  misused: Shown;
  /** What is not there, and why. */
  but?: string;
}

const w = (word: string, where: string, counted: Shown, misused: Shown, but?: string): Word => ({
  word,
  where: where.split(" "),
  counted,
  misused,
  ...(but ? { but } : {}),
});

const locks: Word[] = [
  w(
    "mutex",
    "mutex mutex_lock mutex_trylock mutex_unlock",
    "mutex: %i clients",
    "mutex: an unlock for somebody else",
  ),
  w(
    "spinlock",
    "spinlock spin_lock spin_trylock spin_unlock",
    "spinlock: %i clients",
    "lock-misuse: %s: %s",
  ),
  w(
    "atomic context",
    "might_sleep",
    "spinlock: what does not sleep is allowed",
    "spinlock: %s under %s",
  ),
  w(
    "rw_semaphore, writer queue",
    "rw_semaphore down_read down_write",
    "rwsem: a writer and %i readers",
    "rwsem: a queued writer keeps a nested reader out: deadlock",
  ),
  w(
    "downgrade",
    "downgrade_write",
    "rwsem: a downgraded writer is a reader at once: nobody writes in between",
    "rwsem: misuse: downgrade_write() by a reader, and up_write() behind it",
  ),
  w(
    "trylock",
    "down_read_trylock down_write_trylock",
    "rwsem: trylock fails while somebody writes or waits to, and never blocks",
    "lock-misuse: %s: %s",
  ),
  w(
    "per-VMA lock",
    "vma_lock vma_start_read vma_start_write vma_mark_detached lock_vma_under_rcu",
    "vma-lock: a writer and %i readers",
    "vma-lock: misuse: vma_write_without_mmap_lock, also with mmap_lock for read",
  ),
  w(
    "folio lock, trylock under the page-table lock",
    "folio_trylock do_swap_page_device_private",
    "fault: %i faults move the page once",
    "migrate-mistakes: M24: the reference is taken after the page-table lock was dropped",
  ),
  w(
    "folio lock, wait without a reference",
    "folio_wait_locked migration_entry_wait",
    "fault: sleeps until the folio is unlocked, or returns when the entry is another one",
    "fault: sleeps for ever when the folio stays locked",
  ),
  w(
    "folio lock, order",
    "not_under_folio_lock mmap_lock",
    "lock-order: the right order, other semaphores, and trylocks are no findings",
    "lock-order: mmap_lock for %s under a folio lock",
  ),
  w(
    "ww_mutex, acquire context",
    "ww_class ww_acquire_init ww_acquire_fini",
    "dma-resv: opposite order never deadlocks, the younger dies, the oldest never",
    "dma-resv: misuse: %s %#",
  ),
  w(
    "Wait-Die, -EDEADLK",
    "dma_resv_lock_ctx",
    "dma-resv: a ring of three",
    "dma-resv: waiting where one has to die: deadlock",
  ),
  w(
    "Wound-Wait",
    "ww_mutex ww_mutex_lock ww_wounded",
    "ww-mutex: a ring of three",
    "ww-mutex: misuse: lock_without_ctx, recursive_lock, slow_path_with_locks",
  ),
  w(
    "slow path",
    "dma_resv_lock_slow ww_mutex_lock_slow",
    "ww-mutex: opposite order never deadlocks, the younger dies, the oldest never",
    "ww-mutex: misuse: lock_without_ctx, recursive_lock, slow_path_with_locks",
  ),
  w(
    "drm_exec loop",
    "drm_exec_until_all_locked drm_exec_fini",
    "drm-exec: two jobs in opposite order",
    "drm-exec: without drm_exec_fini() the locks are left behind",
  ),
  w(
    "dma_resv; KERNEL, WRITE, READ, BOOKKEEP",
    "dma_resv dma_resv_list dma_resv_list_add dma_resv_wait_timeout",
    "dma-resv-list: a wait ends when they have signalled",
    "dma-resv-list: lock_not_held, fence_slot_not_reserved",
  ),
  w(
    "seqcount",
    "seqcount read_seqcount_begin read_seqcount_retry write_seqcount_begin",
    "seqcount: states of one reader and one writer",
    "seqcount: two writers without a lock",
  ),
  w(
    "RCU read sections, synchronize_rcu()",
    "rcu rcu_read_lock rcu_read_unlock synchronize_rcu",
    "rcu: %i readers",
    "rcu: freed without a grace period",
  ),
  w(
    "SRCU",
    "srcu_struct srcu_read_lock srcu_read_unlock synchronize_srcu",
    "rcu: does not wait for RCU readers, nor the other way round",
    "rcu: synchronize_srcu() inside its own section is a deadlock",
  ),
  w(
    "completion",
    "completion complete complete_all wait_for_completion",
    "waiting: complete() lets one through",
    "waiting: waiting under a lock that the completing side needs",
  ),
  w(
    "wait queue",
    "wait_queue_head wait_event wake_up",
    "waiting: the condition, then wake_up()",
    "waiting: wake_up(), then the condition: the wake-up is lost",
  ),
  w(
    "workqueue: queue",
    "work_struct queue_work worker",
    "workqueue: runs it once",
    "workqueue: misuse: a run for each queue_work(), but a pending work is queued once",
  ),
  w(
    "workqueue: flush",
    "flush_work",
    "workqueue: returns when the instance that was queued has run",
    "workqueue: under a lock that the work takes is a deadlock",
  ),
  w(
    "workqueue: cancel_sync",
    "cancel_work_sync disable_work_sync",
    "workqueue: on return it is neither queued nor running",
    "workqueue: cancelled by the work itself: deadlock",
  ),
  w(
    "refcount: get_not_zero, put with the release inline",
    "refcount refcount_inc_not_zero refcount_dec_and_test",
    "refcount: an owner and %i users who try",
    "refcount: a reference that is taken where one has to be tried",
  ),
];

const mm: Word[] = [
  w(
    "VMAs",
    "mm_struct",
    "zap: munmap() alone is a chain",
    "zap: misuse: munmap() that detaches the VMA after the zap leaves a page behind",
  ),
  w(
    "PTE: none, present",
    "page_table_entry do_anonymous_page pte_clear",
    "fault: two faults on one page map one frame",
    "fault: misuse: without a second look at the entry the other fault leaks its page",
  ),
  w(
    "PTE: protnone",
    "change_prot_numa",
    "entry-kinds: a page is made inaccessible, and comes back where it was or on another frame",
    "entry-kinds: misuse: do_numa_page() without a second look maps a page that is gone",
  ),
  w(
    "PTE: swap",
    "swap_out do_swap_page_swap swap_put_entries",
    "entry-kinds: zapped meanwhile: neither the folio nor the slot leaks",
    "entry-kinds: a page that is written to swap before the TLB was flushed loses a store",
  ),
  w(
    "PTE: migration, read, write, exclusive",
    "remove_migration_ptes page_anon_exclusive pte_write",
    "exclusive: survives a migration: written in place under somebody's reference",
    "exclusive: a readable migration entry in its place: the holder is left behind",
  ),
  w(
    "PTE: device-private",
    "do_swap_page_device_private",
    "fault: %i faults move the page once",
    "lock-misuse: a fault on a device-private entry needs the driver's handler",
  ),
  w(
    "PTE: device-exclusive",
    "make_device_exclusive remove_device_exclusive_entry",
    "entry-kinds: made by the device, ended by the CPU or by a zap",
    "entry-kinds: a fault that does not look at the entry again maps a page that is gone",
  ),
  w(
    "CPU TLB, flushed after the end of the window",
    "cpu_tlb_fill cpu_tlb_store flush_tlb_page",
    "cpu-tlb: the TLB leads to the page until tlb_finish_mmu(), and the page is still there",
    "cpu-tlb: pages that go back before the flush are found",
  ),
  w(
    "page-table lock: one section, one step",
    "page_table_lock not_under_page_table_lock",
    "zap: madvise() alone is a chain",
    "spinlock: is not held across a notifier",
  ),
  w(
    "frame: refcount, lock, data version, kind, reuse after free",
    "folio Frame folio_get folio_put alloc_page versions",
    "folio: alloc_locked_page() hands it out locked",
    "folio: misuse: freed_while_locked",
  ),
  w(
    "frame: mapcount",
    "folio_mapped",
    "migrate: a folio that is still mapped is restored, whatever its references",
    "reclaim: misuse: freed without folio_mapped() and folio_ref_freeze()",
    "counted from the entries, so that it can't be wrong",
  ),
  w(
    "munmap()",
    "munmap munmap_actor",
    "zap: munmap() alone is a chain",
    "zap: misuse: munmap() that detaches the VMA after the zap leaves a page behind",
  ),
  w(
    "MADV_DONTNEED, VMA lock only",
    "madvise_dontneed dontneed_actor",
    "zap: madvise() runs while mmap_lock is held for write",
    "cpu-tlb: pages that go back before the flush are found",
  ),
  w(
    "mprotect()",
    "mprotect wp_page_reuse",
    "cpu-tlb: alone is a chain",
    "cpu-tlb: the CPU may write through its TLB until the flush, and not after",
  ),
  w(
    "fork() and COW",
    "dup_mmap do_wp_page write_protected",
    "address-spaces: shares a device page: two entries, two references",
    "address-spaces: and not private when the store does not look at the protection",
    "not for swap and device-exclusive entries (MR108)",
  ),
  w(
    "mremap()",
    "mremap",
    "address-spaces: moves a migration entry, and the rmap walk finds it",
    "specs/page-centric: rmap_alone_and_mremap",
  ),
  w(
    "reclaim",
    "shrink_folio_list",
    "reclaim: gives a page up, or keeps it: one step for what nobody finds, two for what stays",
    "reclaim: misuse: given up while somebody has a reference: a store is lost",
  ),
  w(
    "NUMA hinting",
    "change_prot_numa do_numa_page",
    "entry-kinds: a page is made inaccessible, and comes back where it was or on another frame",
    "entry-kinds: misuse: do_numa_page() without a second look maps a page that is gone",
  ),
  w(
    "khugepaged",
    "collapse_huge_page",
    "mm-teardown: no store gets lost between the end of the window and the new PMD",
    "mm-teardown: with the PMD left in place, one does",
  ),
  w(
    "OOM reaper, non-blockable",
    "oom_reap_task_mm",
    "mm-teardown: reaps, or leaves what the driver refuses; nobody gets a new page afterwards",
    "mm-teardown: misuse: the driver agrees without its lock: the device keeps a page that is free",
  ),
  w(
    "exit_mmap()",
    "exit_mmap",
    "mm-teardown: is a chain, and nothing is left",
    "specs/lock-order: m10_mmput_under_resv",
  ),
  w(
    "hmm_range_fault()",
    "hmm_range_fault hmm_range_fault_other_owner",
    "fault: meets munmap(): ok, -EBUSY or -EFAULT",
    "specs/hmm-mirror: read_begin_after_snapshot",
  ),
  w(
    "do_swap_page() before 6.1",
    "do_swap_page_unreferenced",
    "fault-history: one fault alone moves the page",
    "fault-history: nobody keeps the page that migrate_to_ram() is going to work on",
  ),
  w(
    "do_swap_page() of 6.1",
    "do_swap_page_unlocked",
    "address-spaces: lets two faults take a reference each before either has the lock",
    "specs/do-swap-page: reference_first",
  ),
  w(
    "do_swap_page() of 6.15",
    "do_swap_page_trylock",
    "fault-history: who does not get the lock returns at once",
    "specs/do-swap-page: trylock_spins",
  ),
  w(
    "migrate_vma_*",
    "migrate_vma_collect migrate_device_unmap migrate_device_pages migrate_device_finalize",
    "migrate: a page moves to VRAM",
    "migrate-mistakes: M24: the reference is taken after the page-table lock was dropped",
  ),
  w(
    "migrate_device_*",
    "migrate_device_range migrate_device_pfn_lock",
    "migrate-device: a device page moves to system memory",
    "migrate-device: a stray reference: unmap lets it pass, folio_migrate_mapping() does not",
  ),
  w(
    "failure and restore",
    "migrate_device_unmap migrate_vma_insert_page",
    "migrate-device: an extra reference: unmap restores it, or finalize, when it came later",
    "specs/hmm-mirror: migration_entry_left_behind",
  ),
];

const notifier: Word[] = [
  w(
    "epochs",
    "mmu_interval_read_begin mmu_interval_read_retry mmu_interval_set_seq",
    "interval-notifier: two intervals, readers of both, invalidations that overlap or hit none",
    "interval-notifier: notices a number that a later callback of the epoch makes up",
  ),
  w(
    "partial and full exclusion, deferred insert",
    "mmu_interval_notifier_insert mn_itree_inv_start_range",
    "interval-tree: an insert during an invalidation keeps its readers waiting, and is not called",
    "interval-notifier: notices an end that wakes only one of the intervals",
  ),
  w(
    "deferred remove",
    "mmu_interval_notifier_remove",
    "interval-tree: two of each: inserts and removals are deferred, none is called once removed",
    "interval-tree: a removal that does not wait is found",
  ),
  w(
    "two-pass invalidate",
    "mn_invalidate_range_start",
    "notifier-range: every first pass, then every finish pass, then the classic notifiers",
    "specs/xe-svm: flush_not_waited_for",
  ),
  w(
    "event owner filters",
    "subscribers",
    "notifier-range: its callback is left out, the others are called, and the epoch is counted",
    "specs/questions/h2: as_in_7_3_mapped_before",
  ),
  w(
    "classic notifier, start and end",
    "mn_invalidate_range_start mmu_notifier_invalidate_range_start_nonblock",
    "notifier-range: the driver refuses: everything is undone, the caller does not end",
    "notifier-range: a classic notifier refuses after the interval ones agreed: nobody ends (M14)",
  ),
];

const device: Word[] = [
  w(
    "GPU page table",
    "device_mmu zap_device_pte no_stale_gpu_pte",
    "device: zap, flush, wait: nothing is left behind",
    "device: a translation that is cached survives a flush that nobody waits for",
  ),
  w(
    "GPU TLB: submit, wait for the flush",
    "submit_tlb_flush wait_tlb_flush complete_tlb_flush fill_tlb",
    "device: a fill needs an entry, and happens once",
    "device: a device that never answers: deadlock",
  ),
  w(
    "fault queue with replay",
    "fault_queue gpu_access fault_queue_pop fault_ack",
    "limits: what has no translation after the acknowledgement faults again",
    "specs/amdkfd-svm: another_gpu_faults",
  ),
  w(
    "jobs and fences: bind, unbind",
    "bind_job push_bind add_bind_fence run_bind push_unbind run_unbind",
    "bind-job: who waits for the fences finds the page mapped, and an unbind clears it",
    "specs/xe-svm: bind_fence_added_too_late",
  ),
  w(
    "jobs and fences: copy, job",
    "job job_arm job_add_fence job_push job_wait migrate_copy_and_finalize",
    "job: one command is a chain: map, arm, fence, push, start, finish, irq, signal",
    "job: who waits before the fence is added waits for nothing",
  ),
  w(
    "fences: preempt",
    "preempt_fence preempt_fence_wait preempt_fence_work preempt_fence_resume",
    "bind-job: one eviction: suspended, moved, resumed with a new fence",
    "bind-job: misuse: resumed_while_running",
  ),
  w(
    "signalling sections",
    "dma_fence_begin_signalling dma_fence_end_signalling dma_fence_wait",
    "dma-fence: a waiter goes on when it has signalled",
    "dma-fence: the signalling path needs a lock that the waiter holds",
  ),
  w(
    "DMA mappings",
    "hmm_dma_map hmm_dma_map_pfn hmm_dma_unmap_pfn",
    "hmm-dma: a page that is mapped is not linked again",
    "hmm-dma: a lost HMM_PFN_DMA_MAPPED links twice",
    "without generations: a device entry whose address is not linked is caught in every state",
  ),
  w(
    "queues that can be quiesced",
    "user_queues kgd2kfd_quiesce_mm kgd2kfd_resume_mm",
    "limits: two evictions: whoever returns from quiesce finds them stopped",
    "specs/amdkfd-svm: quiesce_does_not_wait",
  ),
  w(
    "VRAM allocator with reuse",
    "vram_mgr_new vram_mgr_del vram_access",
    "vram-mgr: one block for two: the second one gets it after the first, or gets none",
    "vram-mgr: misuse: %s",
  ),
  w(
    "TTM: LRU, eviction walk",
    "ttm_buffer_object ttm_bo_evict_alloc",
    "ttm: waits for a lock in the second walk",
    "ttm: misuse: evicted twice, the block is counted twice",
    "the order of the LRU is any",
  ),
  w(
    "shrinker",
    "ttm_lru_trylock_in_system",
    "ttm: a shrinker leaves alone what is in VRAM or locked",
    "specs/exhaustive-eviction: trylock_only",
  ),
];

const context: Word[] = [
  w(
    "reclaim recursion",
    "alloc_pages may_reclaim",
    "reclaim: %s: does not reclaim, may fail",
    "reclaim: %s: reclaim needs the lock",
  ),
  w(
    "atomic sections",
    "preempt_count preempt_disable rcu_read_lock spin_lock",
    "spinlock: an SRCU read section is no atomic context",
    "spinlock: %s under %s",
  ),
  w(
    "non-preemptible spinners",
    "cpus occupy_cpu give_up_cpu cond_resched lru_add_drain_all",
    "reclaim: the process that drains does not wait for itself",
    "reclaim: a spinner that waits for the folio, with a CPU that the drain needs",
  ),
];

export const vocabulary: readonly (readonly [string, readonly Word[]])[] = [
  ["Locks", locks],
  ["Memory", mm],
  ["Notifiers", notifier],
  ["Devices", device],
  ["Context", context],
];
