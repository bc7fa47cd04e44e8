/** NUMA hints, swap and device-exclusive entries: what makes them, and the faults that end them. */
import {
  actor,
  all,
  bool,
  choose,
  exists,
  forall,
  goto,
  idle,
  move_after,
  none,
  remove,
  replace,
  set,
  some,
  when,
} from "mmrace";
import {
  change_prot_numa,
  cpu_fault_actor,
  cpu_tlb_fill,
  cpu_tlb_store,
  do_numa_page,
  do_swap_page_swap,
  down_read,
  Frame,
  folio_put,
  folio_unlock,
  handle_mm_fault,
  madvise_dontneed,
  make_device_exclusive,
  Page,
  remove_device_exclusive_entry,
  set_pte,
  swap_out,
  up_read,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { rich_world, sizes } from "./rich-world.ts";
import { type Outcome, run } from "./run.ts";

/** What was to be met and was not; steps that the actors here do not need are no such thing. */
const unmet = (outcome: Outcome) => outcome.findings.filter((f) => !f.startsWith("label_never"));

describe("NUMA balancing", () => {
  const w = rich_world({ pte: ["protnone"] });
  const { k, invalidate, setup } = w;
  const hint = actor("hint", { page: Page }, (me) => ({
    call: ["task_numa_work()", choose(me.page)],
    numa: change_prot_numa(k.mm, me.page, invalidate(me.page)),
  }));
  const locals = { page: Page, at: Page, fresh: Frame, src: Frame, dst: Frame, moved: bool };
  const fault = actor("fault", locals, (me) => {
    const m = { page: me.at, src: me.src, dst: me.dst };
    const protnone = do_numa_page(k.mm, k.folio, me.page, m, me.moved, invalidate(me.at));
    return {
      call: ["a fault on the page", idle(), choose(me.page, k.mm.pte.at(me.page).kind.ne("none"))],
      lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
      fault: handle_mm_fault(k.mm, k.folio, me.page, me.fresh, { protnone }),
      unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
    };
  });
  const is_protnone = exists(Page, (p) => k.mm.pte.at(p).kind.eq("protnone"));
  const input = { shared: k, sizes, always: w.always, at_rest: w.at_rest };

  it("a page is made inaccessible, and comes back where it was or on another frame", () => {
    const moved = some(fault, (f) => f.at("fault.protnone_fault.failed").and(f.local.moved));
    const stays = some(fault, (f) => f.at("fault.protnone_done")).and(is_protnone.not());
    const outcome = run({
      ...input,
      actors: [setup, hint, fault],
      reachable: { is_protnone, moved, stays },
    });
    expect(outcome).toMatchObject({ verdict: "holds" });
    expect(unmet(outcome)).toEqual([]);
    expect(outcome.states).toBe(400);
  });

  it("misuse: do_numa_page() without a second look maps a page that is gone", () => {
    const dontneed = actor("dontneed", { page: Page }, (me) => ({
      call: ["madvise(page, MADV_DONTNEED)", choose(me.page)],
      zap: madvise_dontneed(k.mm, k.folio, me.page, invalidate(me.page)),
    }));
    const whole = { ...input, sizes: { ...sizes, sys_frames: 3 } };
    const actors = [setup, hint, fault, dontneed];
    expect(run({ ...whole, actors }).verdict).toBe("holds");
    const change = [
      replace(fault, "fault.protnone_fault.failed", [
        "if (migrate_misplaced_folio()) set_pte_at() /* no pte_same() */",
        when(fault.me.moved.not(), [set_pte(k.mm.pte.at(fault.me.page), "present", fault.me.src)]),
      ]),
    ];
    expect(run({ ...whole, actors, change }).verdict).toBe("no_free_while_mapped");
  });

  it("an mm that was not asked to have such entries: a mistake with its fix", () => {
    const plain = rich_world({});
    const numa = () =>
      actor("hint", { page: Page }, (me) => ({
        numa: change_prot_numa(plain.k.mm, me.page, invalidate(me.page)),
      }));
    expect(() => run({ shared: plain.k, sizes, actors: [numa()] })).toThrow(/protnone is not one/);
    const no_tlb = () => run({ shared: plain.k, sizes, actors: [cpu_tlb_fill(plain.k.mm)] });
    expect(no_tlb).toThrow(/no CPU TLB/);
    const unhandled = () => handle_mm_fault(k.mm, k.folio, fault.me.page, fault.me.fresh, {});
    expect(() =>
      run({ ...input, actors: [actor("fault", fault.locals, () => ({ f: unhandled() }))] }),
    ).toThrow(/no handler for a fault on protnone/);
  });
});

describe("swap", () => {
  const w = rich_world({ pte: ["swap"], tlb: true });
  const { k, invalidate, setup } = w;
  const reclaim = actor("reclaim", { page: Page, src: Frame }, (me) => ({
    reclaim: swap_out(k.mm, k.folio, me, invalidate(me.page)),
  }));
  const cpu = cpu_fault_actor(k.mm, k.folio, undefined, ({ page, frame }) => ({
    swap: do_swap_page_swap(k.mm, k.folio, page, frame),
  }));
  const dontneed = actor("dontneed", { page: Page }, (me) => ({
    call: ["madvise(page, MADV_DONTNEED)", choose(me.page)],
    zap: madvise_dontneed(k.mm, k.folio, me.page, invalidate(me.page)),
  }));
  const hardware = [cpu_tlb_fill(k.mm), cpu_tlb_store(k.mm, k.folio)];
  const is_swapped = exists(Page, (p) =>
    k.mm.pte.at(p).kind.eq("swap").and(k.mm.pte.at(p).frame.eq(none)),
  );
  const input = { shared: k, sizes, always: w.always, at_rest: w.at_rest };

  const plenty = { ...input, sizes: { ...sizes, sys_frames: 3 } };

  it("a page goes to swap and comes back with its content", () => {
    const from_cache = some(cpu, (c) => c.at("swap_fault.lock"));
    const read_in = some(cpu, (c) => c.at("swap_fault.read"));
    const outcome = run({
      ...input,
      actors: [reclaim, cpu, ...hardware],
      reachable: { is_swapped, from_cache, read_in },
    });
    expect(outcome.verdict).toBe("holds");
    expect(unmet(outcome)).toEqual([]);
    expect(outcome.states).toBe(596);
  });

  it("zapped meanwhile: neither the folio nor the slot leaks", () => {
    const outcome = run({ ...plenty, actors: [reclaim, dontneed, cpu] });
    expect(outcome.verdict).toBe("holds");
    expect(outcome.states).toBe(6745);
  });

  it("a page that is written to swap before the TLB was flushed loses a store", () => {
    const change = [move_after(reclaim, "reclaim.flush", "reclaim.pageout")];
    const outcome = run({ ...input, actors: [setup, reclaim, ...hardware], change });
    expect(outcome.verdict).toBe("no_lost_page");
  });
});

describe("device-exclusive entries", () => {
  const w = rich_world({ pte: ["device_exclusive"], write: true });
  const { k, invalidate } = w;
  const locals = { page: Page, folio: Frame, fresh: Frame, frame: Frame };
  const restore = (page: typeof gpu.me.page, frame: typeof gpu.me.frame) =>
    remove_device_exclusive_entry(k.mm, k.folio, page, frame, invalidate(page));
  const gpu = actor("gpu", locals, (me) => {
    const device_exclusive = restore(me.page, me.frame);
    const fault = handle_mm_fault(k.mm, k.folio, me.page, me.fresh, { device_exclusive });
    const own = invalidate(me.page);
    return {
      call: ["an atomic operation of the device", choose(me.page)],
      lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
      exclusive: make_device_exclusive(k.mm, k.folio, me.page, me.folio, fault, own),
      unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
      program: [
        "program the device; folio_unlock(); folio_put()",
        when(me.folio.eq(none), [goto("done")]),
        folio_unlock(k.folio.at(me.folio).lock),
        folio_put(k.folio.at(me.folio)),
      ],
    };
  });
  const cpu = cpu_fault_actor(k.mm, k.folio, undefined, ({ page, frame }) => ({
    device_exclusive: remove_device_exclusive_entry(k.mm, k.folio, page, frame, invalidate(page)),
  }));
  const dontneed = actor("dontneed", { page: Page }, (me) => ({
    call: ["madvise(page, MADV_DONTNEED)", choose(me.page)],
    zap: madvise_dontneed(k.mm, k.folio, me.page, invalidate(me.page)),
  }));
  const input = { shared: k, sizes, always: w.always, at_rest: w.at_rest };

  it("made by the device, ended by the CPU or by a zap", () => {
    const is_exclusive = exists(Page, (p) => k.mm.pte.at(p).kind.eq("device_exclusive"));
    const outcome = run({
      ...input,
      actors: [gpu, cpu, dontneed],
      reachable: { is_exclusive, restored: some(cpu, (c) => c.at("device_exclusive_done")) },
    });
    expect(outcome.verdict).toBe("holds");
    expect(unmet(outcome)).toEqual([]);
    expect(outcome.states).toBe(5046);
  });

  // No zap beside it: against that the driver's sequence number helps, not the folio lock.
  const programs = actor("gpu", { page: Page, folio: Frame, fresh: Frame, frame: Frame }, (me) => {
    const device_exclusive = restore(me.page, me.frame);
    const fault = handle_mm_fault(k.mm, k.folio, me.page, me.fresh, { device_exclusive });
    const own = invalidate(me.page);
    return {
      call: ["an atomic operation of the device", choose(me.page)],
      lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
      exclusive: make_device_exclusive(k.mm, k.folio, me.page, me.folio, fault, own),
      program: ["program the device", set(k.gpu.pte.at(me.page), me.folio)],
      unlock_folio: [
        "folio_unlock(); folio_put()",
        folio_unlock(k.folio.at(me.folio).lock),
        folio_put(k.folio.at(me.folio)),
      ],
      unlock: ["mmap_read_unlock(mm)", up_read(k.mm.mmap_lock)],
    };
  });
  const the_device_has_it_alone = forall(Page, (p) => {
    const { kind, frame } = k.mm.pte.at(p);
    const own = k.gpu.pte.at(p);
    return own.eq(none).or(all(kind.eq("device_exclusive"), frame.eq(own)));
  });

  it("the device is programmed under the folio lock: the CPU comes after it", () => {
    const outcome = run({
      ...input,
      actors: [programs, cpu],
      always: { ...w.always, the_device_has_it_alone },
    });
    expect(outcome).toMatchObject({ verdict: "holds", states: 305 });
  });

  it("M18: programmed after the folio lock was dropped", () => {
    const outcome = run({
      ...input,
      actors: [programs, cpu],
      always: { ...w.always, the_device_has_it_alone },
      change: [move_after(programs, "program", "unlock_folio")],
    });
    expect(outcome.verdict).toBe("the_device_has_it_alone");
  });

  it("a fault that does not look at the entry again maps a page that is gone", () => {
    const change = [remove(cpu, "device_exclusive_fault.try_get")];
    const outcome = run({ ...input, actors: [gpu, cpu, dontneed], change });
    expect(outcome.verdict).toBe("no_free_while_mapped");
  });
});
