/**
 * Several address spaces: a process and the children it forks. Which one has been forked already is
 * for the spec to say (`forked`); until then nobody may work on a child.
 *
 * A folio is mapped at most once in each address space (no KSM).
 */
import {
  type Claim,
  claim,
  count,
  type Expr,
  exists,
  forall,
  type Member,
  type Ref,
  scalarset,
  size,
} from "../index.ts";
import { type Folios, Frame, type FrameOf, Page, type PageOf } from "./folio.ts";
import { type Mm, mapping_kinds, pte_is } from "./mm.ts";

/** Address spaces. The parent is there from the beginning. */
export const MmId = scalarset("Mm", { parent: 1, child: size("children") });
export type MmOf = Member<"Mm">;

/** All address spaces. */
export interface Mms {
  at(m: Expr<MmOf>): Mm;
}

/** A place where a folio may be mapped: locals that walk over the mappings. */
export interface Mapping {
  mm: Ref<MmOf>;
  page: Ref<PageOf>;
}

/** Some entry of some address space is like that. */
export function some_mapping(
  like: (m: Expr<MmOf>, p: Expr<PageOf>) => Expr<boolean>,
): Expr<boolean> {
  return exists(MmId, (m) => exists(Page, (p) => like(m, p)));
}

/** The entry maps the frame, as present or as a page of the device. */
export function maps_frame(
  mms: Mms,
  m: Expr<MmOf>,
  p: Expr<PageOf>,
  frame: Expr<FrameOf>,
): Expr<boolean> {
  const pte = mms.at(m).pte.at(p);
  return pte.frame.eq(frame).and(pte_is(pte, ...mapping_kinds));
}

/** The property holds in every address space. */
export function in_every_mm(property: (m: Expr<MmOf>) => Claim): Claim {
  let says = "";
  const expr = forall(MmId, (m) => {
    const one = property(m);
    says = one.says;
    return one.expr;
  });
  return claim(says, expr);
}

/** At rest, a folio has one reference for each entry that maps it, and no other. */
export function no_leaked_reference_of_any_mm(mms: Mms, folios: Folios): Claim {
  const maps = (f: Expr<FrameOf>, m: Expr<MmOf>) =>
    exists(Page, (p) => mms.at(m).pte.at(p).frame.eq(f));
  const expr = forall(Frame, (f) => folios.at(f).ref.count.eq(count(MmId, (m) => maps(f, m))));
  return claim("every folio reference belongs to a mapping", expr);
}
