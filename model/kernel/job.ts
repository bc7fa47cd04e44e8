/**
 * A command on its way through the device, and the fence by which others wait for it
 * (drivers/gpu/drm/scheduler/sched_main.c: drm_sched_job_arm; sched_entity.c:
 * drm_sched_entity_push_job; drivers/dma-buf/dma-fence.c). The device can't fault: it takes the
 * translation of the page when the command starts, and uses it until the command is done.
 *
 * Omits    the order of commands; several pages of one command; contexts, seqnos and errors of
 *          fences; the dma_resv's lock, under which fences are added (dma_resv_add_fence) and which
 *          a wait does not need; a wait that ends although a fence was added after it had begun
 *          (dma_resv_iter_next_unlocked): here it waits for that one, too.
 */
import {
  all,
  any,
  block,
  bool,
  choose,
  type Effect,
  type Expr,
  forall,
  lockEvent,
  type Member,
  none,
  oneOf,
  type Ref,
  type Struct,
  scalarset,
  set,
  size,
  struct,
  wait,
} from "../index.ts";
import { Frame, type FrameOf, Page, type PageOf } from "./folio.ts";

/** Slots for commands. */
export const Job = scalarset("Job", size("jobs"));
export type JobOf = Member<"Job">;

export const job = () =>
  struct("job", {
    state: oneOf("free", "armed", "queued", "running", "finished"),
    page: Page,
    /** The translation that the device took when it started the command. */
    frame: Frame,
    /** Its fence is in the dma_resv of the address space: notifiers find it there. */
    in_resv: bool,
  });
export type JobStruct = Struct<ReturnType<typeof job>>;
export interface Jobs {
  at(j: Expr<JobOf>): JobStruct;
}

/** drm_sched_job_arm(): any free slot. First in a step. */
export function job_arm(jobs: Jobs, j: Ref<JobOf>, page: Expr<PageOf>): Effect {
  return block(
    choose(j, jobs.at(j).state.eq("free")),
    set(jobs.at(j).state, "armed"),
    set(jobs.at(j).page, page),
  );
}

/** dma_resv_add_fence(): from here on notifiers wait for it. */
export function job_add_fence(j: JobStruct): Effect {
  return set(j.in_resv, true);
}

/** drm_sched_entity_push_job(): from here on the device may start it. */
export function job_push(j: JobStruct): Effect {
  return set(j.state, "queued");
}

/** Device step: a queued command starts, with the translation of its page. */
export function job_start(
  jobs: Jobs,
  j: Ref<JobOf>,
  translate: (page: Expr<PageOf>) => Expr<FrameOf>,
): Effect {
  return block(
    choose(j, jobs.at(j).state.eq("queued")),
    set(jobs.at(j).state, "running"),
    set(jobs.at(j).frame, translate(jobs.at(j).page)),
  );
}

/** Device step: the command is done, the translation is dropped, the interrupt is raised. */
export function job_finish(j: JobStruct): Effect {
  return block(set(j.state, "finished"), set(j.frame, none));
}

/** dma_fence_signal(): the fence is gone from the dma_resv, and the slot is free. */
export function job_signal(j: JobStruct): Effect {
  return block(set(j.in_resv, false), set(j.state, "free"), set(j.page, none));
}

/** dma_resv_wait_timeout(), for the commands that use the page. First in a step. */
export function job_wait(jobs: Jobs, page: Expr<PageOf>): Effect {
  const idle = forall(Job, (j) => all(jobs.at(j).in_resv, jobs.at(j).page.eq(page)).not());
  return block(
    lockEvent({ op: "wait", mode: "exclusive", lock: "dma_fence", class: "job.fence", index: [] }),
    wait(idle),
  );
}

/** The device has the command and is not done with it. */
export function job_is_active(j: JobStruct): Expr<boolean> {
  return any(j.state.eq("queued"), j.state.eq("running"));
}
