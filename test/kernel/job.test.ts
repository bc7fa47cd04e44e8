/** Commands of a device that can't fault, and the fences by which notifiers wait for them. */
import { actor, all, array, choose, forall, goto, idle, none, set, shared } from "mmrace";
import {
  Frame,
  Job,
  job,
  job_add_fence,
  job_arm,
  job_finish,
  job_is_active,
  job_push,
  job_signal,
  job_start,
  job_wait,
  Page,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";

const sizes = { pages: 1, sys_frames: 1, vram_frames: 0, versions: 0, jobs: 1 };
const k = shared({ job: array(Job, job()), pte: array(Page, Frame) });

const submit = actor("submit", { page: Page, frame: Frame, job: Job }, (me) => ({
  map: ["map a page", choose(me.page), choose(me.frame), set(k.pte.at(me.page), me.frame)],
  arm: ["drm_sched_job_arm()", job_arm(k.job, me.job, me.page)],
  fence: ["dma_resv_add_fence()", job_add_fence(k.job.at(me.job))],
  push: ["drm_sched_entity_push_job()", job_push(k.job.at(me.job))],
}));
const engine = actor("engine", { job: Job }, (me) => ({
  start: ["start", idle(), job_start(k.job, me.job, (p) => k.pte.at(p))],
  finish: ["done: interrupt", job_finish(k.job.at(me.job)), goto("start")],
}));
const completion = actor("completion", { job: Job }, (me) => ({
  irq: ["interrupt", idle(), choose(me.job, k.job.at(me.job).state.eq("finished"))],
  signal: ["dma_fence_signal()", job_signal(k.job.at(me.job)), goto("irq")],
}));
/** Waits for the commands that use the page, then takes it. */
const unmap = actor("unmap", { page: Page }, (me) => ({
  pick: ["a page that is mapped", idle(), choose(me.page, k.pte.at(me.page).ne(none))],
  wait: ["dma_resv_wait_timeout()", job_wait(k.job, me.page)],
  clear: ["clear the PTE", set(k.pte.at(me.page), none)],
}));

const fences_are_signalled = forall(Job, (j) =>
  all(k.job.at(j).state.eq("free"), k.job.at(j).in_resv.not(), k.job.at(j).frame.eq(none)),
);
const never_fault = forall(Job, (j) =>
  job_is_active(k.job.at(j)).implies(k.pte.at(k.job.at(j).page).ne(none)),
);

describe("job", () => {
  it("one command is a chain: map, arm, fence, push, start, finish, irq, signal", () => {
    const outcome = run({
      shared: k,
      sizes,
      actors: [submit, engine, completion],
      at_rest: { fences_are_signalled },
    });
    expect(outcome).toMatchObject(holds(9, 8));
  });

  it("who waits before the fence is added waits for nothing", () => {
    const actors = [submit, engine, completion, unmap];
    const outcome = run({ shared: k, sizes, actors, always: { never_fault } });
    expect(outcome.verdict).toBe("never_fault");
    expect(outcome.steps.indexOf("unmap.wait")).toBeLessThan(outcome.steps.indexOf("submit.fence"));
  });
});
