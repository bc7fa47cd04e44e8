/** The ioctl that submits a command, the GPU that runs it, and the end of the object. */
import {
  actor,
  goto,
  idle,
  none,
  range,
  rare,
  ret,
  retry,
  routine,
  self,
  set,
  size,
  wait,
  when,
} from "mmrace";
import {
  dma_fence_signal,
  dma_fence_wait,
  dma_resv_add_fence,
  dma_resv_lock,
  dma_resv_unlock,
  down_read,
  up_read,
} from "mmrace/kernel";
import { handle_mm_fault } from "./mm.ts";
import { Frame, type FrameRef, k, unpin } from "./state.ts";

/** With the reservation held. Requests that use the pages end first. */
const unbind = () =>
  routine("i915_gem_object_userptr_unbind", {}, () => ({
    sync: ["i915_vma_unbind(): wait for the requests", dma_fence_wait(k.obj.active)],
    clear: ["i915_vma_unbind(): clear the GPU's entry, flush", set(k.gpu_pte, none)],
    no_pages: ["if (!obj->mm.pages) return", when(k.obj.pages.eq(none), [ret()])],
    finish_pages: ["i915_gem_gtt_finish_pages(): unmap for DMA", set(k.dma.at(k.obj.pages), false)],
    unpin: [
      "i915_gem_object_userptr_drop_ref(): unpin_user_pages()",
      unpin(k.obj.pages),
      set(k.obj.pages, none),
    ],
  }));

/** pin_user_pages_fast(FOLL_WRITE): without locks, or by a fault; none when there is no VMA. */
const pin_user_pages_fast = (frame: FrameRef) =>
  routine("pin_user_pages_fast", {}, () => ({
    gup_fast: [
      "gup_fast(): pin the page of a writable entry",
      when(k.parent.frame.ne(none).and(k.parent.write), [
        set(frame, k.parent.frame),
        set(k.pins.at(frame), k.pins.at(frame).plus(1)),
        ret(),
      ]),
    ],
    mmap_read_lock: ["__gup_longterm_locked(): mmap_read_lock(mm)", down_read(k.mmap_lock)],
    fault: handle_mm_fault,
    follow: [
      "follow_page_mask(): pin what is there, or fault again; -EFAULT without a VMA",
      when(k.vma.not(), [goto("unlock")]),
      when(k.parent.frame.eq(none), [retry(), goto("fault")]),
      set(frame, k.parent.frame),
      set(k.pins.at(frame), k.pins.at(frame).plus(1)),
    ],
    unlock: ["mmap_read_unlock(mm)", up_read(k.mmap_lock)],
  }));

const locals = { seq: range(0, 4), page: Frame };

export const submit = actor("submit", locals, (me) => ({
  ioctl: ["execbuf: i915_gem_object_userptr_submit_init()", idle()],
  read_begin: routine("mmu_interval_read_begin", {}, () => ({
    read_seq: [
      "seq = interval_sub->invalidate_seq",
      set(me.seq, k.seq),
      when(k.sub.seq_is_current.not(), [ret()]),
      set(k.sub.waits.at(self), true),
    ],
    wait_event: [
      "wait_event(subscriptions->invalidate_seq != seq)",
      wait(k.sub.waits.at(self).not()),
    ],
  })),
  lock: ["i915_gem_object_lock_interruptible(obj)", dma_resv_lock(k.resv)],
  is_current: [
    "if (seq == obj->userptr.notifier_seq && pvec) return 0",
    when(me.seq.eq(k.obj.seq).and(k.obj.pages.ne(none)), [
      dma_resv_unlock(k.resv),
      goto("validate"),
    ]),
  ],
  unbind: unbind(),
  unlock: ["i915_gem_object_unlock(obj)", dma_resv_unlock(k.resv)],
  pin: pin_user_pages_fast(me.page),
  pinned: ["if (ret < 0) return -EFAULT", rare(), when(me.page.eq(none), [goto("out")])],
  lock_again: ["i915_gem_object_lock_interruptible(obj)", dma_resv_lock(k.resv)],
  read_retry: [
    "if (mmu_interval_read_retry()): -EAGAIN",
    when(k.obj.pages.eq(none).and(me.seq.ne(k.seq)), [goto("unlock_again")]),
    when(k.obj.pages.ne(none).and(k.obj.seq.ne(k.seq)), [goto("unlock_again")]),
  ],
  install: [
    "if (!page_ref++) obj->userptr.pvec = pvec; i915_gem_gtt_prepare_pages()",
    when(k.obj.pages.eq(none), [
      set(k.obj.pages, me.page),
      set(k.obj.seq, me.seq),
      set(k.dma.at(me.page), true),
      set(me.page, none),
    ]),
  ],
  unlock_again: ["i915_gem_object_unlock(obj)", dma_resv_unlock(k.resv)],
  unpin: [
    "if (pvec) unpin_user_pages(); user space calls again after -EAGAIN",
    when(me.page.ne(none), [unpin(me.page), set(me.page, none), retry(), goto("ioctl")]),
  ],
  validate: ["eb_validate_vmas(): i915_gem_object_lock(obj, &ww)", dma_resv_lock(k.resv)],
  bind: [
    "i915_vma_pin_ww(): write the GPU's entry; no pages: -EAGAIN",
    when(k.obj.pages.eq(none), [dma_resv_unlock(k.resv), retry(), goto("ioctl")]),
    set(k.gpu_pte, k.obj.pages),
  ],
  add_fence: [
    "_i915_vma_move_to_active(): a request more; here, when the one before is done",
    dma_fence_wait(k.obj.active),
    dma_resv_add_fence(k.obj.active),
  ],
  submit_done: [
    "i915_gem_object_userptr_submit_done(): mmu_interval_read_retry()",
    when(k.obj.seq.ne(k.seq), [set(k.request.error, true)]),
  ],
  queue: ["i915_request_add()", set(k.request.queued, true)],
  unlock_last: ["i915_gem_ww_ctx_fini()", dma_resv_unlock(k.resv)],
  out: ["return", set(k.returned, k.returned.plus(1))],
}))
  .times(size("submits"))
  .as("ioctl(EXECBUFFER2)");

export const gpu = actor("gpu", {}, () => ({
  start: [
    "the GPU takes a request; one with an error is skipped",
    idle(),
    wait(k.request.queued),
    when(k.request.error, [goto("signal")]),
  ],
  store: [
    "the command stores to the page",
    when(k.child.ne(none), [set(k.written.at(k.gpu_pte), true)]),
    when(k.parent.frame.ne(none).and(k.parent.frame.ne(k.gpu_pte)), [set(k.missed, true)]),
  ],
  signal: [
    "dma_fence_signal(request)",
    dma_fence_signal(k.obj.active),
    set(k.request.queued, false),
    set(k.request.error, false),
    goto("start"),
  ],
})).as("the GPU");

/** The process closes the object after its last ioctl. */
export const gem_close = actor("gem_close", {}, () => ({
  close: ["i915_gem_close_object()", idle(), wait(k.returned.eq(size("submits")))],
  lock: ["i915_gem_object_lock(obj)", dma_resv_lock(k.resv)],
  put_pages: unbind(),
  unlock: ["i915_gem_object_unlock(obj)", dma_resv_unlock(k.resv)],
})).as("the object goes");
