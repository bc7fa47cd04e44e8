/** CPU faults, and what hmm_range_fault() makes of every kind of page-table entry. */
import {
  actor,
  all,
  assert,
  choose,
  every,
  forall,
  idle,
  type Ref,
  replace,
  routine,
  self,
  set,
  some,
  wait,
} from "mmrace";
import {
  alloc_page,
  do_anonymous_page,
  do_swap_page_device_private,
  down_read,
  Frame,
  type FrameOf,
  folio_put,
  folio_set_locked,
  folio_unlock,
  hmm_range_fault,
  hmm_result,
  migration_entry_wait,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  munmap,
  no_free_while_mapped,
  no_leaked_reference,
  no_lost_page,
  Page,
  type PageOf,
  prep_new_page,
  set_pte,
  up_read,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";
import { invalidate, is_mapped, k, setup, sizes } from "./world.ts";

const always = {
  no_free_while_mapped: no_free_while_mapped(k.mm, k.folio),
  no_lost_page: no_lost_page(k.mm, k.folio),
};
const at_rest = { no_leaked_reference: no_leaked_reference(k.mm, k.folio) };

describe("do_anonymous_page()", () => {
  const fault = actor("fault", { page: Page, frame: Frame }, (me) => ({
    fault: ["a CPU touches the page", choose(me.page)],
    lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
    anonymous: ["do_anonymous_page()", do_anonymous_page(k.mm, k.folio, me.page, me.frame)],
    unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
  }));
  const mapped_once = forall(Page, is_mapped);

  // A chain of four steps; the allocator has two frames to choose from.
  it("one fault", () => {
    const outcome = run({ shared: k, sizes, actors: [fault], always, at_rest });
    expect(outcome).toMatchObject(holds(3 + 2 * 2, 2 + 2 + 2));
  });

  // 5^2 places of two faults; the 3^2 in which neither has passed do_anonymous_page() have one
  // state, the others one for each frame.
  it("two faults on one page map one frame", () => {
    const outcome = run({
      shared: k,
      sizes,
      actors: [fault.times(2)],
      always,
      at_rest: { ...at_rest, mapped_once },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 9 + 16 * 2, findings: [] });
  });

  it("misuse: without a second look at the entry the other fault leaks its page", () => {
    const { page, frame } = fault.me;
    const unchecked = replace(fault, "anonymous", [
      "do_anonymous_page() /* no pte_none() */",
      alloc_page(k.folio, frame),
      prep_new_page(k.folio.at(frame)),
      set_pte(k.mm.pte.at(page), "present", frame),
    ]);
    const input = { shared: k, sizes, always, at_rest, change: [unchecked] };
    expect(run({ ...input, actors: [fault] }).verdict).toBe("holds");
    expect(run({ ...input, actors: [fault.times(2)] }).verdict).toBe("no_leaked_reference");
  });
});

describe("do_swap_page() on a device-private entry", () => {
  // The driver's callback: moves the page to a system frame, in one step. It finds its folio
  // locked.
  const to_ram = (me: { page: Ref<PageOf>; frame: Ref<FrameOf> }) =>
    routine("migrate_to_ram", { dst: Frame }, (mine) => ({
      move: [
        "allocate, copy, map the new frame",
        choose(mine.dst, mine.dst.is("sys").and(k.folio.at(mine.dst).ref.count.eq(0))),
        assert(
          "unlocked",
          k.folio.at(me.frame).lock.owner.eq(self),
          "do_swap_page() has locked it",
        ),
        prep_new_page(k.folio.at(mine.dst)),
        set_pte(k.mm.pte.at(me.page), "present", mine.dst),
        folio_put(k.folio.at(me.frame)),
      ],
    }));
  const fault = actor("fault", { page: Page, frame: Frame }, (me) => ({
    fault: ["a CPU touches the page", choose(me.page, is_mapped(me.page))],
    swap: do_swap_page_device_private(k.mm, k.folio, me.page, me.frame, to_ram(me)),
  }));
  const moved = forall(Page, (p) => k.mm.pte.at(p).kind.eq("present"));

  // Not set up. Nobody has the folio: at `fault` or `pte_lock`. One is at `migrate_to_ram`, and the
  // others may wait as well; behind it, they may also have returned; at last somebody has ended.
  it.each([1, 2, 3])("%i faults move the page once", (n) => {
    const outcome = run({
      shared: k,
      sizes: { ...sizes, sys_frames: 1 },
      actors: [setup("device_private"), fault.times(n)],
      always,
      at_rest: { ...at_rest, moved },
      reachable: n > 1 ? { waits: some(fault, (f) => f.at("swap.wait")) } : {},
    });
    const findings = n > 1 ? [] : ["label_never_fired fault.swap.wait"];
    const inside = n * 3 ** (n - 1) + 2 * n * 4 ** (n - 1);
    const states = 1 + 2 ** n + inside + (4 ** n - 3 ** n);
    expect(outcome).toMatchObject({ verdict: "holds", findings, states });
  });

  it("returns at once when the entry is another one by now", () => {
    const outcome = run({
      shared: k,
      sizes: { ...sizes, sys_frames: 1, vram_frames: 1 },
      actors: [setup("present"), fault],
      always,
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 4 });
  });
});

describe("migration_entry_wait()", () => {
  const migrator = actor("migrator", { page: Page, frame: Frame }, (me) => ({
    install: [
      "lock the folio, install a migration entry",
      choose(me.page, is_mapped(me.page)),
      set(me.frame, k.mm.pte.at(me.page).frame),
      folio_set_locked(k.folio.at(me.frame).lock),
      set_pte(k.mm.pte.at(me.page), "migration", me.frame),
    ],
    restore: ["remove_migration_ptes()", set_pte(k.mm.pte.at(me.page), "present", me.frame)],
    unlock: ["folio_unlock()", folio_unlock(k.folio.at(me.frame).lock)],
  }));
  const waiter = actor("waiter", { page: Page }, (me) => ({
    fault: ["fault", choose(me.page, is_mapped(me.page))],
    entry: migration_entry_wait(k.mm, k.folio, me.page),
  }));
  const one = { ...sizes, sys_frames: 1 };
  const reachable = { sleeps: some(waiter, (w) => w.at("entry.wait_on_locked")) };

  it("sleeps until the folio is unlocked, or returns when the entry is another one", () => {
    const actors = [setup("present"), migrator, waiter];
    const outcome = run({ shared: k, sizes: one, actors, always, reachable });
    // Nothing, or the page is set up; then 4 places of the migrator times: not come, looking,
    // behind. It sleeps at the three places behind `install`, unless it looked behind `restore`.
    expect(outcome).toMatchObject(holds(1 + 4 * 3 + 3, 21));
  });

  it("sleeps for ever when the folio stays locked", () => {
    const keeps = actor("keeps", { page: Page, frame: Frame }, (me) => ({
      lock: [
        "lock the folio, install a migration entry",
        choose(me.page, is_mapped(me.page)),
        set(me.frame, k.mm.pte.at(me.page).frame),
        folio_set_locked(k.folio.at(me.frame).lock),
        set_pte(k.mm.pte.at(me.page), "migration", me.frame),
      ],
      held: ["never unlocks", idle(), wait(is_mapped(me.page).not())],
    }));
    const outcome = run({ shared: k, sizes: one, actors: [setup("present"), keeps, waiter] });
    expect(outcome).toMatchObject({
      verdict: "deadlock",
      steps: ["setup.map", "keeps.lock", "waiter.fault", "waiter.entry.pte_lock"],
    });
  });
});

describe("hmm_range_fault()", () => {
  const locals = { page: Page, pfn: Frame, ret: hmm_result };
  const device = actor("device", locals, (me) => ({
    fault: ["the device faults", choose(me.page)],
    begin: mmu_interval_read_begin(k.mm.sub),
    lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
    hmm: hmm_range_fault(k.mm, k.folio, me.page, me.pfn, me.ret),
    unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock), mmu_interval_read_end(k.mm.sub)],
  }));
  const returns = (ret: "ok" | "ebusy" | "efault") =>
    some(device, (d) => d.at("unlock").and(d.local.ret.eq(ret)));
  /** What it reports is what the CPU maps, as long as nobody invalidates. */
  const reports_the_entry = every(device, (d) =>
    all(d.at("unlock"), d.local.ret.eq("ok"), k.mm.sub.read.at(d.proc).eq("fresh")).implies(
      k.mm.pte.at(d.local.page).frame.eq(d.local.pfn),
    ),
  );
  const one = { ...sizes, sys_frames: 1 };

  it("faults a missing page in", () => {
    const outcome = run({
      shared: k,
      sizes: one,
      actors: [device],
      always: { ...always, reports_the_entry },
      at_rest: { ...at_rest, mapped: forall(Page, is_mapped) },
    });
    // fault, read_seq, lock, check_retry, walk, handle_mm_fault, check_retry, walk, unlock.
    expect(outcome).toMatchObject({ verdict: "holds", states: 10, transitions: 9 });
  });

  it.each(["present", "device_private"] as const)("reports a %s entry as it is", (kind) => {
    const late = [setup(kind), after_setup(device)];
    const unchanged = forall(Page, (p) => k.mm.pte.at(p).kind.in("none", kind));
    const outcome = run({ shared: k, sizes: one, actors: late, always: { unchanged } });
    // setup, fault, read_seq, lock, check_retry, walk, unlock.
    expect(outcome).toMatchObject({ verdict: "holds", states: 8, transitions: 7 });
  });
  const after_setup = (_: typeof device) =>
    actor("device", locals, (me) => ({
      fault: ["the device faults", choose(me.page, is_mapped(me.page))],
      begin: mmu_interval_read_begin(k.mm.sub),
      lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
      hmm: hmm_range_fault(k.mm, k.folio, me.page, me.pfn, me.ret),
      unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock), mmu_interval_read_end(k.mm.sub)],
    }));

  it("meets munmap(): ok, -EBUSY or -EFAULT", () => {
    const unmap = actor("unmap", { page: Page }, (me) => ({
      call: ["munmap(page)", choose(me.page)],
      munmap: munmap(k.mm, k.folio, me.page, invalidate(me.page)),
    }));
    const outcome = run({
      shared: k,
      sizes: one,
      actors: [device, unmap],
      always: { ...always, reports_the_entry },
      at_rest,
      reachable: { ok: returns("ok"), ebusy: returns("ebusy"), efault: returns("efault") },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 131 });
    // Nobody migrates.
    const never = ["entry_wait.pte_lock", "entry_wait.wait_on_locked", "again"];
    expect(outcome.findings).toEqual(never.map((l) => `label_never_fired device.hmm.${l}`));
  });
});
