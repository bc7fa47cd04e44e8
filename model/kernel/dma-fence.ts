/**
 * struct dma_fence (drivers/dma-buf/dma-fence.c), as one slot: there is none, it is pending, or it
 * has signalled. Waiting is allowed with a dma_resv held, in shrinkers and in mmu notifiers.
 *
 * Omits    usage classes (a slot is one class of one dma_resv), contexts and seqnos, error codes,
 *          enable_signaling and callbacks.
 */
import { block, bool, type Effect, lockEvent, type Struct, set, struct, wait } from "../index.ts";
import { might_sleep } from "./context.ts";

/** `pending`: from the beginning on. */
export const dma_fence_slot = (pending = false) =>
  struct("dma_fence", { pending: bool.init(pending) });
export type DmaFenceSlot = Struct<ReturnType<typeof dma_fence_slot>>;

/** dma_resv_add_fence(): from here on others wait for it. */
export function dma_resv_add_fence(f: DmaFenceSlot): Effect {
  return set(f.pending, true);
}

/** dma_fence_signal(). */
export function dma_fence_signal(f: DmaFenceSlot): Effect {
  return set(f.pending, false);
}

/** dma_fence_wait(), dma_resv_wait_timeout(). */
export function dma_fence_wait(f: DmaFenceSlot): Effect {
  return block(
    lockEvent({
      op: "wait",
      mode: "exclusive",
      lock: "dma_fence",
      class: f.path,
      index: [...f.indexes],
    }),
    might_sleep(`dma_fence_wait(${f.path})`),
    wait(f.pending.not()),
  );
}

/**
 * dma_fence_begin_signalling(): from here to dma_fence_end_signalling() others may wait for what
 * this path does. An annotation for lockdep, which takes it as a trylock for reading: it changes
 * nothing else. Not under a spinlock.
 */
export function dma_fence_begin_signalling(): Effect {
  return signalling("trylock");
}

/** dma_fence_end_signalling(). */
export function dma_fence_end_signalling(): Effect {
  return signalling("release");
}

function signalling(op: "trylock" | "release"): Effect {
  return lockEvent({ op, mode: "shared", lock: "lockdep_map", class: "dma_fence_map", index: [] });
}
