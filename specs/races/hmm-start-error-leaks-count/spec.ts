/**
 * The OOM reaper, which must not block, starts an invalidation that HMM refuses, because a mirror
 * is being registered; what HMM had begun for it is never ended.
 *
 * Claim    A device fault that waits for its range to become valid goes on: whoever refuses a start
 *          takes back what it did, because mmu_notifier_invalidate_range_end() is not called then.
 * Source   "mm/hmm: Fix error flows in hmm_invalidate_range_start" (v4 12/12, 2019), linux-rdma
 *          <20190624210110.5098-13-jgg@ziepe.ca>; mm/hmm.c: hmm_invalidate_range_start,
 *          hmm_invalidate_range_end, hmm_mirror_register (until 5.4); mm/oom_kill.c:
 *          __oom_reap_task_mm.
 * Omits    further attempts of the reaper; the timeout of the wait, after which the driver tries
 *          again and finds the range as it was; other notifiers; hmm->lock, a mutex that became a
 *          spinlock with the fix, since the error path can't be refused, too.
 */
import {
  actor,
  bool,
  claim,
  goto,
  remove,
  replace,
  routine,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import {
  down_read_trylock,
  down_write,
  hmm_5_2,
  hmm_notifiers_decrement,
  hmm_notifiers_increment,
  hmm_range_register,
  hmm_range_wait_until_valid,
  rw_semaphore,
  up_read,
  up_write,
} from "mmrace/kernel";

const k = shared({
  hmm: hmm_5_2(),
  mirrors_sem: rw_semaphore(), // hmm->mirrors_sem
});

const reaper = actor("reaper", { ret: bool }, (me) => ({
  start: routine("hmm_invalidate_range_start", {}, () => ({
    notifiers_inc: ["hmm->notifiers++; range->valid = false", hmm_notifiers_increment(k.hmm)],
    trylock: [
      "if (!down_read_trylock(&hmm->mirrors_sem)) goto out",
      down_read_trylock(k.mirrors_sem, [goto("callbacks")], [set(me.ret, true), goto("out")]),
    ],
    callbacks: ["mirror->ops->sync_cpu_device_pagetables(); up_read()", up_read(k.mirrors_sem)],
    out: ["out: if (ret) notifiers_decrement(hmm)", when(me.ret, [hmm_notifiers_decrement(k.hmm)])],
  })),
  failed: [
    "if (mmu_notifier_invalidate_range_start_nonblock()) return false",
    when(me.ret, [set(me.ret, false), goto("done")]),
  ],
  zap: ["unmap_page_range()"],
  end: ["hmm_invalidate_range_end()", hmm_notifiers_decrement(k.hmm)],
})).as("OOM reaper");

const register = actor("register", {}, () => ({
  lock: down_write(k.mirrors_sem),
  add: ["hmm_mirror_register(): list_add(&mirror->list, &hmm->mirrors)"],
  unlock: ["up_write(&hmm->mirrors_sem)", up_write(k.mirrors_sem)],
})).as("registers a mirror");

const fault = actor("fault", {}, () => ({
  register: ["hmm_range_register()", hmm_range_register(k.hmm)],
  wait: hmm_range_wait_until_valid(k.hmm),
  snapshot: ["hmm_range_fault()"],
})).as("device fault");

export default spec({
  name: "hmm-start-error-leaks-count",
  doc: "an invalidation that was refused stays counted, and device faults wait for ever",
  race: { year: 2019, subsystem: "mm/hmm", class: "leaked count or reference (hang)" },
  configs: { ci: {} },
  shared: k,
  actors: { reaper, register, fault },
  at_rest: {
    nothing_is_counted: claim("no invalidation is counted when none runs", k.hmm.notifiers.eq(0)),
  },
  reachable: {
    start_is_refused: some(reaper, (r) => r.at("start.out").and(r.local.ret)),
    fault_waits: some(fault, (f) => f.at("wait.schedule")),
  },
  bugs: {
    error_path_keeps_the_count: {
      doc: "-EAGAIN is returned with the count raised and the range invalid",
      from: "linux-rdma 20190624210110.5098-13-jgg@ziepe.ca",
      breaks: "deadlock",
      order: [
        ...["register.lock", "reaper.start.notifiers_inc", "reaper.start.trylock"],
        ...["reaper.failed", "fault.wait.prepare"],
      ],
      change: [replace(reaper, "start.out", ["out: return ret"])],
    },
  },
  mutants: {
    error_path_wakes_nobody: {
      doc: "the count goes down, but who waits already is not woken",
      from: "notifiers_decrement()",
      breaks: "deadlock",
      change: [
        replace(reaper, "start.out", [
          "out: if (ret) hmm->notifiers--; range->valid = true",
          when(reaper.me.ret, [set(k.hmm.notifiers, 0), set(k.hmm.valid, true)]),
        ]),
      ],
    },
    refused_start_is_ended: {
      doc: "the reaper goes on as if it had not been refused: the count goes down twice",
      from: "__oom_reap_task_mm()",
      breaks: "range_overflow",
      change: [remove(reaper, "failed")],
    },
  },
});
