/** Two updates of a counter under a mutex; a writer and a reader of a pair; a lock for nothing. */
import {
  actor,
  assert,
  bool,
  goto,
  range,
  type Spec,
  set,
  shared,
  some,
  spec,
  wait,
  when,
} from "mmrace";
import {
  down_read,
  down_write,
  mutex,
  mutex_lock,
  mutex_unlock,
  refcount,
  refcount_dec_and_test,
  refcount_inc,
  rw_semaphore,
  up_read,
  up_write,
} from "mmrace/kernel";

export function counting(): Spec {
  const k = shared({
    lock: mutex(),
    sem: rw_semaphore(),
    value: range(0, 2),
    half_written: bool,
    ref: refcount(2, 1),
    freed: bool,
    got: bool,
  });
  const update = actor("update", { seen: range(0, 2) }, (me) => ({
    lock: ["mutex_lock(&lock)", mutex_lock(k.lock)],
    read: ["v = value", set(me.seen, k.value)],
    write: ["value = v + 1", set(k.value, me.seen.plus(1))],
    unlock: ["mutex_unlock(&lock)", mutex_unlock(k.lock)],
  })).times(2);
  const writer = actor("writer", {}, () => ({
    get: ["kref_get()", refcount_inc(k.ref), set(k.got, true)],
    down: down_write(k.sem),
    one: ["a = 1", set(k.half_written, true)],
    two: ["b = 1", assert("use_after_free", k.freed.not(), "freed"), set(k.half_written, false)],
    up: ["up_write(&sem)", up_write(k.sem)],
    put: ["kref_put()", refcount_dec_and_test(k.ref, [set(k.freed, true)])],
  }));
  const reader = actor("reader", {}, () => ({
    wait_value: ["wait_event(value == 2)", wait(k.value.eq(2))],
    counted: ["use the value", assert("uses_all", k.value.eq(2), "not all are counted")],
    down: ["down_read(&sem)", down_read(k.sem)],
    gone: ["if (freed) goto up", when(k.freed, [goto("up")])],
    look: ["use a and b", assert("torn_read", k.half_written.not(), "half of the pair")],
    up: ["up_read(&sem)", up_read(k.sem)],
    wait_get: ["wait_event(got)", wait(k.got)],
    put: ["kref_put()", refcount_dec_and_test(k.ref, [set(k.freed, true)])],
  }));
  const monitor = actor("monitor", {}, () => ({
    down: ["down_read(&sem)", down_read(k.sem)],
    up: ["up_read(&sem)", up_read(k.sem)],
  }));
  return spec({
    name: "counting",
    configs: { ci: {} },
    shared: k,
    actors: { update, writer, reader, monitor },
    at_rest: { both_are_counted: k.value.eq(2) },
    reachable: { somebody_looks: some(reader, (r) => r.at("look")) },
  });
}
