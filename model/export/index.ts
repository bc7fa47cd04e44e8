/** The public door of the exporters. */
import type { Model } from "../ir/index.ts";
import { exportMurphi } from "./murphi.ts";
import { exportPinsC } from "./pins-c.ts";
import { runClaimsOf, safetyOf } from "./progress.ts";
import { exportPromela } from "./promela.ts";
import { exportTla } from "./tla.ts";
import { type Exported, type ExportOptions, refused, type Target } from "./types.ts";

export { onlyClaim, runClaimsOf, safetyOf } from "./progress.ts";
export * from "./types.ts";

/**
 * A valid model as text for another checker. The states of the text are the states of the model;
 * dead locals are not reset here (`resetDeadLocals`). A model that the target can't say is
 * refused as a whole; so are claims about infinite runs, unless they are left out on purpose.
 */
export function exportModel(model: Model, target: Target, options: ExportOptions): Exported {
  const keys = runClaimsOf(model);
  if (keys.length === 0) return write(model, target, options);
  const names = keys.map((key) => key.replace(/^liveness /, "")).join(", ");
  if (options.safetyOnly) {
    const left = `Claims about infinite runs are left out, as asked: ${names}.`;
    return write(safetyOf(model), target, { ...options, header: [...options.header, left] });
  }
  const what = "claims about infinite runs";
  const text = "fair runs can't be said; --safety-only exports the rest";
  if (target === "murphi" || target === "pins-c") return refused(what, names, text);
  if (target === "tla" && options.symmetry) {
    return refused(`symmetry with ${what}`, names, "TLC's reduction is unsound for them");
  }
  return write(model, target, options);
}

function write(model: Model, target: Target, options: ExportOptions): Exported {
  switch (target) {
    case "promela":
      return exportPromela(model, options);
    case "tla":
      return exportTla(model, options);
    case "murphi":
      return exportMurphi(model, options);
    case "pins-c":
      return exportPinsC(model, options);
  }
}
