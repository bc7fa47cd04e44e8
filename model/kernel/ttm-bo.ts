/**
 * Buffer objects of TTM and the VRAM they compete for (drivers/gpu/drm/ttm/ttm_resource.c:
 * ttm_resource_alloc, ttm_resource_free).
 *
 * Omits    sizes and fragmentation (a buffer object is one block); fences, so that an evicted
 *          object is idle at once; pinned and deleted buffer objects; cgroup limits; buffer objects
 *          that share a dma_resv.
 */
import {
  bool,
  count,
  type Effect,
  type Expr,
  type Ref,
  type SizeLike,
  type Struct,
  set,
  struct,
  type Type,
} from "../index.ts";
import { dma_resv, type WwClass } from "./dma-resv.ts";

/** struct ttm_buffer_object, of one block: in VRAM, or in system memory; anything at first. */
export const ttm_buffer_object = () =>
  struct("ttm_buffer_object", { resv: dma_resv({ ctx: true }), in_vram: bool.any() });
export type TtmBo = Struct<ReturnType<typeof ttm_buffer_object>>;

/** struct ttm_device, as the variables of a spec. */
export interface TtmDevice<T> {
  members: Type<T>;
  at(bo: Expr<T>): TtmBo;
  /** reservation_ww_class */
  ctx: WwClass;
  /** Blocks of VRAM that no buffer object has. */
  free: Ref<number>;
}

/** ttm_resource_alloc(), with a free block: -ENOSPC without one is the caller's to find out. */
export function ttm_resource_alloc<T>(dev: TtmDevice<T>, bo: Expr<T>): Effect[] {
  return [set(dev.free, dev.free.minus(1)), set(dev.at(bo).in_vram, true)];
}

/** ttm_resource_free(): the content goes to system memory, the block to whoever is first. */
export function ttm_resource_free<T>(dev: TtmDevice<T>, bo: Expr<T>): Effect[] {
  return [set(dev.at(bo).in_vram, false), set(dev.free, dev.free.plus(1))];
}

/** A block of VRAM is free, or it belongs to one buffer object. */
export function vram_is_accounted_for<T>(dev: TtmDevice<T>, blocks: SizeLike): Expr<boolean> {
  return dev.free.plus(count(dev.members, (b) => dev.at(b).in_vram)).eq(blocks);
}
