/** Claims about infinite runs, for `liveness` of a spec. */
import type { Expr } from "./expr.ts";
import { captureFrames, type Frame } from "./frames.ts";

/** A claim; `says` is the sentence that people read when it is violated. */
export type Temporal = { readonly says?: string; readonly frames: Frame[] } & (
  | { readonly temporal: "eventually" | "always_eventually"; readonly expr: Expr<boolean> }
  | {
      readonly temporal: "leads_to";
      readonly from: Expr<boolean>;
      readonly expr: Expr<boolean>;
    }
  | {
      readonly temporal: "ltl";
      readonly formula: string;
      readonly atoms: Record<string, Expr<boolean>>;
    }
);

/** At some moment of every fair run it is true. */
export function eventually(expr: Expr<boolean>, says?: string): Temporal {
  return { temporal: "eventually", expr, ...common(says, expr.frames) };
}

/** In every fair run it is true again and again, and at the end of a run that ends. */
export function always_eventually(expr: Expr<boolean>, says?: string): Temporal {
  return { temporal: "always_eventually", expr, ...common(says, expr.frames) };
}

/** Whenever `from` is true, `expr` is true then or later, in every fair run. */
export function leads_to(from: Expr<boolean>, expr: Expr<boolean>, says?: string): Temporal {
  return { temporal: "leads_to", from, expr, ...common(says, expr.frames) };
}

/**
 * A formula of linear temporal logic in the notation of SPIN, true of every fair run:
 * `ltl("[] (asks -> <> gets)", { asks: ..., gets: ... })`. Operators are `!`, `&&`, `||`, `->`,
 * `<->`, `[]`, `<>`, `X`, `U`, `W` and `V`; the last state of a run that ends repeats for ever.
 */
export function ltl(
  formula: string,
  atoms: Record<string, Expr<boolean>>,
  says?: string,
): Temporal {
  return { temporal: "ltl", formula, atoms, ...common(says, captureFrames()) };
}

function common(says: string | undefined, frames: Frame[]): { says?: string; frames: Frame[] } {
  return says === undefined ? { frames } : { says, frames };
}
