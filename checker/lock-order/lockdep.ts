/**
 * What lockdep makes of locks and waits (kernel/locking/lockdep.c): which classes it knows, which
 * maps it is told of by kernel functions, and what it was taught at boot.
 */
import type { LockKind, LockUse } from "../../model/ir/index.ts";

/** Kinds that lockdep has a map for. Folio locks and events have none. */
const TRACKED: Record<LockKind, boolean> = {
  mutex: true,
  spinlock: true,
  rwsem: true,
  ww_mutex: true,
  seqcount: true,
  rcu: true,
  work: true,
  lockdep_map: true,
  folio_lock: false,
  dma_fence: false,
  wait: false,
};

/** Does lockdep know this? An epoch is waited for by wait_event(): only its map is known. */
export function isTracked(use: LockUse): boolean {
  if (use.lock === "seqcount" && use.op === "wait") return false;
  return TRACKED[use.lock];
}

/** `svm->lock`, or `svm->lock/1` for a subclass. */
export function classOf({ class: name, subclass }: LockUse): string {
  return subclass ? `${name}/${subclass}` : name;
}

const NOTIFIER_MAP = "mmu_notifier_invalidate_range_start";
const FENCE_MAP = "dma_fence_map";

export function lockdepMap(name: string): LockUse {
  return { op: "acquire", mode: "exclusive", lock: "lockdep_map", class: name, name };
}

/**
 * Kernel functions that take a map: for as long as they run, or only at their beginning
 * (mm/mmu_notifier.c, include/linux/mmu_notifier.h).
 */
const FUNCTIONS: Record<string, { map: string; held: boolean }> = {
  mmu_notifier_invalidate_range_start: { map: NOTIFIER_MAP, held: true },
  mmu_interval_read_begin: { map: NOTIFIER_MAP, held: false },
  mmu_interval_notifier_remove: { map: NOTIFIER_MAP, held: false },
};

/** The maps that are held in a step inlined from these functions. */
export function mapsHeldIn(routines: readonly string[]): LockUse[] {
  const maps = routines.flatMap((r) => (FUNCTIONS[r]?.held ? [lockdepMap(FUNCTIONS[r].map)] : []));
  return maps.slice(0, 1);
}

/** The maps taken on the way from a step inlined from `before` to one inlined from `after`. */
export function mapsTaken(before: readonly string[], after: readonly string[]): LockUse[] {
  const entered = after.filter((r) => r in FUNCTIONS && !before.includes(r));
  return entered.map((r) => lockdepMap(FUNCTIONS[r]?.map as string));
}

/** __dma_fence_might_wait(): whoever waits for a fence touches the map of all fences. */
export function mapsOf(use: LockUse): LockUse[] {
  return use.lock === "dma_fence" && use.op === "wait" ? [lockdepMap(FENCE_MAP)] : [];
}

/** Is there an event behind the map that somebody waits for? */
export function isWaitedFor(map: string): boolean {
  return map === FENCE_MAP || map === NOTIFIER_MAP;
}

/** The maps behind which this waits. */
export function mapsBehind(use: LockUse): LockUse[] {
  return isEpoch(use) ? [lockdepMap(NOTIFIER_MAP)] : mapsOf(use);
}

/** What may block: to wait for it in atomic context is a bug (might_sleep()). */
export function maySleep(use: LockUse): boolean {
  if (use.op !== "acquire" && use.op !== "wait") return false;
  return !["spinlock", "rcu", "seqcount", "lockdep_map"].includes(use.lock) || isEpoch(use);
}

function isEpoch({ lock, op }: LockUse): boolean {
  return lock === "seqcount" && op === "wait";
}

export function isAtomic({ lock }: LockUse): boolean {
  return lock === "spinlock" || lock === "rcu";
}

/**
 * dma_resv_lockdep() (drivers/dma-buf/dma-resv.c) takes these once, at boot, one inside the other;
 * the last two are not held together with i_mmap_rwsem.
 */
const PRIMED: { name: string; fits: (lock: LockKind, name: string) => boolean }[] = [
  { name: "mmap_lock", fits: (lock, name) => lock === "rwsem" && /mmap_lock$/.test(name) },
  { name: "reservation_ww_class_mutex", fits: (lock) => lock === "ww_mutex" },
  { name: "fs_reclaim", fits: (_, name) => name === "fs_reclaim" },
  { name: "i_mmap_rwsem", fits: (_, name) => /i_mmap_rwsem$/.test(name) },
  { name: NOTIFIER_MAP, fits: (_, name) => name === NOTIFIER_MAP },
  { name: FENCE_MAP, fits: (_, name) => name === FENCE_MAP },
];

interface Known {
  name: string;
  lock: LockKind;
}

/** The orders that lockdep knows from boot, between classes that the model has. */
export function primedOrders(classes: Known[]): { outer: Known; inner: Known }[] {
  const ranked = classes.flatMap((c) => {
    const rank = PRIMED.findIndex((p) => p.fits(c.lock, c.name));
    return rank < 0 ? [] : [{ ...c, rank }];
  });
  const afterMapping = (outer: number, inner: number): boolean => outer === 3 && inner > 3;
  return ranked.flatMap((outer) =>
    ranked
      .filter((inner) => outer.rank < inner.rank && !afterMapping(outer.rank, inner.rank))
      .map((inner) => ({ outer, inner })),
  );
}
