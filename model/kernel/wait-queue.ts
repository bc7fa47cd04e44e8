/**
 * wait_queue_head_t (kernel/sched/wait.c, include/linux/wait.h): wait_event() looks at its
 * condition only when somebody calls wake_up(), and once before. A condition that becomes true
 * without a wake_up() is a lost wake-up: the waiter sleeps on.
 *
 * Queueing and looking at the condition are one step: a wake_up() between the two would only make
 * the waiter look again at once.
 *
 * Omits    exclusive waiters (wake_up() wakes all, as it does for wait_event()); timeouts and
 *          signals.
 */
import {
  array,
  bool,
  type Effect,
  type Expr,
  each,
  goto,
  lockEvent,
  proc,
  type Routine,
  ret,
  routine,
  type Struct,
  self,
  set,
  struct,
  wait,
  when,
} from "../index.ts";
import { might_sleep } from "./context.ts";

export const wait_queue_head = () => struct("wait_queue_head", { queued: array(proc, bool) });
export type WaitQueue = Struct<ReturnType<typeof wait_queue_head>>;

/** wait_event(wq, condition): returns when it saw the condition true. */
export function wait_event(wq: WaitQueue, text: string, condition: Expr<boolean>): Routine {
  return routine("wait_event", {}, () => ({
    prepare: [
      `wait_event(${wq.path}, ${text})`,
      might_sleep(`wait_event(${wq.path})`),
      when(condition, [ret()]),
      set(wq.queued.at(self), true),
    ],
    schedule: [
      "  schedule(): until somebody calls wake_up()",
      lockEvent({
        op: "wait",
        mode: "exclusive",
        lock: "wait",
        class: wq.path,
        index: [...wq.indexes],
      }),
      wait(wq.queued.at(self).not()),
      goto("prepare"),
    ],
  }));
}

/** wake_up(): everybody who sleeps looks at its condition again. */
export function wake_up(wq: WaitQueue): Effect {
  return each(proc, (p) => [set(wq.queued.at(p), false)]);
}
