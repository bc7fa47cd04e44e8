/**
 * Waits with a time limit (kernel/time/sleep_timeout.c: schedule_timeout; drivers/dma-buf:
 * dma_fence_wait_timeout, dma_resv_wait_timeout; kernel/sched/completion.c). There is no clock: the
 * limit may be over at any moment, also at once, and what was waited for may be ignored then.
 *
 * That is more than any run of the kernel can do, so what holds, holds for every limit. A claim
 * about infinite runs can't tell a limit from never.
 *
 * Omits    the time that is left; signals.
 */
import { block, choose, type Effect, type Expr, lockEvent, type Ref, when } from "../index.ts";
import { type Completion, completion_done, take_completion } from "./completion.ts";
import { might_sleep } from "./context.ts";
import type { DmaFenceSlot } from "./dma-fence.ts";

/** Sleeps until the condition holds or the limit is over: `expired` tells. First in a step. */
export function wait_timeout(
  what: string,
  condition: Expr<boolean>,
  expired: Ref<boolean>,
): Effect {
  return block(
    lockEvent({ op: "wait", mode: "exclusive", lock: "wait", class: what, index: [] }),
    might_sleep(what),
    choose(expired, expired.or(condition)),
  );
}

/** dma_fence_wait_timeout(), dma_resv_wait_timeout(): returns 0 when `expired`. */
export function dma_fence_wait_timeout(f: DmaFenceSlot, expired: Ref<boolean>): Effect {
  return wait_timeout(`dma_fence_wait_timeout(${f.path})`, f.pending.not(), expired);
}

/** wait_for_completion_timeout(): only one that came in time is used up. */
export function wait_for_completion_timeout(x: Completion, expired: Ref<boolean>): Effect {
  const done = completion_done(x);
  return block(
    wait_timeout(`wait_for_completion_timeout(${x.path})`, done, expired),
    when(expired.not(), [take_completion(x)]),
  );
}
