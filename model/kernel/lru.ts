/**
 * PG_lru (mm/folio.c: folio_add_lru, folio_batch_move_lru, lru_add_drain_all; mm/vmscan.c:
 * folio_isolate_lru, folio_putback_lru): who wants to move or reclaim a system folio takes it off
 * the list, and only one can. A folio that was added waits in a batch of some CPU, which holds a
 * reference, and can't be isolated until the batch is drained.
 *
 * Omits    the lists and their order; whose CPU the batch is; that a batch drains when it is full;
 *          that freeing a folio on a list takes it off: a frame that is used again is `lru` until
 *          it is added again; batches that move folios within the lists.
 */
import {
  array,
  assert,
  block,
  type Effect,
  type Effects,
  type Expr,
  oneOf,
  type Struct,
  set,
  struct,
  when,
} from "../index.ts";
import { type Folios, Frame, type FrameOf, folio_get, folio_put } from "./folio.ts";

export const lruvec = () => struct("lruvec", { place: array(Frame, oneOf("off", "batch", "lru")) });
export type Lruvec = Struct<ReturnType<typeof lruvec>>;

/** folio_add_lru(): into a batch, which takes a reference. */
export function folio_add_lru(lru: Lruvec, folios: Folios, frame: Expr<FrameOf>): Effect {
  return block(folio_get(folios.at(frame)), set(lru.place.at(frame), "batch"));
}

/**
 * folio_batch_move_lru() of lru_add_drain_all(), as far as this folio goes: it is on the list, and
 * its batch puts it. One that nobody else refers to is freed, and never was on the list.
 */
export function lru_drain_folio(lru: Lruvec, folios: Folios, frame: Expr<FrameOf>): Effect {
  const place = lru.place.at(frame);
  const dead = folios.at(frame).ref.count.eq(1);
  return when(place.eq("batch"), [
    when(dead, [set(place, "off")]).otherwise([set(place, "lru")]),
    folio_put(folios.at(frame)),
  ]);
}

/**
 * folio_isolate_lru(): one of the two lists of effects happens. Who gets the folio has a reference
 * more; finding `use_after_free` without any.
 */
export function folio_isolate_lru<L extends string = never>(
  lru: Lruvec,
  folios: Folios,
  frame: Expr<FrameOf>,
  got: Effects<L>,
  busy: Effects<L>,
): Effect<L> {
  const place = lru.place.at(frame);
  const { ref } = folios.at(frame);
  const take = [set(place, "off"), folio_get(folios.at(frame)), ...got];
  return block<L>(
    assert("use_after_free", ref.count.gt(0), "folio_isolate_lru() of a folio without a reference"),
    when<L>(place.eq("lru"), take).otherwise<L>(busy),
  );
}

/** folio_putback_lru(): folio_add_lru(), and the reference of the isolation is put. */
export function folio_putback_lru(lru: Lruvec, folios: Folios, frame: Expr<FrameOf>): Effect {
  return block(folio_add_lru(lru, folios, frame), folio_put(folios.at(frame)));
}
