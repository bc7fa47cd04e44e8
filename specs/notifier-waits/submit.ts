/** The submission of a command: its page is mapped first, if it is not. */
import { actor, choose, goto, retry, set, size, when } from "mmrace";
import {
  down_read,
  Frame,
  hmm_range_fault,
  hmm_result,
  Job,
  job_add_fence,
  job_arm,
  job_push,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mutex_lock,
  mutex_unlock,
  Page,
  up_read,
} from "mmrace/kernel";
import { k } from "./state.ts";

const locals = { page: Page, pfn: Frame, job: Job, ret: hmm_result };

export const submit = actor("submit", locals, (me) => {
  const entry = k.mirror.at(me.page);
  return {
    ioctl: ["ioctl(SUBMIT): a command that uses a page", choose(me.page)],
    lookup_lock: ["mutex_lock(&driver->lock)", mutex_lock(k.lock)],
    lookup: ["if (entry->valid) goto use", when(entry.valid, [goto("arm")])],
    lookup_unlock: ["mutex_unlock(&driver->lock)", mutex_unlock(k.lock)],
    again: mmu_interval_read_begin(k.mm.sub),
    mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
    range_fault: hmm_range_fault(k.mm, k.folio, me.page, me.pfn, me.ret),
    mmap_read_unlock: [
      "mmap_read_unlock(mm); -EBUSY: again; -EFAULT: return",
      up_read(k.mm.mmap_lock),
      when(me.ret.eq("ebusy"), [retry(), goto("again")]),
      when(me.ret.eq("efault"), [mmu_interval_read_end(k.mm.sub), goto("done")]),
    ],
    take_lock: ["mutex_lock(&driver->lock)", mutex_lock(k.lock)],
    read_retry: [
      "if (mmu_interval_read_retry()) { mutex_unlock(); goto again; }",
      when(mmu_interval_read_retry(k.mm.sub), [mutex_unlock(k.lock), goto("again")]),
      mmu_interval_read_end(k.mm.sub),
    ],
    map: [
      "write the device PTE; entry->valid = true",
      set(entry.pte, me.pfn),
      set(entry.valid, true),
      set(entry.evicted, 0),
    ],
    arm: ["use: drm_sched_job_arm(job)", job_arm(k.job, me.job, me.page)],
    add_fence: ["dma_resv_add_fence(resv, job->fence)", job_add_fence(k.job.at(me.job))],
    push: ["drm_sched_entity_push_job(job)", job_push(k.job.at(me.job))],
    drop_lock: ["mutex_unlock(&driver->lock)", mutex_unlock(k.lock)],
  };
})
  .times(size("submits"))
  .as("ioctl(SUBMIT)");
