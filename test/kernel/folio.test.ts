/** Frames: allocated, referenced, freed, used again. */
import { actor, choose, forall, idle } from "mmrace";
import {
  alloc_locked_page,
  alloc_page,
  Frame,
  folio_get,
  folio_lock,
  folio_put,
  folio_unlock,
  prep_new_page,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";
import { k, sizes } from "./world.ts";

const user = actor("user", { frame: Frame }, (me) => ({
  alloc: ["alloc_page()", alloc_page(k.folio, me.frame), prep_new_page(k.folio.at(me.frame))],
  put: ["folio_put()", folio_put(k.folio.at(me.frame))],
}));

describe("folio", () => {
  // Each user is before, has one frame, or is behind: of u users j have frames, all different ones
  // of the two system frames.
  it.each([
    [1, 2 + 2],
    [2, 2 ** 2 + 2 * 2 * 2 + 2],
  ])("%i users of two frames", (users, states) => {
    const own = forall(Frame, (f) => k.folio.at(f).ref.count.le(1));
    const at_rest = { all_free: forall(Frame, (f) => k.folio.at(f).ref.count.eq(0)) };
    const outcome = run({
      shared: k,
      sizes,
      actors: [user.times(users)],
      always: { own },
      at_rest,
    });
    expect(outcome).toMatchObject({ verdict: "holds", states, findings: [] });
  });

  it("running out of frames is a finding, not a deadlock", () => {
    const outcome = run({ shared: k, sizes, actors: [user.times(3)] });
    expect(outcome.verdict).toBe("out_of_system_frames");
  });

  it("alloc_locked_page() hands it out locked", () => {
    const locks = actor("locks", { frame: Frame }, (me) => ({
      alloc: ["alloc; lock_page()", alloc_locked_page(k.folio, me.frame)],
      unlock: ["folio_unlock()", folio_unlock(k.folio.at(me.frame).lock)],
      put: ["folio_put()", folio_put(k.folio.at(me.frame))],
    }));
    expect(run({ shared: k, sizes, actors: [locks] })).toMatchObject(holds(1 + 2 + 2 + 1, 6));
  });

  it("misuse: freed_while_locked", () => {
    const bad = actor("bad", { frame: Frame }, (me) => ({
      alloc: ["alloc_page()", alloc_page(k.folio, me.frame), prep_new_page(k.folio.at(me.frame))],
      lock: ["folio_lock()", folio_lock(k.folio.at(me.frame).lock)],
      put: ["folio_put()", folio_put(k.folio.at(me.frame))],
    }));
    expect(run({ shared: k, sizes, actors: [bad] }).verdict).toBe("freed_while_locked");
  });

  it.each([
    ["get", folio_get],
    ["put", folio_put],
  ])("misuse: folio_%s() of a free frame", (_, effect) => {
    const bad = actor("bad", { frame: Frame }, (me) => ({
      pick: ["any frame", choose(me.frame)],
      use: ["use it", effect(k.folio.at(me.frame))],
    }));
    expect(run({ shared: k, sizes, actors: [bad] }).verdict).toBe("use_after_free");
  });

  it("a get that races with the last put", () => {
    const gets = actor("gets", { frame: Frame }, (me) => ({
      find: ["finds a used frame", idle(), choose(me.frame, k.folio.at(me.frame).ref.count.gt(0))],
      get: ["folio_get(): too late", folio_get(k.folio.at(me.frame))],
      put: ["folio_put()", folio_put(k.folio.at(me.frame))],
    }));
    const outcome = run({ shared: k, sizes, actors: [user, gets] });
    expect(outcome).toMatchObject({
      verdict: "use_after_free",
      steps: ["user.alloc", "gets.find", "user.put", "gets.get"],
    });
  });
});
