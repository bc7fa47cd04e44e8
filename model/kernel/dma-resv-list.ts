/**
 * The fences of a dma_resv with their usage classes (drivers/dma-buf/dma-resv.c,
 * include/linux/dma-resv.h).
 *
 *   KERNEL     memory management: everybody waits
 *   WRITE      implicit synchronization with everybody
 *   READ       implicit synchronization with writers
 *   BOOKKEEP   no implicit synchronization: page-table updates, TLB flushes, preemption
 *
 * Asking for one class means all classes up to it. A wait without the dma_resv held sees the fences
 * that are there when it looks; those that are added while it sleeps it may miss, and here it does.
 *
 * Fences are a scalarset of the spec: as many as can be pending at a time, reused after they
 * signalled.
 *
 * Rules    fences are added under the dma_resv (`lock_not_held`), into reserved slots
 *          (`fence_slot_not_reserved`), and made public once (`fence_pending_twice`).
 *
 * Omits    contexts and seqnos, containers, errors, enable_signaling, dma_resv_replace_fences().
 */
import {
  all,
  array,
  assert,
  block,
  bool,
  type Effect,
  type Expr,
  each,
  forall,
  lockEvent,
  type Member,
  oneOf,
  proc,
  type Routine,
  range,
  ret,
  routine,
  type SizeLike,
  type Struct,
  self,
  set,
  struct,
  type Type,
  wait,
  when,
} from "../index.ts";
import { might_sleep } from "./context.ts";
import type { DmaResv } from "./dma-resv.ts";
import { lockdep_assert_held } from "./lockdep.ts";

const classes = ["kernel", "write", "read", "bookkeep"] as const;
/** DMA_RESV_USAGE_KERNEL, _WRITE, _READ, _BOOKKEEP. */
export type DmaResvUsage = (typeof classes)[number];

const usage_type = oneOf("none", ...classes);

/** All fences of the spec, and who sleeps for which. */
export const dma_fences = <N extends string>(Fence: Type<Member<N>>) =>
  struct("dma_fences", {
    pending: array(Fence, bool),
    waits: array(proc, array(Fence, bool)),
  });
export type DmaFences<N extends string> = Struct<ReturnType<typeof dma_fences<N>>>;

/** The fences of one dma_resv; at most that many slots are reserved at a time. */
export const dma_resv_list = <N extends string>(Fence: Type<Member<N>>, slots: SizeLike = 1) =>
  struct("dma_resv_list", {
    usage: array(Fence, usage_type),
    reserved: range(0, slots),
  });
export type DmaResvList<N extends string> = Struct<ReturnType<typeof dma_resv_list<N>>>;

/** dma_fence_init(): the fence is pending from here on. */
export function dma_fence_init<N extends string>(
  fences: DmaFences<N>,
  fence: Expr<Member<N>>,
): Effect {
  const pending = fences.pending.at(fence);
  return block(
    assert("fence_pending_twice", pending.not(), "the fence is pending already"),
    set(pending, true),
  );
}

/** dma_fence_signal(): who waits for it goes on; the lists forget it. */
export function dma_fence_signal_all<N extends string>(
  fences: DmaFences<N>,
  fence: Expr<Member<N>>,
  lists: DmaResvList<N>[],
): Effect {
  return block(
    set(fences.pending.at(fence), false),
    ...lists.map((list) => set(list.usage.at(fence), "none")),
    each(proc, (p) => [set(fences.waits.at(p).at(fence), false)]),
  );
}

/** dma_resv_reserve_fences(): with the dma_resv held; may allocate, which add_fence may not. */
export function dma_resv_reserve_fences<N extends string>(
  obj: DmaResv,
  list: DmaResvList<N>,
  slots: SizeLike = 1,
): Effect {
  return block(
    lockdep_assert_held(obj),
    might_sleep("dma_resv_reserve_fences()"),
    set(list.reserved, slots),
  );
}

/**
 * dma_resv_add_fence(obj, fence, usage): a fence that is there already may only become stronger.
 */
export function dma_resv_list_add<N extends string>(
  obj: DmaResv,
  list: DmaResvList<N>,
  fence: Expr<Member<N>>,
  usage: DmaResvUsage,
): Effect {
  const slot = list.usage.at(fence);
  const weaker = classes.slice(classes.indexOf(usage) + 1);
  return block(
    lockdep_assert_held(obj),
    assert("fence_slot_not_reserved", list.reserved.gt(0), `no free slot in ${list.path}`),
    set(list.reserved, list.reserved.minus(1)),
    when(slot.in("none", ...weaker), [set(slot, usage)]),
  );
}

/** Is this fence one that a query for the class returns? */
function is_asked_for<N extends string>(
  fences: DmaFences<N>,
  list: DmaResvList<N>,
  fence: Expr<Member<N>>,
  usage: DmaResvUsage,
): Expr<boolean> {
  const asked = classes.slice(0, classes.indexOf(usage) + 1);
  return all(fences.pending.at(fence), list.usage.at(fence).in(...asked));
}

/** dma_resv_test_signaled(): no fence of the class, or of a stronger one, is pending. */
export function dma_resv_test_signaled<N extends string>(
  Fence: Type<Member<N>>,
  fences: DmaFences<N>,
  list: DmaResvList<N>,
  usage: DmaResvUsage,
): Expr<boolean> {
  return forall(Fence, (f) => is_asked_for(fences, list, f, usage).not());
}

/** dma_resv_wait_timeout(obj, usage, intr, timeout), without a timeout. */
export function dma_resv_wait_timeout<N extends string>(
  Fence: Type<Member<N>>,
  fences: DmaFences<N>,
  list: DmaResvList<N>,
  usage: DmaResvUsage,
): Routine {
  const mine = fences.waits.at(self);
  const name = `dma_resv_wait_timeout(${list.path}, ${usage.toUpperCase()})`;
  return routine("dma_resv_wait_timeout", {}, () => ({
    scan: [
      name,
      might_sleep(name),
      when(dma_resv_test_signaled(Fence, fences, list, usage), [ret()]),
      each(Fence, (f) => [set(mine.at(f), is_asked_for(fences, list, f, usage))]),
    ],
    wait: [
      "  dma_fence_wait_timeout() for each of them",
      lockEvent({
        op: "wait",
        mode: "shared",
        lock: "dma_fence",
        class: list.path,
        index: [...list.indexes],
      }),
      wait(forall(Fence, (f) => mine.at(f).not())),
    ],
  }));
}
