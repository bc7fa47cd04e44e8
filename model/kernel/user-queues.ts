/**
 * User queues that can be taken off the hardware (drivers/gpu/drm/amd/amdkfd/kfd_process.c,
 * kfd_device_queue_manager.c: evict_process_queues_cpsch, restore_process_queues_cpsch). Evictions
 * are counted; the first one preempts, the last restore maps the queues again.
 *
 * Omits    several queues; a preemption that fails; which of the callers asked for what: whoever
 *          comes second waits for dqm_lock, hence for the preemption of the first.
 */
import {
  goto,
  oneOf,
  type Routine,
  range,
  routine,
  type SizeLike,
  type Struct,
  set,
  struct,
  wait,
  when,
} from "../index.ts";
import { mutex, mutex_lock, mutex_unlock } from "./mutex.ts";

/** The queues of one process; at most that many evictions at a time. */
export const user_queues = (evictions: SizeLike) =>
  struct("user_queues", {
    dqm_lock: mutex(),
    evicted: range(0, evictions),
    /** What the device does with them; it turns preempting into stopped by itself. */
    hw: oneOf("running", "preempting", "stopped"),
  });
export type UserQueues = Struct<ReturnType<typeof user_queues>>;

/** kgd2kfd_quiesce_mm(): evict_process_queues_cpsch(). On return the queues have stopped. */
export function kgd2kfd_quiesce_mm({ dqm_lock, evicted, hw }: UserQueues): Routine {
  return routine("kgd2kfd_quiesce_mm", {}, () => ({
    dqm_lock: ["dqm_lock(dqm)", mutex_lock(dqm_lock)],
    evict: [
      "if (qpd->evicted++ > 0) goto out",
      set(evicted, evicted.plus(1)),
      when(evicted.gt(1), [goto("out")]),
    ],
    unmap_queues: ["unmap_queues_cpsch(): send the packet", set(hw, "preempting")],
    preempted: ["  wait for the preemption fence", wait(hw.eq("stopped"))],
    out: ["dqm_unlock(dqm)", mutex_unlock(dqm_lock)],
  }));
}

/** kgd2kfd_resume_mm(): restore_process_queues_cpsch(). */
export function kgd2kfd_resume_mm({ dqm_lock, evicted, hw }: UserQueues): Routine {
  return routine("kgd2kfd_resume_mm", {}, () => ({
    dqm_lock: ["dqm_lock(dqm)", mutex_lock(dqm_lock)],
    restore: [
      "if (qpd->evicted-- > 1) goto out; map_queues_cpsch()",
      set(evicted, evicted.minus(1)),
      when(evicted.eq(0), [set(hw, "running")]),
    ],
    out: ["dqm_unlock(dqm)", mutex_unlock(dqm_lock)],
  }));
}
