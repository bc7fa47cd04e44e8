/** The user queues of the process are taken off the hardware and put back (kfd_process.c, dqm). */
import { goto, type Routine, routine, set, wait, when } from "mmrace";
import { mutex_lock, mutex_unlock } from "mmrace/kernel";
import { k } from "./state.ts";

/** kgd2kfd_quiesce_mm(): evict_process_queues_cpsch(). On return the queues have stopped. */
export function quiesce_mm(): Routine {
  const { dqm_lock, evicted, hw } = k.queues;
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
export function resume_mm(): Routine {
  const { dqm_lock, evicted, hw } = k.queues;
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
