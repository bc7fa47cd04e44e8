/**
 * Known mistakes, and what each must break. `from` is a letter of docs/sources.md, a commit that
 * put an end to the mistake, or the function whose rule is broken.
 */
import {
  count_of,
  goto,
  insert_after,
  insert_before,
  type Mutant,
  move_before,
  none,
  remove,
  replace,
  ret,
  retry,
  set,
  wait,
  when,
} from "mmrace";
import {
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mmu_interval_set_seq,
  mutex_lock,
  mutex_unlock,
  up_read,
} from "mmrace/kernel";
import { free_work } from "./child.ts";
import { hca } from "./device.ts";
import { dontneed } from "./invalidate.ts";
import { pagefault } from "./pagefault.ts";
import { k } from "./state.ts";

const { me } = pagefault;
const m = k.mr.at(me.mr);
const sub = m.notifier.sub;
const gone = k.mr.at(dontneed.me.mr);

export const mutants: Record<string, Mutant> = {
  retry_not_checked: {
    doc: "a fault maps what it saw before the invalidation",
    from: "M4",
    breaks: "no_stale_mtt",
    change: [remove(pagefault, "handle.real_mr.map.read_retry")],
  },
  retry_checked_outside_umem_mutex: {
    doc: "the notifier comes between the check and the lock",
    from: "M4; D1",
    breaks: "no_stale_mtt",
    change: [
      remove(pagefault, "handle.real_mr.map.read_retry"),
      insert_before(pagefault, "handle.real_mr.map.umem_lock", {
        early_retry: [
          "if (mmu_interval_read_retry()) goto retry; /* no lock */",
          when(mmu_interval_read_retry(sub), [goto("read_begin")]),
        ],
      }),
    ],
  },
  dma_unmapped_before_the_zap: {
    doc: "the addresses are unlinked while the HCA still has them",
    from: "D5",
    breaks: "dma_mapped_while_the_hca_uses_it",
    change: [move_before(dontneed, "zap.zap.start.cb.unmap", "zap.zap.start.cb.zap")],
  },
  zap_not_awaited: {
    doc: "the UMR is posted, and the addresses are unlinked under a DMA that is under way",
    from: "M7",
    breaks: "dma_mapped_while_the_hca_uses_it",
    change: [
      replace(dontneed, "zap.zap.start.cb.zap", [
        "mlx5r_umr_update_xlt(mr, ZAP) /* posted only */",
        set(gone.mtt.at(dontneed.me.page), false),
      ]),
    ],
  },
  interval_inserted_without_the_current_seq: {
    doc: "a child that is created during an invalidation does not wait for its end",
    from: "M19",
    breaks: "no_stale_mtt",
    change: [
      insert_after(pagefault, "handle.get_child.insert", {
        old_seq: [
          "interval_sub->invalidate_seq = subscriptions->invalidate_seq - 1 /* always */",
          set(sub.seq_is_current, false),
        ],
      }),
    ],
  },
  child_freed_under_a_fault: {
    doc: "mlx5r_deref_wait_odp_mkey() does not wait for the faults that have found the child",
    from: "P7",
    breaks: "use_after_free",
    change: [remove(free_work, "deref_wait")],
  },
  notifier_removal_not_awaited: {
    doc: "the child is freed while an invalidation still goes through the tree",
    from: "mm/mmu_notifier.c: mmu_interval_notifier_remove()",
    breaks: "freed_while_locked",
    config: "two_notifiers",
    change: [remove(free_work, "dereg.notifier_remove.wait_event")],
  },
  ksm_not_updated: {
    doc: "the child's key is destroyed without the locked update that takes it out of the KSM",
    from: "drivers/infiniband/hw/mlx5/odp.c: populate_ksm()",
    breaks: "ksm_names_a_live_child",
    change: [remove(free_work, "update_ksm")],
  },
  child_erased_without_cmpxchg: {
    doc: "xa_erase(): a child that is being freed and filled again is queued a second time",
    from: "d3d930411ce3",
    breaks: "work_queued_twice",
    change: [
      count_of(dontneed, 2),
      // For a shorter search: nobody frees, nobody stores.
      count_of(hca, 0),
      count_of(free_work, 0),
      replace(dontneed, "zap.zap.start.cb.cmpxchg", [
        "xa_erase(&imr->implicit_children, idx)",
        set(k.imr.child, none),
      ]),
    ],
  },
  parent_reference_leaked: {
    doc: "the work item keeps its reference: the region can't be given back",
    from: "P7",
    breaks: "deadlock",
    config: "two_notifiers",
    change: [replace(free_work, "deref_parent", ["return; /* no deref */", goto("work")])],
  },
  notifier_updates_a_revoked_key: {
    doc: "private is not looked at: a translation of a destroyed mkey is updated",
    from: "drivers/infiniband/hw/mlx5/mr.c: mlx5_revoke_mr()",
    breaks: "umr_on_a_freed_mkey",
    config: "two_notifiers",
    change: [
      replace(dontneed, "zap.zap.start.cb.set_seq", [
        "mmu_interval_set_seq(); if (!npages) goto out",
        mmu_interval_set_seq(gone.notifier.sub),
        when(gone.npages.eq(0), [goto("out")]),
      ]),
    ],
  },
  notifier_waits_for_faults: {
    doc: "the notifier waits for the child's users under umem_mutex instead of queueing work",
    from: "P4",
    breaks: "deadlock",
    change: [
      insert_before(dontneed, "zap.zap.start.cb.queue_work", {
        wait_users: [
          "wait_event(mmkey->wait, usecount == 1) /* under umem_mutex */",
          wait(gone.usecount.count.eq(1)),
        ],
      }),
    ],
  },
  mmput_under_umem_mutex: {
    doc: "the last mmput() runs exit_mmap() and with it the notifier, in the same task",
    from: "85eaeb5058f0; O10",
    breaks: "recursive_lock",
    change: [
      insert_before(pagefault, "handle.real_mr.map.take", {
        mmput: [
          "mmput(owning_mm): exit_mmap(), mlx5_ib_invalidate_range()",
          mutex_lock(m.umem_mutex),
        ],
      }),
    ],
  },
  read_begin_under_umem_mutex: {
    doc: "a fault sleeps for the end of an epoch; a second notifier of it needs the mutex",
    from: "M13",
    breaks: "deadlock",
    config: "two_notifiers",
    change: [
      remove(pagefault, "handle.real_mr.map.umem_lock"),
      insert_before(pagefault, "handle.real_mr.map.read_begin.read_seq", {
        early_lock: ["mutex_lock(&umem_odp->umem_mutex) /* too early */", mutex_lock(m.umem_mutex)],
      }),
      replace(pagefault, "handle.real_mr.map.mmap_read_unlock", [
        "mmap_read_unlock(); if (ret) mutex_unlock(&umem_mutex)",
        up_read(k.mm.mmap_lock),
        when(me.err.ne("ok"), [mutex_unlock(m.umem_mutex)]),
        when(me.err.eq("ebusy"), [retry(), goto("read_begin")]),
        when(me.err.eq("efault"), [mmu_interval_read_end(sub), ret()]),
      ]),
    ],
  },
};
