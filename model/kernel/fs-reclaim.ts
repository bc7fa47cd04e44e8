/**
 * Direct reclaim (mm/page_alloc.c: fs_reclaim_acquire, __perform_reclaim; mm/vmscan.c): an
 * allocation may run shrinkers and unmap pages in the context of the caller, with every lock that
 * the caller holds. Core mm then calls the caller's own notifiers: a lock that the callback needs
 * must not be held around an allocation that may reclaim. Held anyway, it shows as `recursive_lock`
 * or as a deadlock.
 *
 * Every gfp that may reclaim reaches notifiers, also GFP_NOFS and GFP_NOIO: __alloc_pages() takes
 * the notifier map of lockdep whenever direct reclaim is allowed.
 *
 * Omits    how much memory there is: pressure comes at any time; kswapd (an actor of its own); OOM.
 */
import {
  type Effect,
  either,
  lockEvent,
  type Ref,
  type Routine,
  ret,
  routine,
  set,
} from "../index.ts";
import { might_sleep } from "./context.ts";

export type Gfp = "GFP_KERNEL" | "GFP_NOFS" | "GFP_NOIO" | "GFP_NOWAIT" | "GFP_ATOMIC";

/**
 * An allocation. With a gfp that may reclaim it sleeps, and may run `reclaim` first: shrinkers and
 * unmapping, as a routine with their callbacks. With GFP_NOWAIT and GFP_ATOMIC it neither sleeps
 * nor reclaims. `failed` says that there was no memory.
 */
export function alloc_pages(gfp: Gfp, failed: Ref<boolean>, reclaim: Routine): Routine {
  const outcome = [set(failed, false)];
  const nomem = [set(failed, true)];
  const once = either({ ok: outcome, enomem: nomem });
  if (gfp === "GFP_NOWAIT" || gfp === "GFP_ATOMIC") {
    return routine("alloc_pages", {}, () => ({ alloc: [`alloc_pages(${gfp})`, once] }));
  }
  return routine("alloc_pages", {}, () => ({
    alloc: [
      `alloc_pages(${gfp})`,
      might_sleep(`alloc_pages(${gfp})`),
      ...might_alloc(gfp),
      either({ ok: [...outcome, ret()], pressure: fs_reclaim(gfp, "acquire") }),
    ],
    reclaim,
    again: ["__perform_reclaim() made progress, or not", ...fs_reclaim(gfp, "release"), once],
  }));
}

/**
 * An allocation of small order inside a bigger step of the kernel: it does not fail, but may
 * reclaim.
 */
export function may_reclaim(what: string, reclaim: Routine): Routine {
  return routine("__alloc_pages_direct_reclaim", {}, () => ({
    alloc: [what, ...pressure(what)],
    reclaim,
  }));
}

function pressure(what: string): Effect[] {
  return [might_sleep(what), ...might_alloc("GFP_KERNEL"), either({ ok: [ret()], pressure: [] })];
}

/** might_alloc(): lockdep hears of reclaim and of notifiers, whether or not memory is short. */
function might_alloc(gfp: Gfp): Effect[] {
  const map = "mmu_notifier_invalidate_range_start";
  return [
    ...fs_reclaim(gfp, "acquire"),
    lockdep_map(map, "acquire"),
    lockdep_map(map, "release"),
    ...fs_reclaim(gfp, "release"),
  ];
}

/** fs_reclaim_acquire() takes the map only with __GFP_FS. */
function fs_reclaim(gfp: Gfp, op: "acquire" | "release"): Effect[] {
  return gfp === "GFP_KERNEL" ? [lockdep_map("fs_reclaim", op)] : [];
}

function lockdep_map(name: string, op: "acquire" | "release"): Effect {
  return lockEvent({ op, mode: "exclusive", lock: "lockdep_map", class: name, index: [] });
}
