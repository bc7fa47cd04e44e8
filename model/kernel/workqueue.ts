/**
 * struct work_struct and its workers (kernel/workqueue.c): queued at most once, run by one worker
 * at a time, may be queued again while it runs.
 *
 * flush_work() waits for the instance that was queued or running when it was called, not for later
 * ones. cancel_work_sync() takes a queued instance back, waits for a running one, and lets nobody
 * queue it meanwhile; disable_work_sync() keeps it so. From inside the work itself both are
 * deadlocks.
 *
 * Omits    delayed work, flush_workqueue(), max_active, the rescuer; the order of works that share
 *          a worker: any queued one may be next.
 */
import {
  type Actor,
  actor,
  any,
  array,
  bool,
  choose,
  type Effect,
  each,
  goto,
  idle,
  lockEvent,
  oneOf,
  proc,
  type Routine,
  range,
  ret,
  routine,
  type Steps,
  type Struct,
  self,
  set,
  struct,
  type Type,
  wait,
  when,
} from "../index.ts";
import { might_sleep } from "./context.ts";

/** What a process that flushes waits for. */
const flushed = oneOf("none", "queued", "running");

export const work_struct = () =>
  struct("work_struct", {
    pending: bool,
    running: bool,
    /** How many have disabled it. */
    disabled: range(0, 3),
    flush: array(proc, flushed),
  });
export type Work = Struct<ReturnType<typeof work_struct>>;

/** queue_work(): does nothing when it is queued already or disabled. */
export function queue_work(w: Work): Effect {
  return when(w.pending.not().and(w.disabled.eq(0)), [set(w.pending, true)]);
}

/** enable_work(): undoes one disable_work_sync(). */
export function enable_work(w: Work): Effect {
  return set(w.disabled, w.disabled.minus(1));
}

/** cancel_work(): takes a queued instance back; a running one goes on. */
export function cancel_work(w: Work): Effect {
  return when(w.pending, [set(w.pending, false), move_flushers(w, "queued", "none")]);
}

function move_flushers(w: Work, from: "queued" | "running", to: "none" | "running"): Effect {
  return each(proc, (p) => [when(w.flush.at(p).eq(from), [set(w.flush.at(p), to)])]);
}

/** lockdep has a map for each work: held while it runs, and touched by those who wait for it. */
function event(w: Work, op: "wait" | "acquire" | "release"): Effect {
  return lockEvent({ op, mode: "exclusive", lock: "work", class: w.path, index: [...w.indexes] });
}

function wait_flushed(w: Work): Effect[] {
  return [event(w, "wait"), wait(w.flush.at(self).eq("none"))];
}

/** flush_work(). */
export function flush_work(w: Work): Routine {
  return routine("flush_work", {}, () => ({
    start: [
      `flush_work(&${w.path})`,
      might_sleep(`flush_work(${w.path})`),
      when(any(w.pending, w.running).not(), [ret()]),
      when(w.pending, [set(w.flush.at(self), "queued")]).otherwise([
        set(w.flush.at(self), "running"),
      ]),
    ],
    wait: ["  wait for that instance to finish", ...wait_flushed(w)],
  }));
}

function cancel_sync(name: string, w: Work, after: Effect[]): Routine {
  return routine(name, {}, () => ({
    cancel: [
      `${name}(&${w.path})`,
      might_sleep(`${name}(${w.path})`),
      cancel_work(w),
      set(w.disabled, w.disabled.plus(1)),
      when(w.running, [set(w.flush.at(self), "running")]),
    ],
    wait: ["  wait for a running instance to finish", ...wait_flushed(w), ...after],
  }));
}

/** cancel_work_sync(): on return it is neither queued nor running. */
export function cancel_work_sync(w: Work): Routine {
  return cancel_sync("cancel_work_sync", w, [enable_work(w)]);
}

/** disable_work_sync(): the same, and it can't be queued until enable_work(). */
export function disable_work_sync(w: Work): Routine {
  return cancel_sync("disable_work_sync", w, []);
}

/** process_one_work(): from the worker's list to running; it can be queued again from here on. */
function start_work(w: Work): Effect[] {
  return [
    event(w, "acquire"),
    set(w.pending, false),
    set(w.running, true),
    move_flushers(w, "queued", "running"),
  ];
}

function finish_work(w: Work): Effect[] {
  return [event(w, "release"), set(w.running, false), move_flushers(w, "running", "none")];
}

/**
 * A worker that runs one work after the other: `worker("kworker", { gc: [k.gc_work, collect] })`.
 */
export function worker(
  name: string,
  works: Record<string, [Work, Routine]>,
): Actor<{ next: Type<string> }, Steps> {
  const names = Object.keys(works) as [string, ...string[]];
  const list = Object.entries(works);
  return actor(name, { next: oneOf(...names) }, (me): Steps => {
    const is_next = list.map(([key, [w]]) => me.next.eq(key).and(w.pending));
    const [only] = list;
    const pick =
      list.length === 1 && only ? [wait(only[1][0].pending)] : [choose(me.next, any(...is_next))];
    const start = list.map(([key, [w]]) =>
      when(list.length === 1 ? w.pending : me.next.eq(key), [
        ...start_work(w),
        goto(`${key}_func`),
      ]),
    );
    const runs = list.flatMap(([key, [w, func]]): [string, Steps[string]][] => [
      [`${key}_func`, func],
      [`${key}_done`, ["the work function returns", ...finish_work(w), goto("idle")]],
    ]);
    return {
      idle: ["process_one_work()", idle(), ...pick, ...start],
      ...Object.fromEntries(runs),
    };
  }).as("worker");
}
