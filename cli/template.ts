/** The spec that `mmrace new` writes: small, complete, and meant to be overwritten. */

/** @param name kebab-case */
export function template(name: string): string {
  return TEXT.replace("NAME", name);
}

const TEXT = `/**
 * One sentence: which race, between whom.
 *
 * Claim    A device page-table entry never points to a page that was freed.
 * Source   Where the scheme is described: file, function, patch.
 * Omits    mmap_lock, huge pages, allocation failures.
 */
import {
  actor,
  array,
  bool,
  choose,
  exists,
  forall,
  goto,
  oneOf,
  remove,
  scalarset,
  set,
  shared,
  size,
  spec,
  when,
} from "mmrace";
import { mutex, mutex_lock, mutex_unlock } from "mmrace/kernel";

// Pages are interchangeable. How many there are is a size, fixed by a configuration below.
const Page = scalarset("Page", size("pages"));

// What all actors see. Every variable has a finite type and starts with its first value.
const k = shared({
  cpu_pte: array(Page, oneOf("present", "none")),
  gpu_pte: array(Page, oneOf("none", "mapped")),
  page: array(Page, oneOf("in_use", "freed")),
  invalidated: array(Page, bool),
  driver_lock: mutex(),
});

// An actor is a list of labelled steps: the C line, then what it does. One label is one atomic
// step. What may block (a lock, wait(), choose()) comes first: a step never blocks half-way.
const gpu_fault = actor("gpu_fault", { page: Page }, (me) => ({
  fault: ["the GPU faults on some page", choose(me.page)],
  look_up: [
    "if (!pte_present(pte)) return",
    when(k.cpu_pte.at(me.page).eq("none"), [goto("done")]),
  ],
  take_lock: ["mutex_lock(&driver->lock)", mutex_lock(k.driver_lock)],
  recheck: [
    "if (range->invalidated) goto drop_lock",
    when(k.invalidated.at(me.page), [goto("drop_lock")]),
  ],
  map: ["write the device PTE", set(k.gpu_pte.at(me.page), "mapped")],
  drop_lock: ["mutex_unlock(&driver->lock)", mutex_unlock(k.driver_lock)],
}));

const munmap = actor("munmap", { page: Page }, (me) => ({
  unmap: ["munmap() of some page", choose(me.page)],
  take_lock: ["mutex_lock(&driver->lock)", mutex_lock(k.driver_lock)],
  invalidate: [
    "range->invalidated = true; zap the device PTE",
    set(k.invalidated.at(me.page), true),
    set(k.gpu_pte.at(me.page), "none"),
  ],
  drop_lock: ["mutex_unlock(&driver->lock)", mutex_unlock(k.driver_lock)],
  clear: ["ptep_clear_flush()", set(k.cpu_pte.at(me.page), "none")],
  free: ["put_page()", set(k.page.at(me.page), "freed")],
}));

export default spec({
  name: "NAME",
  doc: "A GPU fault races with munmap.",
  // The first configuration is the default; those named deep... belong to the deep tier.
  configs: { ci: { pages: 1 }, deep: { pages: 2 } },
  shared: k,
  actors: { gpu_fault, munmap },
  // Claims that hold in every state.
  always: {
    no_stale_gpu_pte: forall(Page, (p) =>
      k.gpu_pte.at(p).eq("mapped").implies(k.page.at(p).eq("in_use")),
    ),
  },
  // Facts that must be possible: a scheme in which nothing ever happens would hold, too.
  reachable: {
    gpu_maps_a_page: exists(Page, (p) => k.gpu_pte.at(p).eq("mapped")),
  },
  // Known mistakes. Each must break exactly the claim it names: mmrace check --mutants
  mutants: {
    no_recheck_under_lock: {
      breaks: "no_stale_gpu_pte",
      doc: "maps without looking again whether the page is still there",
      change: [remove(gpu_fault, "recheck")],
    },
  },
});
`;
