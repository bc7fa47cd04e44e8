/**
 * A secondary MMU with a classic notifier (virt/kvm/kvm_main.c): a fault of the guest reads the
 * sequence number, looks the page up without a lock, and maps it under mmu_lock unless an
 * invalidation is in progress or has ended since. Others that mirror with range_start and range_end
 * work alike.
 *
 * As in mmu-interval-notifier.ts only the comparison of numbers matters: read.at(p) is fresh while
 * mmu_invalidate_seq equals the number that p has read.
 *
 * Sections under mmu_lock are one step each, so the lock itself is not modelled.
 *
 * Omits    the range that is being invalidated (here it always contains the page); the page table
 *          of the guest; gfn_to_pfn caches; the lock-free part of the TDP MMU.
 */
import {
  array,
  block,
  type Effect,
  type Effects,
  type Expr,
  each,
  oneOf,
  proc,
  range,
  type SizeLike,
  type Struct,
  self,
  set,
  struct,
  when,
} from "../index.ts";
import { might_sleep, not_under_page_table_lock } from "./context.ts";

/** `max` invalidations at a time. */
export const kvm_mmu = (max: SizeLike = 1) =>
  struct("kvm_mmu", {
    mmu_invalidate_in_progress: range(0, max),
    read: array(proc, oneOf("none", "fresh", "stale")),
  });
export type KvmMmu = Struct<ReturnType<typeof kvm_mmu>>;

/** mmu_seq = kvm->mmu_invalidate_seq; smp_rmb(). */
export function read_mmu_seq(kvm: KvmMmu): Effect {
  return set(kvm.read.at(self), "fresh");
}

/** mmu_invalidate_retry(), under mmu_lock: what was looked up is not to be mapped. */
export function mmu_invalidate_retry(kvm: KvmMmu): Expr<boolean> {
  return kvm.mmu_invalidate_in_progress.gt(0).or(kvm.read.at(self).ne("fresh"));
}

/** The number goes out of scope: no C line, keeps the state small. */
export function forget_mmu_seq(kvm: KvmMmu): Effect {
  return set(kvm.read.at(self), "none");
}

/** kvm_mmu_notifier_invalidate_range_start(): under mmu_lock, counts and zaps. */
export function kvm_mmu_invalidate_range_start(kvm: KvmMmu, zap: Effects): Effect {
  const n = kvm.mmu_invalidate_in_progress;
  const what = "mmu_notifier_invalidate_range_start()";
  return block(not_under_page_table_lock(what), might_sleep(what), set(n, n.plus(1)), ...zap);
}

/** kvm_mmu_notifier_invalidate_range_end(): a new sequence number, one less in progress. */
export function kvm_mmu_invalidate_range_end(kvm: KvmMmu): Effect {
  const n = kvm.mmu_invalidate_in_progress;
  return block(outdate(kvm), set(n, n.minus(1)));
}

/** kvm_mmu_notifier_invalidate_page(), until 4.13: a new sequence number and the zap, at once. */
export function kvm_mmu_invalidate_page(kvm: KvmMmu, zap: Effects): Effect {
  return block(might_sleep("mmu_notifier_invalidate_page()"), outdate(kvm), ...zap);
}

/** kvm->mmu_invalidate_seq++. */
function outdate(kvm: KvmMmu): Effect {
  return each(proc, (p) => [when(kvm.read.at(p).eq("fresh"), [set(kvm.read.at(p), "stale")])]);
}
