/** seqcount_t: a reader that overlapped a writer tries again. */
import { actor, bool, every, goto, set, shared, when } from "mmrace";
import {
  raw_seqcount_begin,
  raw_seqcount_try_begin,
  read_seqcount_begin,
  read_seqcount_end,
  read_seqcount_retry,
  seqcount,
  write_seqcount_begin,
  write_seqcount_end,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";

const k = shared({ s: seqcount(), low: bool, high: bool });
const writer = actor("writer", {}, () => ({
  begin: ["write_seqcount_begin(&s)", write_seqcount_begin(k.s)],
  low: ["low = 1", set(k.low, true)],
  high: ["high = 1", set(k.high, true)],
  end: ["write_seqcount_end(&s)", write_seqcount_end(k.s)],
}));
const locals = { low: bool, high: bool };
const reader = (begin: typeof read_seqcount_begin, checked = true) =>
  actor("reader", locals, (me) => ({
    begin: ["read_seqcount_begin(&s)", begin(k.s)],
    low: ["low", set(me.low, k.low)],
    high: ["high", set(me.high, k.high)],
    retry: [
      "if (read_seqcount_retry(&s, seq)) goto begin",
      ...(checked ? [when(read_seqcount_retry(k.s), [goto("begin")])] : []),
      read_seqcount_end(k.s),
    ],
    use: ["use both"],
  }));
const whole = (who: ReturnType<typeof reader>) =>
  every(who, (r) => r.at("use").implies(r.local.low.eq(r.local.high)));

describe("seqcount", () => {
  // Both halves or none: whichever way the reader begins.
  it.each([
    ["read_seqcount_begin", read_seqcount_begin],
    ["raw_seqcount_begin", raw_seqcount_begin],
  ])("%s: no torn read is used", (_, begin) => {
    const who = reader(begin);
    const outcome = run({
      shared: k,
      actors: [writer, who.times(2)],
      always: { whole: whole(who) },
    });
    expect(outcome).toMatchObject({ verdict: "holds", findings: [] });
  });

  it("without the retry one is", () => {
    const who = reader(read_seqcount_begin, false);
    const outcome = run({ shared: k, actors: [writer, who], always: { whole: whole(who) } });
    expect(outcome.verdict).toBe("whole");
  });

  it("states of one reader and one writer", () => {
    const short = actor("short", {}, () => ({
      begin: ["read_seqcount_begin(&s)", read_seqcount_begin(k.s)],
      end: [
        "if (read_seqcount_retry()) goto begin",
        when(read_seqcount_retry(k.s), [goto("begin")]),
        read_seqcount_end(k.s),
      ],
    }));
    // The writer is at 5 places. The reader before: 5, and 4 with the stale number of a retry.
    // Reading: fresh before the writer and behind it, stale at the 4 places in between. Behind: 5.
    const outcome = run({ shared: k, actors: [writer, short] });
    expect(outcome).toMatchObject({ verdict: "holds", states: 5 + 4 + 2 + 4 + 5, findings: [] });
  });

  it("raw_seqcount_try_begin() says no inside a writer", () => {
    const tries = actor("tries", {}, () => ({
      try: [
        "if (!raw_seqcount_try_begin()) return",
        raw_seqcount_try_begin(k.s, [], [goto("done")]),
      ],
      end: ["end", read_seqcount_end(k.s)],
    }));
    const began_outside = every(tries, (t) =>
      t
        .at("end")
        .and(k.s.read.at(t.proc).eq("fresh"))
        .implies(every(writer, (w) => w.at("low").not())),
    );
    const outcome = run({ shared: k, actors: [writer, tries], always: { began_outside } });
    expect(outcome).toMatchObject({ verdict: "holds", findings: [] });
  });

  it("two writers without a lock", () => {
    const outcome = run({ shared: k, actors: [writer.times(2)] });
    expect(outcome.verdict).toBe("seqcount_writers_collide");
  });

  it("a writer that reads: it spins on itself", () => {
    const bad = actor("bad", {}, () => ({
      write: ["write_seqcount_begin(&s)", write_seqcount_begin(k.s)],
      read: ["read_seqcount_begin(&s)", read_seqcount_begin(k.s)],
    }));
    expect(run({ shared: k, actors: [bad] }).verdict).toBe("deadlock");
  });

  it.each([
    ["unlock_by_stranger", [write_seqcount_end(k.s)]],
    ["lock_held_on_exit", [write_seqcount_begin(k.s)]],
  ])("misuse: %s", (rule, effects) => {
    const bad = actor("bad", {}, () => ({ a: ["a", ...effects] }));
    expect(run({ shared: k, actors: [bad] }).verdict).toBe(rule);
  });

  it("a section is a chain", () => {
    expect(run({ shared: k, actors: [writer] })).toMatchObject(holds(5, 4));
  });
});
