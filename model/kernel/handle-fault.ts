/**
 * handle_mm_fault() (mm/memory.c: handle_pte_fault), for whoever faults a page in for somebody
 * else: hmm_range_fault(), get_user_pages(). One fault; the caller looks again.
 *
 * Omits    COW of shared pages (see do_wp_page in fork.ts); file pages; VM_FAULT_RETRY.
 */
import {
  all,
  assert,
  type Effect,
  type Expr,
  goto,
  type Ref,
  type Routine,
  ret,
  routine,
  SpecError,
  type Steps,
  when,
} from "../index.ts";
import { do_anonymous_page, migration_entry_wait } from "./fault.ts";
import type { Folios, FrameOf, PageOf } from "./folio.ts";
import { type Mm, type PteKind, pte_can_be } from "./mm.ts";
import { vm_write, wp_page_reuse } from "./mprotect.ts";

/** What do_swap_page() and do_numa_page() do about an entry of that kind. */
export type FaultHandlers = Partial<
  Record<"protnone" | "swap" | "device_private" | "device_exclusive", Routine>
>;
const handled = ["device_private", "protnone", "swap", "device_exclusive"] as const;

/** For each handled kind: a jump, and the call at its label, after which `after` follows. */
export function fault_steps(
  mm: Mm,
  page: Expr<PageOf>,
  handlers: FaultHandlers,
  after: Effect<string>,
): { jumps: Effect<string>[]; steps: Steps } {
  const { kind } = mm.pte.at(page);
  const known = handled.flatMap((k): [PteKind, Routine][] => {
    const handler = handlers[k];
    if (handler) return [[k, handler]];
    if (k === "device_private" || !pte_can_be(mm.pte.at(page), k)) return [];
    throw new SpecError("MR109", `no handler for a fault on ${k}`, `pass { ${k}: routine }`);
  });
  return {
    jumps: known.map(([k]) => when<string>(kind.eq(k), [goto(`${k}_fault`)])),
    steps: Object.fromEntries(
      known.flatMap(([k, handler]): [string, Steps[string]][] => [
        [`${k}_fault`, handler],
        [`${k}_done`, [`the fault on ${k} was handled`, after]],
      ]),
    ),
  };
}

/**
 * handle_mm_fault(): `fresh` is a local of the caller, for a new page. Without a handler for
 * device-private entries there must be none (`fault_without_handler`). Caller holds mmap_lock.
 */
export function handle_mm_fault(
  mm: Mm,
  folios: Folios,
  page: Expr<PageOf>,
  fresh: Ref<FrameOf>,
  handlers: FaultHandlers,
): Routine {
  const { kind } = mm.pte.at(page);
  const { jumps, steps } = fault_steps(mm, page, handlers, ret());
  const write_fault = mm.vm_write
    ? [when(all(kind.eq("present"), vm_write(mm, page)), [wp_page_reuse(mm, page), ret()])]
    : [];
  return routine(
    "handle_mm_fault",
    {},
    (): Steps => ({
      handle_pte_fault: [
        "handle_pte_fault()",
        ...jumps,
        assert("fault_without_handler", kind.ne("device_private"), "pass { device_private }"),
        when<string>(kind.eq("migration"), [goto("entry_wait")]),
        ...write_fault,
      ],
      anonymous: ["do_anonymous_page()", do_anonymous_page(mm, folios, page, fresh), ret()],
      ...steps,
      entry_wait: migration_entry_wait(mm, folios, page),
    }),
  );
}
