/** One page of a process, the object that pins it for the GPU, and the child that fork() makes. */
import {
  any,
  array,
  bool,
  choose,
  type Effect,
  type Expr,
  type Member,
  type Ref,
  range,
  scalarset,
  set,
  shared,
  size,
  struct,
} from "mmrace";
import {
  dma_fence_slot,
  dma_resv,
  mmu_interval_notifier,
  mmu_notifier_subscriptions,
  rw_semaphore,
} from "mmrace/kernel";

export const Frame = scalarset("Frame", size("frames"));
export type FrameOf = Member<"Frame">;
export type FrameRef = Ref<FrameOf>;

export const k = shared({
  mmap_lock: rw_semaphore(),
  subs: mmu_notifier_subscriptions(4), // two submissions, the CPU, compaction
  sub: mmu_interval_notifier(), // obj->userptr.notifier
  seq: range(0, 4), // its invalidate_seq, as far as it is compared
  vma: bool.init(true),
  parent: struct("pte_t", { frame: Frame, write: bool }),
  child: Frame, // the entry of the child, which does not store
  locked: array(Frame, bool), // PG_locked
  pins: array(Frame, range(0, 3)), // pin_user_pages()
  resv: dma_resv(), // obj->base.resv
  obj: struct("i915_gem_object", {
    pages: Frame, // pvec and obj->mm.pages: they come and go together
    seq: range(0, 4), // obj->userptr.notifier_seq
    active: dma_fence_slot(), // a request that uses the object
  }),
  dma: array(Frame, bool), // i915_gem_gtt_prepare_pages(): mapped for DMA
  gpu_pte: Frame,
  returned: range(0, size("submits")), // ioctls that are over
  request: struct("i915_request", { queued: bool, error: bool }),
  /** The content comes from a store of the GPU after fork(). */
  written: array(Frame, bool),
  /** The GPU has stored to a page that is not the process's page at that address. */
  missed: bool,
});

export const is_used = (f: Expr<FrameOf>): Expr<boolean> =>
  any(k.parent.frame.eq(f), k.child.eq(f), k.pins.at(f).gt(0));

/** A free page, unlocked. */
export function alloc_frame(frame: FrameRef): Effect {
  return choose(frame, is_used(frame).not().and(k.locked.at(frame).not()));
}

export function set_pte(frame: Expr<FrameOf>): Effect[] {
  return [set(k.parent.frame, frame), set(k.parent.write, true)];
}

export function unpin(frame: FrameRef): Effect {
  return set(k.pins.at(frame), k.pins.at(frame).minus(1));
}
