/** do_swap_page() on a device-private entry, as it was before 6.1 and from 6.15 to 6.19. */
import { actor, all, choose, forall, type Ref, routine, some } from "mmrace";
import {
  do_swap_page_trylock,
  do_swap_page_unreferenced,
  dontneed_actor,
  Frame,
  type FrameOf,
  folio_get,
  folio_lock,
  folio_put,
  folio_unlock,
  no_free_while_mapped,
  no_leaked_reference,
  Page,
  type PageOf,
  prep_new_page,
  set_pte,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { run } from "./run.ts";
import { invalidate, is_mapped, k, setup, sizes as two_frames } from "./world.ts";

const sizes = { ...two_frames, sys_frames: 1 };
const always = { no_free_while_mapped: no_free_while_mapped(k.mm, k.folio) };
const moved = forall(Page, (p) => k.mm.pte.at(p).kind.eq("present"));
const at_rest = { no_leaked_reference: no_leaked_reference(k.mm, k.folio), moved };

/** The driver's callback, in one step: a new page takes the place of the old one. */
const move = (page: Ref<PageOf>, frame: Ref<FrameOf>, dst: Ref<FrameOf>) => [
  choose(dst, dst.is("sys").and(k.folio.at(dst).ref.count.eq(0))),
  prep_new_page(k.folio.at(dst)),
  set_pte(k.mm.pte.at(page), "present", dst),
  folio_put(k.folio.at(frame)),
];

describe("do_swap_page() before 6.1", () => {
  const fault = actor("fault", { page: Page, frame: Frame }, (me) => ({
    fault: ["a CPU touches the page", choose(me.page, is_mapped(me.page))],
    swap: do_swap_page_unreferenced(
      k.mm,
      me.page,
      me.frame,
      routine("migrate_to_ram", { dst: Frame }, (mine) => ({
        get: ["migrate_vma_collect_pmd(): folio_get(page)", folio_get(k.folio.at(me.frame))],
        move: ["copy, map the new page", ...move(me.page, me.frame, mine.dst)],
        put: ["folio_put(page)", folio_put(k.folio.at(me.frame))],
      })),
    ),
  }));
  const actors = [setup("device_private"), fault];

  it("one fault alone moves the page", () => {
    const outcome = run({ shared: k, sizes, actors, always, at_rest });
    expect(outcome).toMatchObject({ verdict: "holds", states: 7, transitions: 6 });
  });

  it("nobody keeps the page that migrate_to_ram() is going to work on", () => {
    const dontneed = dontneed_actor(k.mm, k.folio, invalidate);
    const outcome = run({ shared: k, sizes, actors: [...actors, dontneed], always });
    expect(outcome.verdict).toBe("use_after_free");
  });
});

describe("do_swap_page() from 6.15 to 6.19", () => {
  const fault = actor("fault", { page: Page, frame: Frame }, (me) => ({
    fault: ["a CPU touches the page", choose(me.page, is_mapped(me.page))],
    swap: do_swap_page_trylock(
      k.mm,
      k.folio,
      me.page,
      me.frame,
      routine("migrate_to_ram", { dst: Frame }, (mine) => ({
        move: ["copy, map the new page", ...move(me.page, me.frame, mine.dst)],
      })),
    ),
  }));

  // Two faults of which one moves the page; the other one waits for nothing.
  it("who does not get the lock returns at once", () => {
    const outcome = run({
      shared: k,
      sizes,
      actors: [setup("device_private"), fault.times(2)],
      always,
      at_rest,
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 28 });
  });

  it("also while the page stays locked: nothing has changed when it faults again", () => {
    const owner = actor("owner", { page: Page, frame: Frame }, (me) => ({
      lock: [
        "migrate_device_unmap(): has locked the page",
        choose(me.page, is_mapped(me.page)),
        choose(me.frame, me.frame.eq(k.mm.pte.at(me.page).frame)),
        folio_lock(k.folio.at(me.frame).lock),
      ],
      unlock: ["folio_unlock(page)", folio_unlock(k.folio.at(me.frame).lock)],
    }));
    const locked = some(owner, (o) => o.at("unlock"));
    const returned = all(
      locked,
      some(fault, (f) => f.at("done")),
      moved.not(),
    );
    const outcome = run({
      shared: k,
      sizes,
      actors: [setup("device_private"), fault, owner],
      reachable: { returned },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 20 });
    expect(outcome.findings).toEqual([]);
  });
});
