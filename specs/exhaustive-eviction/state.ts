/** What validators, evictors and the shrinker share: buffer objects, blocks of VRAM, the locks. */
import { array, bool, count, type Member, range, scalarset, shared, size, struct } from "mmrace";
import { dma_resv, rw_semaphore, ww_class } from "mmrace/kernel";

/** Buffer objects of one client, of another one, and those behind SVM ranges. */
export const Bo = scalarset("Bo", { a: size("bos"), b: size("bos"), svm: size("svm_bos") });
export type BoOf = Member<"Bo">;
export type Client = "a" | "b" | "svm";

/** struct ttm_buffer_object, of one block: in VRAM, or in system memory. Nobody pins it. */
const ttm_buffer_object = struct("ttm_buffer_object", { resv: dma_resv(), in_vram: bool.any() });

export const k = shared({
  bo: array(Bo, ttm_buffer_object),
  /** reservation_ww_class */
  ctx: ww_class(),
  /** xe_validation_device: taken for read by everybody who validates. */
  val: rw_semaphore(),
  /** Blocks of VRAM that no buffer object has. */
  free: range(0, size("blocks")).any(),
});

/** A block of VRAM is free, or it belongs to one buffer object. */
export const is_accounted_for = k.free
  .plus(count(Bo, (b) => k.bo.at(b).in_vram))
  .eq(size("blocks"));
