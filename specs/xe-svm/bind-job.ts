/** A job of the VM's bind queue for one page, and its fence (drivers/gpu/drm/xe/xe_pt.c). */
import { bool, type Effect, type Expr, none, type Struct, set, struct } from "mmrace";
import { type DeviceMmu, Frame, type FrameOf, Page, type PageOf } from "mmrace/kernel";

/** The fence is in the BOOKKEEP slot of the VM's dma_resv from add_fence on. */
export const bind_job = struct("bind_job", {
  queued: bool,
  in_resv: bool,
  page: Page,
  frame: Frame,
});
type BindJob = Struct<typeof bind_job>;

/** xe_sched_job_push(). */
export function push_bind(job: BindJob, page: Expr<PageOf>, frame: Expr<FrameOf>): Effect[] {
  return [set(job.queued, true), set(job.page, page), set(job.frame, frame)];
}

/** dma_resv_add_fence(xe_vm_resv(vm), fence, BOOKKEEP), unless it has signalled. */
export function add_bind_fence(job: BindJob): Effect {
  return set(job.in_resv, job.queued);
}

/** The GPU writes the PTEs of the job; its fence signals. */
export function run_bind(gpu: DeviceMmu, job: BindJob): Effect[] {
  return [
    set(gpu.pte.at(job.page), job.frame),
    set(job.queued, false),
    set(job.in_resv, false),
    set(job.page, none),
    set(job.frame, none),
  ];
}
