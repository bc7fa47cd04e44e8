/**
 * Pages, frames and folios. A frame is a page of physical memory: of the system or of the device
 * (VRAM, ZONE_DEVICE). A folio here is always one frame; its reference count is 0 while the frame
 * is free.
 *
 * References (mm/migrate_device.c, mm/memremap.c): each CPU page-table entry that maps the folio
 * holds one; whoever works on it holds one more; device page tables hold none.
 *
 * Omits    large folios, mapcount (one mapping per folio), the LRU (see lru.ts), memcg.
 */
import {
  any,
  assert,
  block,
  choose,
  type Effect,
  type Expr,
  exists,
  type Member,
  none,
  not,
  type Ref,
  range,
  type Struct,
  scalarset,
  set,
  size,
  struct,
  type Value,
} from "../index.ts";
import { folio_lock_bit } from "./folio-lock.ts";
import { refcount, refcount_dec_and_test, refcount_inc } from "./refcount.ts";

/** Virtual pages of the mirrored address space. */
export const Page = scalarset("Page", size("pages"));
export type PageOf = Member<"Page">;

/** Frames of system memory and of device memory. */
export const Frame = scalarset("Frame", { sys: size("sys_frames"), vram: size("vram_frames") });
export type FrameOf = Member<"Frame">;

/** Number of stores that a run may contain; a version tells the stores apart. */
export const versions = size("versions");

/** A folio with at most that many references at a time. */
export const folio = (references = 4) =>
  struct("folio", {
    lock: folio_lock_bit(),
    ref: refcount(references),
    /** Which store the content comes from; 0 is a zeroed page. */
    data: range(0, versions),
  });
export type Folio = Struct<ReturnType<typeof folio>>;
/** All folios, by frame. */
export interface Folios {
  at(f: Expr<FrameOf>): Folio;
}

/** folio_get(). */
export function folio_get(f: Folio): Effect {
  return refcount_inc(f.ref);
}

/** folio_put(): the last one frees the frame, which must be unlocked. */
export function folio_put(f: Folio): Effect {
  return refcount_dec_and_test(f.ref, [
    assert("freed_while_locked", f.lock.owner.eq(none), "the last reference of a locked folio"),
  ]);
}

/**
 * Picks a free system frame: the allocator's choice. First in a step. A configuration must have
 * frames enough: running out is a finding of its own, not a deadlock. With `needed` false nothing
 * is allocated.
 */
export function alloc_page(
  folios: Folios,
  target: Ref<FrameOf>,
  needed: Value<boolean> = true,
): Effect {
  const is_free = (f: Expr<FrameOf>) => f.is("sys").and(folios.at(f).ref.count.eq(0));
  const enough = any(not(needed), exists(Frame, is_free));
  return block(
    assert("out_of_system_frames", enough, "no free frame: raise sys_frames"),
    choose(target, any(not(needed), is_free(target))),
  );
}

/** prep_new_page(): one reference, zeroed. */
export function prep_new_page(f: Folio): Effect {
  return block(set(f.ref.count, 1), set(f.data, 0));
}
