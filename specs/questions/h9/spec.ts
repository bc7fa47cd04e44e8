/**
 * Two CPU faults, each with a large device-private folio locked, whose migrations meet the folio of
 * the other one: collect waits for a folio lock to split the folio.
 *
 * Claim    The two never wait for one another as long as both meet the folios in the same order of
 *          addresses: who meets its own folio first can't split it while the other one has a
 *          reference to it, and gives up. Where two VMAs have parts of both folios in opposite
 *          order they do (`opposite_order`), and with a trylock they would not.
 * Source   mm/migrate_device.c: migrate_vma_collect_pmd, migrate_vma_split_folio; mm/huge_memory.c:
 *          __folio_split; mm/memory.c: do_swap_page; drivers/gpu/drm/drm_pagemap.c:
 *          __drm_pagemap_migrate_to_ram; mm/mremap.c: move_ptes.
 * Omits    mmap_lock, which both hold for read; faults that come again; the PMD path, which uses
 *          trylock; the other folios that a split makes; what is migrated in the end.
 */
import {
  actor,
  all,
  bool,
  claim,
  count_of,
  goto,
  none,
  range,
  replace,
  type Steps,
  set,
  shared,
  size,
  some,
  spec,
  struct,
  when,
} from "mmrace";
import {
  folio_lock,
  folio_lock_bit,
  folio_set_locked,
  folio_trylock,
  folio_unlock,
} from "mmrace/kernel";

const folio = struct("folio", {
  lock: folio_lock_bit(),
  /** References beside those of the mappings. */
  extra: range(0, 2),
  large: bool.init(true),
});

/** The folio at the lower addresses, and the one behind it. */
const k = shared({ low: folio, high: folio });
type Side = "low" | "high";

const get = (f: Side) => set(k[f].extra, k[f].extra.plus(1));
const put = (f: Side) => set(k[f].extra, k[f].extra.minus(1));

/** split_folio(): -EAGAIN when anybody but the caller has a reference. */
const split = (f: Side) => when(k[f].extra.eq(1), [set(k[f].large, false)]);

/** Who has faulted on `own` goes over both folios, its own one first or last. */
const fault = (name: string, own: Side, order: "own_first" | "own_last") => {
  const other = own === "low" ? "high" : "low";
  const own_steps: Steps = {
    split_own: [
      `migrate_vma_split_folio(): ${own}, the fault folio: split_folio()`,
      when(k[own].large, [split(own)]),
      when<string>(k[own].large, [goto("unlock")]),
    ],
  };
  const other_steps: Steps = {
    get_other: [
      `migrate_vma_collect_pmd(): ${other} is large: folio_get() under the page-table lock`,
      when<string>(k[other].large.not(), [goto("trylock_other")]),
      get(other),
    ],
    lock_other: ["migrate_vma_split_folio(): folio_lock(folio)", folio_lock(k[other].lock)],
    split_other: ["split_folio(folio)", when(k[other].large, [split(other)])],
    unlock_other: [
      "folio_unlock(folio); folio_put(folio)",
      folio_unlock(k[other].lock),
      put(other),
      when<string>(k[other].large, [goto("unlock")]),
    ],
    trylock_other: [
      `migrate_vma_collect_pmd(): ${other}: folio_trylock(), or leave it`,
      folio_trylock<string>(k[other].lock, [], [goto("next")]),
    ],
    restore_other: ["migrate_vma_finalize(): folio_unlock()", folio_unlock(k[other].lock)],
    next: ["next page"],
  };
  return actor(
    name,
    {},
    (): Steps => ({
      swap_page: [
        `do_swap_page(): ${own}: folio_trylock(), folio_get()`,
        when<string>(k[own].lock.owner.ne(none), [goto("done")]),
        folio_set_locked(k[own].lock),
        get(own),
      ],
      ...(order === "own_first" ? own_steps : other_steps),
      ...(order === "own_first" ? other_steps : own_steps),
      unlock: ["do_swap_page(): folio_unlock(), folio_put()", folio_unlock(k[own].lock), put(own)],
    }),
  ).as(`a CPU fault on the ${own} folio`);
};

const low = fault("low", "low", "own_first").times(size("ascending"));
const high = fault("high", "high", "own_last").times(size("faults"));
/** In a VMA where a part of the high folio comes first, as mremap() can make one. */
const low_elsewhere = fault("low_elsewhere", "low", "own_last").times(size("descending"));

const opposite_order = [count_of(low, 0), count_of(low_elsewhere, 1)];

const tries = (who: typeof high, other: Side) =>
  replace(who, "lock_other", [
    "folio_trylock(folio), or folio_put() /* not in 7.3 */",
    folio_trylock<string>(k[other].lock, [], [put(other), goto("next")]),
  ]);

export default spec({
  name: "h9-folio-lock-in-collect",
  doc: "H9: collect waits for the lock of a large folio, with another one locked",
  configs: { ci: { faults: 1, ascending: 1, descending: 0 } },
  shared: k,
  actors: { low, high, low_elsewhere },
  always: {
    a_folio_is_split_with_its_lock: claim(
      "nobody but the owner of its lock splits a folio",
      all(
        some(low, (f) => f.at("split_own")).implies(k.low.lock.owner.ne(none)),
        some(high, (f) => f.at("split_other")).implies(k.low.lock.owner.ne(none)),
      ),
    ),
  },
  at_rest: {
    nothing_is_held: claim("no reference is left", all(k.low.extra.eq(0), k.high.extra.eq(0))),
  },
  reachable: {
    collect_waits_for_a_folio: some(high, (f) => f.at("lock_other")).and(k.low.lock.owner.ne(none)),
    both_folios_are_locked: all(k.low.lock.owner.ne(none), k.high.lock.owner.ne(none)),
  },
  variants: {
    opposite_order: {
      doc: "as in 7.3, two VMAs with parts of both folios in opposite order",
      from: "H9; M23",
      breaks: "deadlock",
      change: opposite_order,
    },
    opposite_order_with_trylock: {
      doc: "the same, and the folio is left alone when it is locked",
      from: "H9",
      change: [...opposite_order, tries(high, "low"), tries(low_elsewhere, "high")],
    },
  },
  mutants: {
    split_does_not_look_at_references: {
      doc: "a folio is split under somebody else's reference: its owner goes on to the other one",
      from: "H9",
      breaks: "deadlock",
      change: [replace(low, "split_own", ["split_folio()", set(k.low.large, false)])],
    },
  },
});
