/** What validators, evictors and the shrinker share: buffer objects, blocks of VRAM, the locks. */
import { array, type Member, range, scalarset, shared, size } from "mmrace";
import {
  rw_semaphore,
  type TtmDevice,
  ttm_buffer_object,
  vram_is_accounted_for,
  ww_class,
} from "mmrace/kernel";

/** Buffer objects of one client, of another one, and those behind SVM ranges. */
export const Bo = scalarset("Bo", { a: size("bos"), b: size("bos"), svm: size("svm_bos") });
export type BoOf = Member<"Bo">;
export type Client = "a" | "b" | "svm";

export const k = shared({
  bo: array(Bo, ttm_buffer_object()),
  /** reservation_ww_class */
  ctx: ww_class(),
  /** xe_validation_device: taken for read by everybody who validates. */
  val: rw_semaphore(),
  /** Blocks of VRAM that no buffer object has. */
  free: range(0, size("blocks")).any(),
});

export const dev: TtmDevice<BoOf> = {
  members: Bo,
  at: (b) => k.bo.at(b),
  ctx: k.ctx,
  free: k.free,
};

export const is_accounted_for = vram_is_accounted_for(dev, size("blocks"));
