/** The CPU's TLB is flushed after the notifier's window when a page is zapped or protected. */
import { actor, choose, forall, idle, local_of, remove, replace, some, type Value } from "mmrace";
import {
  cpu_fault_actor,
  cpu_tlb_fill,
  cpu_tlb_is_coherent,
  cpu_tlb_store,
  Frame,
  folio_put,
  madvise_dontneed,
  mprotect,
  no_free_while_in_cpu_tlb,
  Page,
  pte_write,
  vm_write,
} from "mmrace/kernel";
import { describe, expect, it } from "vitest";
import { rich_world, sizes } from "./rich-world.ts";
import { run } from "./run.ts";

const { k, invalidate, setup, ...claims } = rich_world({ tlb: true, write: true });
const always = {
  ...claims.always,
  no_free_while_in_cpu_tlb: no_free_while_in_cpu_tlb(k.mm, k.folio),
};
const at_rest = { ...claims.at_rest, cpu_tlb_is_coherent: cpu_tlb_is_coherent(k.mm) };
const hardware = [cpu_tlb_fill(k.mm), cpu_tlb_store(k.mm, k.folio)];
const one = { shared: k, sizes: { ...sizes, sys_frames: 1 }, always, at_rest };
const is_none = forall(Page, (p) => k.mm.pte.at(p).kind.eq("none"));

describe("zap", () => {
  const dontneed = actor("dontneed", { page: Page }, (me) => ({
    call: ["madvise(page)", idle(), choose(me.page, k.mm.pte.at(me.page).kind.eq("present"))],
    zap: madvise_dontneed(k.mm, k.folio, me.page, invalidate(me.page)),
  }));
  const actors = [setup, dontneed, ...hardware];
  const stale = some(dontneed, (d) => d.at("zap.zap.finish")).and(is_none);

  it("the TLB leads to the page until tlb_finish_mmu(), and the page is still there", () => {
    const in_tlb = forall(Page, (p) => k.mm.tlb?.at(p).given_up ?? false);
    const outcome = run({ ...one, actors, reachable: { stale_after_the_end: stale.and(in_tlb) } });
    expect(outcome).toMatchObject({ verdict: "holds", states: 47, findings: [] });
  });

  it("pages that go back before the flush are found", () => {
    const batch = local_of("zap.zap.batch", Frame);
    const change = [
      replace(dontneed, "zap.zap.finish", ["free the pages, flush", folio_put(k.folio.at(batch))]),
    ];
    const outcome = run({ ...one, actors, change });
    expect(outcome.verdict).toBe("no_free_while_in_cpu_tlb");
  });
});

describe("mprotect()", () => {
  const protect = (write: Value<boolean>) =>
    actor("protect", { page: Page }, (me) => ({
      call: ["mprotect(page)", choose(me.page)],
      mprotect: mprotect(k.mm, me.page, write, invalidate(me.page)),
    }));
  const read_only = protect(false);
  const in_window = some(read_only, (p) => p.at("mprotect.end", "mprotect.flush"));
  const cpu_writes = forall(Page, (p) => k.mm.tlb?.at(p).write ?? false);

  // call; mmap_write_lock, vma_lookup, vma_start_write, vm_flags; itree_start and three of the
  // callback, change_pte_range, end, flush; two unlocks. setup before, or not.
  it("alone is a chain", () => {
    const outcome = run({ ...one, actors: [setup, read_only] });
    expect(outcome).toMatchObject({ verdict: "holds", states: 35 });
  });

  it("the CPU may write through its TLB until the flush, and not after", () => {
    const allowed = forall(Page, (p) => pte_write(k.mm, p).not());
    const outcome = run({
      ...one,
      actors: [setup, read_only, ...hardware],
      reachable: { writes_after_the_end: in_window.and(cpu_writes, allowed) },
      at_rest: { ...at_rest, read_only: forall(Page, (p) => vm_write(k.mm, p).not()) },
    });
    const queue = ["mmap_write_lock.slow", "vma_start_write.slow"];
    const findings = queue.map((l) => `label_never_fired protect.mprotect.${l}`);
    expect(outcome).toMatchObject({ verdict: "holds", states: 93, findings });
    const change = [remove(read_only, "mprotect.flush")];
    const wrong = run({ ...one, actors: [setup, read_only, ...hardware], change });
    expect(wrong.verdict).toBe("cpu_tlb_is_coherent");
  });

  it("a store to a read-only page: SIGSEGV, or the permission comes back", () => {
    const cpu = cpu_fault_actor(k.mm, k.folio);
    const read_write = actor("twice", { page: Page }, (me) => ({
      call: ["mprotect(PROT_READ), mprotect(PROT_READ | PROT_WRITE)", choose(me.page)],
      first: mprotect(k.mm, me.page, false, invalidate(me.page)),
      second: mprotect(k.mm, me.page, true, invalidate(me.page)),
    }));
    const stored = forall(Page, (p) => k.mm.last_write.at(p).eq(1));
    const reused = some(read_write, (t) => t.at("done")).and(stored);
    const refused = some(cpu, (t) => t.at("done")).and(stored.not());
    const outcome = run({
      ...one,
      actors: [setup, cpu, read_write],
      reachable: { reused, refused },
      at_rest: claims.at_rest,
    });
    expect(outcome.verdict).toBe("holds");
    expect(outcome.findings.filter((f) => !f.startsWith("label_never"))).toEqual([]);
  });
});
