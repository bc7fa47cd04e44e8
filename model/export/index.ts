/** The public door of the exporters. */
import type { Model } from "../ir/index.ts";
import { exportMurphi } from "./murphi.ts";
import { exportPinsC } from "./pins-c.ts";
import { exportPromela } from "./promela.ts";
import { exportTla } from "./tla.ts";
import type { Exported, ExportOptions, Target } from "./types.ts";

export * from "./types.ts";

/**
 * A valid model as text for another checker. The states of the text are the states of the model;
 * dead locals are not reset here (`resetDeadLocals`). A model that the target can't say is
 * refused as a whole.
 */
export function exportModel(model: Model, target: Target, options: ExportOptions): Exported {
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
