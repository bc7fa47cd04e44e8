/** struct rw_semaphore: readers, writers, the queue that keeps readers out, downgrade, trylock. */
import { actor, assert, bool, every, exists, goto, proc, set, shared, wait } from "mmrace";
import {
  down_read,
  down_read_trylock,
  down_write,
  down_write_trylock,
  downgrade_write,
  is_write_held,
  rw_semaphore,
  up_read,
  up_write,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";

const k = shared({ sem: rw_semaphore() });
const reader = actor("reader", {}, () => ({
  down: ["down_read(&sem)", down_read(k.sem)],
  up: ["up_read(&sem)", up_read(k.sem)],
}));
const writer = actor("writer", {}, () => ({
  down: down_write(k.sem),
  up: ["up_write(&sem)", up_write(k.sem)],
}));
const writer_is_alone = every(writer, (w) =>
  w.at("up").implies(
    k.sem.writer.eq(w.proc).and(
      every(reader, (r) => r.at("up").not()),
      every(writer, (v) => v.at("up").implies(v.proc.eq(w.proc))),
    ),
  ),
);
const always = { writer_is_alone };

describe("rw_semaphore", () => {
  // Nothing excludes a reader: each is before, inside or behind.
  it.each([1, 2, 3, 5])("%i readers", (r) => {
    const outcome = run({ shared: k, actors: [reader.times(r)] });
    expect(outcome).toMatchObject(holds(3 ** r, 2 * r * 3 ** (r - 1)));
  });

  // By where the writer is. Before or behind: any of the 3^r reader states. Inside: no reader is,
  // so 2^r. In the queue: a reader was inside when it queued and none got in since, so all but the
  // state in which every reader is still before.
  it.each([1, 2, 3, 4])("a writer and %i readers", (r) => {
    const states = 3 ** r + (3 ** r - 1) + 2 ** r + 3 ** r;
    const moves = 2 * (2 * r * 3 ** (r - 1)) + r * 3 ** (r - 1);
    const writes = 3 ** r + (2 ** r - 1) + 2 ** r;
    const outcome = run({ shared: k, actors: [reader.times(r), writer], always });
    expect(outcome).toMatchObject(holds(states, moves + writes));
  });

  // before/queued/inside/behind, 4 * 4 pairs without: both inside; both queued; one queued while
  // the other has not come yet.
  it("two writers", () => {
    const outcome = run({ shared: k, actors: [writer.times(2), reader.times(0)], always });
    expect(outcome).toMatchObject({ verdict: "holds", states: 16 - 1 - 1 - 2 });
  });

  // A task that reads twice itself is recursive_lock below; here a helper does the inner read.
  it("a queued writer keeps a nested reader out: deadlock", () => {
    const two = shared({ sem: rw_semaphore(), done: bool });
    const outer = actor("outer", {}, () => ({
      down: ["down_read(&sem)", down_read(two.sem)],
      wait: ["wait_for_completion(&done)", wait(two.done)],
      up: ["up_read(&sem)", up_read(two.sem)],
    }));
    const helper = actor("helper", {}, () => ({
      down: ["down_read(&sem)", down_read(two.sem)],
      up: ["up_read(&sem)", up_read(two.sem)],
      complete: ["complete(&done)", set(two.done, true)],
    }));
    const write = actor("write", {}, () => ({
      down: down_write(two.sem),
      up: ["up_write(&sem)", up_write(two.sem)],
    }));
    expect(run({ shared: two, actors: [outer, helper] }).verdict).toBe("holds");
    const stuck = run({ shared: two, actors: [outer, helper, write] });
    expect(stuck).toMatchObject({
      verdict: "deadlock",
      steps: ["outer.down", "write.down.fast"],
    });
  });

  it("a downgraded writer is a reader at once: nobody writes in between", () => {
    const downgrades = actor("downgrades", {}, () => ({
      down: down_write(k.sem),
      downgrade: ["downgrade_write(&sem)", downgrade_write(k.sem)],
      up: ["up_read(&sem)", up_read(k.sem)],
    }));
    const inside = every(downgrades, (d) =>
      d.at("up").implies(k.sem.readers.at(d.proc).and(every(writer, (w) => w.at("up").not()))),
    );
    const outcome = run({ shared: k, actors: [downgrades, reader, writer], always: { inside } });
    expect(outcome).toMatchObject({ verdict: "holds", states: 45, findings: [] });
  });

  it("misuse: downgrade_write() by a reader, and up_write() behind it", () => {
    const reads = actor("reads", {}, () => ({
      down: ["down_read(&sem)", down_read(k.sem)],
      downgrade: ["downgrade_write(&sem) /* of a reader */", downgrade_write(k.sem)],
    }));
    expect(run({ shared: k, actors: [reads] }).verdict).toBe("unlock_by_stranger");
    const writes = actor("writes", {}, () => ({
      down: down_write(k.sem),
      downgrade: ["downgrade_write(&sem)", downgrade_write(k.sem)],
      up: ["up_write(&sem) /* it reads by now */", up_write(k.sem)],
    }));
    expect(run({ shared: k, actors: [writes] }).verdict).toBe("unlock_by_stranger");
  });

  it("trylock fails while somebody writes or waits to, and never blocks", () => {
    const local = { got: bool };
    const tries = actor("tries", local, (me) => ({
      try: [
        "if (!down_read_trylock(&sem)) return",
        down_read_trylock(k.sem, [set(me.got, true)], [goto("done")]),
      ],
      up: ["up_read(&sem)", up_read(k.sem)],
    }));
    const got = every(tries, (t) => t.at("up").implies(k.sem.readers.at(t.proc)));
    expect(run({ shared: k, actors: [tries, writer], always: { got } })).toMatchObject({
      verdict: "holds",
      states: 10,
      findings: [],
    });
    // The writer holds the lock for good; a trylock returns all the same.
    const keeps = actor("keeps", {}, () => ({
      down: down_write(k.sem),
      held: ["holds it", goto("held")],
    }));
    expect(run({ shared: k, actors: [tries, keeps] }).verdict).toBe("holds");
    expect(run({ shared: k, actors: [reader, keeps] }).states).toBeLessThan(8);
  });

  it("a write trylock fails while anybody holds it or queues", () => {
    const tries = actor("tries", {}, () => ({
      try: [
        "if (!down_write_trylock(&sem)) return",
        down_write_trylock(
          k.sem,
          [assert("passed_the_queue", exists(proc, (p) => k.sem.waiting.at(p)).not(), "queued")],
          [goto("done")],
        ),
      ],
      up: ["up_write(&sem)", up_write(k.sem)],
    }));
    const alone = every(tries, (t) =>
      t.at("up").implies(every(reader, (r) => r.at("up").not()).and(k.sem.writer.eq(t.proc))),
    );
    // The reader at 3 places, the other before or behind: 3 * 2. Inside it, the reader is not: 2.
    const outcome = run({ shared: k, actors: [tries, reader], always: { alone } });
    expect(outcome).toMatchObject({ verdict: "holds", states: 3 * 2 + 2, findings: [] });
    const beside = run({ shared: k, actors: [tries, reader, writer], always: { alone } });
    expect(beside).toMatchObject({ verdict: "holds", findings: [] });
  });

  it("is_write_held()", () => {
    const checks = actor("checks", { mine: bool }, (me) => ({
      before: ["before", set(me.mine, is_write_held(k.sem))],
      down: down_write(k.sem),
      inside: ["inside", set(me.mine, is_write_held(k.sem))],
      up: ["up_write(&sem)", up_write(k.sem)],
    }));
    const right = every(checks, (c) =>
      c.at("down").implies(c.local.mine.not()).and(c.at("up").implies(c.local.mine)),
    );
    expect(run({ shared: k, actors: [checks], always: { right } }).verdict).toBe("holds");
  });

  const down_w = down_write(k.sem);
  it.each([
    ["recursive_lock", { a: ["down_read", down_read(k.sem)], b: ["down_read", down_read(k.sem)] }],
    ["recursive_lock", { a: ["down_read", down_read(k.sem)], b: down_w }],
    ["recursive_lock", { a: down_w, b: down_w }],
    ["recursive_lock", { a: down_w, b: ["down_read", down_read(k.sem)] }],
    ["unlock_by_stranger", { a: ["up_read", up_read(k.sem)] }],
    ["unlock_by_stranger", { a: ["up_write", up_write(k.sem)] }],
    [
      "unlock_by_stranger",
      { a: ["down_read", down_read(k.sem)], b: ["up_write", up_write(k.sem)] },
    ],
    ["unlock_by_stranger", { a: ["downgrade_write", downgrade_write(k.sem)] }],
    ["lock_held_on_exit", { a: ["down_read", down_read(k.sem)] }],
    ["lock_held_on_exit", { a: down_w }],
  ] as const)("misuse: %s %#", (rule, steps) => {
    const bad = actor("bad", {}, () => steps);
    expect(run({ shared: k, actors: [bad] }).verdict).toBe(rule);
  });
});
