/**
 * The preemption fence of a queue that runs until somebody needs its memory
 * (drivers/gpu/drm/xe/xe_preempt_fence.c): it signals only after somebody waits for it. The wait
 * asks the device to suspend the queue (enable_signaling), a work waits until it is, and signals;
 * the rebind worker then makes what was moved reachable again, arms a new fence, and resumes.
 *
 * Rules    A queue is resumed when it is suspended, and with a new fence (`resumed_while_running`):
 *          otherwise nobody who moves its memory afterwards would wait for it.
 * Omits    several queues of a VM; a suspension that fails or must be asked for again (-EAGAIN);
 *          the ordered workqueue that the fences of all queues share.
 */
import {
  actor,
  assert,
  block,
  bool,
  type Effect,
  goto,
  idle,
  lockEvent,
  oneOf,
  type Routine,
  routine,
  type Struct,
  set,
  struct,
  wait,
  when,
} from "../index.ts";
import { might_sleep } from "./context.ts";
import { dma_fence_begin_signalling, dma_fence_end_signalling } from "./dma-fence.ts";

/** A queue, and its fence in the BOOKKEEP slot of the VM's dma_resv; `armed` from the beginning. */
export const preempt_fence = (armed = true) =>
  struct("xe_preempt_fence", {
    pending: bool.init(armed),
    queue: oneOf("running", "suspending", "suspended"),
  });
export type PreemptFence = Struct<ReturnType<typeof preempt_fence>>;

/** dma_resv_wait_timeout(): preempt_fence_enable_signaling(), then sleep until it signals. */
export function preempt_fence_wait(f: PreemptFence): Routine {
  return routine("dma_fence_wait", {}, () => ({
    enable_signaling: [
      "preempt_fence_enable_signaling(): q->ops->suspend(q), queue_work()",
      might_sleep(`dma_fence_wait(${f.path})`),
      when(f.pending.and(f.queue.eq("running")), [set(f.queue, "suspending")]),
    ],
    wait: [
      "  until it signals",
      lockEvent({
        op: "wait",
        mode: "exclusive",
        lock: "dma_fence",
        class: f.path,
        index: [...f.indexes],
      }),
      wait(f.pending.not()),
    ],
  }));
}

/** Device step: the queue leaves the hardware, some time after it was asked to. */
export const queue_suspends = (f: PreemptFence) =>
  actor("queue_suspends", {}, () => ({
    suspend: [
      "the queue is off the hardware",
      idle(),
      wait(f.queue.eq("suspending")),
      set(f.queue, "suspended"),
      goto("suspend"),
    ],
  }));

/** preempt_fence_work_func(): on the way to the signal. */
export const preempt_fence_work = (f: PreemptFence) =>
  actor("preempt_fence_work", {}, () => ({
    work: [
      "preempt_fence_work_func()",
      idle(),
      wait(f.pending.and(f.queue.ne("running"))),
      dma_fence_begin_signalling(),
    ],
    suspend_wait: ["q->ops->suspend_wait(q)", wait(f.queue.eq("suspended"))],
    signal: [
      "dma_fence_signal(); xe_vm_queue_rebind_worker()",
      set(f.pending, false),
      dma_fence_end_signalling(),
      goto("work"),
    ],
  }));

/** arm_preempt_fences(), resume_and_reinstall_preempt_fences(): with the VM's dma_resv held. */
export function preempt_fence_resume(f: PreemptFence): Effect {
  return block(
    assert(
      "resumed_while_running",
      f.queue.eq("suspended").and(f.pending.not()),
      `${f.path}: its queue is not suspended, or its fence is pending`,
    ),
    set(f.pending, true),
    set(f.queue, "running"),
  );
}
