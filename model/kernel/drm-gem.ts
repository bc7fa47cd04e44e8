/**
 * struct drm_gem_object (drivers/gpu/drm/drm_gem.c): a reference count around a dma_resv, which is
 * part of the object and goes with it.
 *
 * Omits    handles and names; that the last put may be deferred to a work item (xe_bo_put_async).
 */
import { assert, block, type Effect, type SizeLike, type Struct, struct } from "../index.ts";
import { dma_resv, dma_resv_lock, dma_resv_unlock } from "./dma-resv.ts";
import { refcount, refcount_dec_and_test, refcount_inc } from "./refcount.ts";

/** Exists from the beginning, with one reference, and may have that many at a time. */
export const drm_gem_object = (references: SizeLike = 2) =>
  struct("drm_gem_object", { refcount: refcount(references, 1), resv: dma_resv() });
export type GemObject = Struct<ReturnType<typeof drm_gem_object>>;

/** drm_gem_object_get(). */
export function drm_gem_object_get(obj: GemObject): Effect {
  return refcount_inc(obj.refcount);
}

/** drm_gem_object_put(): the last one frees the object. */
export function drm_gem_object_put(obj: GemObject): Effect {
  return refcount_dec_and_test(obj.refcount, []);
}

/** dma_resv_lock(obj->resv, NULL). */
export function drm_gem_lock(obj: GemObject): Effect {
  return block(in_use(obj, "dma_resv_lock"), dma_resv_lock(obj.resv));
}

/** dma_resv_unlock(obj->resv). */
export function drm_gem_unlock(obj: GemObject): Effect {
  return block(in_use(obj, "dma_resv_unlock"), dma_resv_unlock(obj.resv));
}

function in_use(obj: GemObject, what: string): Effect {
  return assert("use_after_free", obj.refcount.count.gt(0), `${what}(${obj.path}), which is freed`);
}
