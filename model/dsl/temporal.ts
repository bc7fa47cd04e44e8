/** Claims about infinite runs, for `liveness` of a spec. */
import type { Liveness } from "../ir/index.ts";
import type { Expr } from "./expr.ts";

export interface Temporal {
  readonly temporal: Liveness["kind"];
  /** Of `leads_to`. */
  readonly from?: Expr<boolean>;
  readonly expr: Expr<boolean>;
  /** The sentence that people read when it is violated. */
  readonly says?: string;
}

/** At some moment of every fair run it is true. */
export function eventually(expr: Expr<boolean>, says?: string): Temporal {
  return withText({ temporal: "eventually", expr }, says);
}

/** In every fair run it is true again and again, and at the end of a run that ends. */
export function always_eventually(expr: Expr<boolean>, says?: string): Temporal {
  return withText({ temporal: "always_eventually", expr }, says);
}

/** Whenever `from` is true, `expr` is true then or later, in every fair run. */
export function leads_to(from: Expr<boolean>, expr: Expr<boolean>, says?: string): Temporal {
  return withText({ temporal: "leads_to", from, expr }, says);
}

function withText(claim: Temporal, says: string | undefined): Temporal {
  return says === undefined ? claim : { ...claim, says };
}
