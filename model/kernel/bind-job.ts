/**
 * Jobs that write the device's page table for one page, bind and unbind, and the fences by which
 * notifiers wait for them (drivers/gpu/drm/xe/xe_pt.c: xe_pt_update_ops_run;
 * drivers/gpu/drm/xe/xe_sched_job.c: xe_sched_job_push). The job is pushed before its fence is
 * added, and may be done by then.
 *
 * Omits    several jobs of a kind at a time; what a job depends on; page tables above the entry;
 *          errors.
 */
import {
  bool,
  type Effect,
  type Expr,
  lockEvent,
  none,
  type Struct,
  set,
  struct,
  wait,
} from "../index.ts";
import type { DeviceMmu } from "./device.ts";
import { Frame, type FrameOf, Page, type PageOf } from "./folio.ts";

/** The fence is in the BOOKKEEP slot of the VM's dma_resv from add_bind_fence() on. */
export const bind_job = () =>
  struct("bind_job", { queued: bool, in_resv: bool, page: Page, frame: Frame });
export type BindJob = Struct<ReturnType<typeof bind_job>>;

/** xe_sched_job_push(): the GPU is going to map the page to the frame. */
export function push_bind(job: BindJob, page: Expr<PageOf>, frame: Expr<FrameOf>): Effect[] {
  return [set(job.queued, true), set(job.page, page), set(job.frame, frame)];
}

/** dma_resv_add_fence(xe_vm_resv(vm), fence, BOOKKEEP), unless it has signalled. */
export function add_bind_fence(job: BindJob): Effect {
  return set(job.in_resv, job.queued);
}

/** The same of an unbind, with its fence. */
export function push_unbind(job: BindJob, page: Expr<PageOf>): Effect[] {
  return [set(job.queued, true), set(job.in_resv, true), set(job.page, page)];
}

/** Device step: the GPU writes the entry of the job; its fence signals. */
export function run_bind(gpu: DeviceMmu, job: BindJob): Effect[] {
  return [
    set(gpu.pte.at(job.page), job.frame),
    set(job.queued, false),
    set(job.in_resv, false),
    set(job.page, none),
    set(job.frame, none),
  ];
}

/** Device step: the GPU clears the entry of the job; its fence signals. */
export function run_unbind(gpu: DeviceMmu, job: BindJob): Effect[] {
  return [
    set(gpu.pte.at(job.page), none),
    set(job.queued, false),
    set(job.in_resv, false),
    set(job.page, none),
  ];
}

/** dma_resv_wait_timeout(xe_vm_resv(vm), BOOKKEEP): for the jobs whose fences are there. */
export function bind_jobs_wait(jobs: BindJob[]): Effect[] {
  const [first, ...rest] = jobs.map((job) => job.in_resv);
  if (!first) return [];
  return [
    lockEvent({ op: "wait", mode: "exclusive", lock: "wait", class: "vm_fences", index: [] }),
    wait(first.or(...rest).not()),
  ];
}
