/** The device: it runs commands, and its interrupt handler signals their fences. */
import { actor, choose, either, goto, idle, when } from "mmrace";
import {
  Frame,
  Job,
  job_finish,
  job_signal,
  job_start,
  Page,
  shrink_folio_list,
  store,
  versions,
} from "mmrace/kernel";
import { driver_invalidate } from "./invalidate.ts";
import { k } from "./state.ts";

export const engine = actor("engine", { job: Job }, (me) => {
  const { page, frame } = k.job.at(me.job);
  return {
    start: [
      "the engine starts a command, with its translations",
      idle(),
      job_start(k.job, me.job, (p) => k.mirror.at(p).pte),
    ],
    access: [
      "the command stores to the page",
      when(k.mm.last_write.at(page).lt(versions), [store(k.mm, k.folio, page, frame)]),
    ],
    finish: ["the command is done: interrupt", job_finish(k.job.at(me.job)), goto("start")],
  };
}).as("the engine");

export const completion = actor("completion", { job: Job }, (me) => ({
  irq: [
    "interrupt: a command is done",
    idle(),
    choose(me.job, k.job.at(me.job).state.eq("finished")),
  ],
  signal: ["dma_fence_signal(job->fence)", job_signal(k.job.at(me.job)), goto("irq")],
})).as("completion work");

/** The same with an allocation that may reclaim, for a variant. */
export const completion_allocates = actor(
  "completion_allocates",
  { job: Job, page: Page, src: Frame },
  (me) => ({
    irq: [
      "interrupt: a command is done",
      idle(),
      choose(me.job, k.job.at(me.job).state.eq("finished")),
    ],
    alloc: ["kmalloc(GFP_KERNEL): direct reclaim?", either({ ok: [goto("signal")], pressure: [] })],
    reclaim: shrink_folio_list(k.mm, k.folio, me, driver_invalidate(me.page)),
    signal: ["dma_fence_signal(job->fence)", job_signal(k.job.at(me.job)), goto("irq")],
  }),
)
  .times(0)
  .as("completion work");
