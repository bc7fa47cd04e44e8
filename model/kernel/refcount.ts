/**
 * refcount_t (include/linux/refcount.h), and folio reference counts (include/linux/page_ref.h):
 * taking a reference needs one already, unless it is tried; the last put releases.
 *
 * Omits    saturation: leaving the declared range is a violation instead.
 */
import {
  assert,
  block,
  type Effect,
  type Effects,
  type Expr,
  range,
  type SizeLike,
  type Struct,
  set,
  struct,
  when,
} from "../index.ts";

/** A counter 0..max. */
export const refcount = (max: SizeLike, first = 0) =>
  struct("refcount", { count: range(0, max, first) });
export type Refcount = Struct<ReturnType<typeof refcount>>;

/** refcount_set(). */
export function refcount_set(r: Refcount, n: number): Effect {
  return set(r.count, n);
}

/** refcount_inc(): on zero it is a use after free. */
export function refcount_inc(r: Refcount): Effect {
  return block(
    assert("use_after_free", r.count.gt(0), `a reference to ${r.path} is taken from zero`),
    set(r.count, r.count.plus(1)),
  );
}

/** refcount_inc_not_zero(), folio_try_get(): one of the two lists of effects happens. */
export function refcount_inc_not_zero<L extends string = never>(
  r: Refcount,
  got: Effects<L>,
  dead: Effects<L>,
): Effect<L> {
  return when<L>(r.count.gt(0), [set(r.count, r.count.plus(1)), ...got]).otherwise<L>(dead);
}

/** refcount_dec_and_test(): `release` happens inside the put that drops the last reference. */
export function refcount_dec_and_test(r: Refcount, release: Effects): Effect {
  return block(
    assert("use_after_free", r.count.gt(0), `a reference to ${r.path} is put at zero`),
    set(r.count, r.count.minus(1)),
    when(r.count.eq(0), release),
  );
}

/** refcount_read(). */
export function refcount_read(r: Refcount): Expr<number> {
  return r.count;
}
