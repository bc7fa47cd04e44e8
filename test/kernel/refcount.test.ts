/** refcount_t: get, try, put with release inside. */
import { actor, goto, range, set, shared } from "mmrace";
import {
  refcount,
  refcount_dec_and_test,
  refcount_inc,
  refcount_inc_not_zero,
  refcount_read,
  refcount_set,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";

// `released` leaves its range when something is released twice.
const k = shared({ ref: refcount(4), released: range(0, 1) });
const release = [set(k.released, k.released.plus(1))];
const put = refcount_dec_and_test(k.ref, release);
const owner = actor("owner", {}, () => ({
  make: ["refcount_set(&ref, 1)", refcount_set(k.ref, 1)],
  put: ["if (refcount_dec_and_test(&ref)) release()", put],
}));
const user = actor("user", {}, () => ({
  get: [
    "if (!refcount_inc_not_zero(&ref)) return",
    refcount_inc_not_zero(k.ref, [], [goto("done")]),
  ],
  put: ["if (refcount_dec_and_test(&ref)) release()", put],
}));

describe("refcount", () => {
  // The owner has not made it yet: users are before or gave up. Afterwards they are anywhere, and
  // the counter and `released` follow from where everybody is.
  it.each([1, 2, 3])("an owner and %i users who try", (n) => {
    const at_rest = { released_once: k.released.eq(1) };
    const outcome = run({ shared: k, actors: [owner, user.times(n)], at_rest });
    const transitions = n * 2 ** (n - 1) + 2 ** n + 2 * (2 * n * 3 ** (n - 1)) + 3 ** n;
    expect(outcome).toMatchObject(holds(2 ** n + 2 * 3 ** n, transitions));
  });

  it("refcount_read()", () => {
    const zero = { zero: refcount_read(k.ref).eq(0) };
    expect(run({ shared: k, actors: [owner], at_rest: zero }).verdict).toBe("holds");
    expect(run({ shared: k, actors: [owner], always: zero }).verdict).toBe("zero");
  });

  it.each([
    ["use_after_free", [refcount_inc(k.ref)]],
    ["use_after_free", [refcount_dec_and_test(k.ref, [])]],
    ["range_overflow", [refcount_set(k.ref, 4), refcount_inc(k.ref)]],
    ["range_overflow", [refcount_set(k.ref, 1), put, refcount_set(k.ref, 1), put]],
  ])("misuse: %s %#", (rule, effects) => {
    const bad = actor("bad", {}, () => ({ a: ["a", ...effects] }));
    expect(run({ shared: k, actors: [bad] }).verdict).toBe(rule);
  });

  it("a reference that is taken where one has to be tried", () => {
    const takes = actor("takes", {}, () => ({ get: ["refcount_inc(&ref)", refcount_inc(k.ref)] }));
    const careful = run({ shared: k, actors: [owner, user] });
    const careless = run({ shared: k, actors: [owner, takes] });
    expect([careful.verdict, careless.verdict]).toEqual(["holds", "use_after_free"]);
  });
});
