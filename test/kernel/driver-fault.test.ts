/** What drivers need around a fault: trylocks, listeners of one interval, pages of the device. */
import {
  actor,
  all,
  array,
  bool,
  choose,
  each,
  every,
  forall,
  type Member,
  none,
  routine,
  scalarset,
  set,
  shared,
  some,
} from "mmrace";
import {
  Frame,
  folio,
  hmm_range_fault,
  hmm_range_fault_other_owner,
  hmm_result,
  type IntervalNotifier,
  type IntervalTree,
  listener_of,
  mm_struct,
  mmu_interval_node,
  mmu_interval_notifier,
  mmu_interval_notifier_insert,
  mmu_interval_notifier_remove,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_notifier_subscriptions,
  mutex,
  mutex_trylock,
  mutex_unlock,
  Page,
  prep_new_page,
  set_pte,
  zone_device_page_init,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { holds, run } from "./run.ts";
import { is_mapped, k, setup, sizes } from "./world.ts";

describe("mutex_trylock", () => {
  const own = shared({ m: mutex() });
  const client = actor("client", { got: bool }, (me) => ({
    trylock: [
      "if (!mutex_trylock(&m)) return",
      mutex_trylock(own.m, [set(me.got, true)], [set(me.got, false)]),
    ],
    unlock: ["mutex_unlock(&m)", mutex_unlock(own.m)],
  }));

  it("takes a free one", () => {
    const one_owner = every(client, (t) => t.at("unlock").implies(own.m.owner.eq(t.proc)));
    const outcome = run({ shared: own, actors: [client], always: { one_owner } });
    expect(outcome).toMatchObject(holds(3, 2));
  });

  it("does not wait for one that is taken", () => {
    expect(run({ shared: own, actors: [client.times(2)] }).verdict).toBe("unlock_by_stranger");
  });
});

describe("listener_of", () => {
  const Owner = scalarset("Owner", 2);
  const own = shared({
    subs: mmu_notifier_subscriptions(2),
    node: array(Owner, mmu_interval_node()),
    called: array(Owner, bool),
  });
  const tree: IntervalTree<Member<"Owner">> = { members: Owner, at: (o) => own.node.at(o) };
  const invalidate = actor("invalidate", { owner: Owner.any() }, (me) => {
    const to = listener_of(own.subs, tree, me.owner, () =>
      routine("invalidate", {}, () => ({
        call: ["the callback", set(own.called.at(me.owner), true)],
      })),
    );
    return { start: to.start("MMU_NOTIFY_CLEAR"), end: ["invalidate_range_end()", to.end] };
  });
  const register = actor("register", { owner: Owner.any() }, (me) => ({
    insert: ["insert", mmu_interval_notifier_insert(own.subs, own.node.at(me.owner))],
    remove: mmu_interval_notifier_remove(own.subs, own.node.at(me.owner)),
  }));

  it("calls the interval that it is about, when it is in the tree, and no other", () => {
    const other_is_not_called = forall(Owner, (o) =>
      own.called.at(o).implies(some(invalidate, (t) => t.local.owner.eq(o))),
    );
    const outcome = run({
      shared: own,
      actors: [invalidate, register],
      always: { other_is_not_called },
      at_rest: { all_are_out: forall(Owner, (o) => own.node.at(o).place.eq("out")) },
      reachable: {
        somebody_is_called: some(invalidate, (t) => own.called.at(t.local.owner)),
        nobody_is_called: some(invalidate, (t) =>
          all(
            t.at("done"),
            forall(Owner, (o) => own.called.at(o).not()),
          ),
        ),
      },
    });
    expect(outcome).toMatchObject({ verdict: "holds", findings: [] });
  });
});

describe("zone_device_page_init", () => {
  const user = (referenced: boolean) =>
    actor("user", { frame: Frame.any() }, (me) => ({
      refer: ["a reference", ...(referenced ? [prep_new_page(k.folio.at(me.frame))] : [])],
      init: ["zone_device_page_init(page)", zone_device_page_init(k.folio.at(me.frame))],
    }));

  it("is for pages that nobody refers to", () => {
    const outcome = run({ shared: k, actors: [user(true)], sizes });
    expect(outcome.verdict).toBe("page_init_while_referenced");
  });

  it("leaves the page locked", () => {
    const outcome = run({ shared: k, actors: [user(false)], sizes });
    expect(outcome.verdict).toBe("lock_held_on_exit");
  });
});

describe("hmm_range_fault_other_owner", () => {
  /** Stands for the migration by the owner's driver. */
  const to_system = routine("do_swap_page", { frame: Frame }, (me) => ({
    migrate: [
      "migrate_to_ram()",
      choose(me.frame, me.frame.is("sys")),
      prep_new_page(k.folio.at(me.frame)),
      each(Page, (p) => [set_pte(k.mm.pte.at(p), "present", me.frame)]),
    ],
  }));
  const fault = actor("fault", { page: Page, pfn: Frame, err: hmm_result }, (me) => ({
    start: ["the device faults", choose(me.page, is_mapped(me.page))],
    read_begin: mmu_interval_read_begin(k.mm.sub),
    range_fault: hmm_range_fault_other_owner(
      k.mm,
      k.folio,
      k.mm.sub,
      me.page,
      me.pfn,
      me.err,
      to_system,
    ),
    end: ["mmu_interval_read_end()", mmu_interval_read_end(k.mm.sub)],
  }));
  const reports_system_memory = every(fault, (t) =>
    t.at("end").implies(all(t.local.err.eq("ok"), t.local.pfn.is("sys"))),
  );

  it.each([
    ["device_private", ["swap.migrate", "swapped"]],
    ["present", []],
  ] as const)("a %s entry", (kind, passed) => {
    const outcome = run({
      shared: k,
      sizes,
      actors: [setup(kind), fault],
      always: { reports_system_memory },
      reachable: { reported: some(fault, (t) => t.at("end")) },
    });
    expect(outcome.verdict).toBe("holds");
    for (const label of ["swap.migrate", "swapped"] as const) {
      const never = `label_never_fired fault.range_fault.${label}`;
      expect(outcome.findings.includes(never)).toBe(!(passed as readonly string[]).includes(label));
    }
  });

  /** The proposed callback: the page's address, or no. */
  const asked = (accepts: boolean) =>
    actor("fault", { page: Page, pfn: Frame, err: hmm_result }, (me) => ({
      start: ["the device faults", choose(me.page, is_mapped(me.page))],
      read_begin: mmu_interval_read_begin(k.mm.sub),
      range_fault: hmm_range_fault_other_owner(
        k.mm,
        k.folio,
        k.mm.sub,
        me.page,
        me.pfn,
        me.err,
        to_system,
        {
          get_dma_pfn: routine("get_dma_pfn_for_device", {}, () => ({
            ask: ["get_dma_pfn()", ...(accepts ? [] : [set(me.pfn, none)])],
          })),
        },
      ),
      end: ["mmu_interval_read_end()", mmu_interval_read_end(k.mm.sub)],
    }));

  it.each([
    ["gives an address: the page is reported where it is", true, "vram"],
    ["refuses: the page is faulted", false, "sys"],
  ] as const)("a callback that %s", (_, accepts, where) => {
    const fault = asked(accepts);
    const reports = every(fault, (t) => t.at("end").implies(t.local.pfn.is(where)));
    const outcome = run({
      shared: k,
      sizes,
      actors: [setup("device_private"), fault],
      always: { reports },
      reachable: { reported: some(fault, (t) => t.at("end")) },
    });
    expect(outcome.verdict).toBe("holds");
    const swapped = "label_never_fired fault.range_fault.swapped";
    expect(outcome.findings.includes(swapped)).toBe(accepts);
  });
});

describe("hmm_range_fault", () => {
  const own = shared({
    mm: mm_struct(1),
    folio: array(Frame, folio()),
    other: mmu_interval_notifier(),
  });
  const fault = (notifier: IntervalNotifier) =>
    actor("fault", { page: Page, pfn: Frame, err: hmm_result }, (me) => ({
      start: ["the device faults", choose(me.page)],
      read_begin: mmu_interval_read_begin(own.other),
      range_fault: hmm_range_fault(own.mm, own.folio, me.page, me.pfn, me.err, { notifier }),
      end: ["mmu_interval_read_end()", mmu_interval_read_end(own.other)],
    }));

  it("asks the notifier that it is told to ask", () => {
    for (const [notifier, err] of [
      [own.other, "ok"],
      [own.mm.sub, "ebusy"],
    ] as const) {
      const device = fault(notifier);
      const says = every(device, (t) => t.at("end").implies(t.local.err.eq(err)));
      const outcome = run({ shared: own, sizes, actors: [device], always: { says } });
      expect(outcome.verdict).toBe("holds");
    }
  });
});
