/** All commands, in the order in which the help lists them. */
import type { Command } from "../args.ts";
import { checkCommand } from "./check.ts";
import { crosscheckCommand } from "./crosscheck.ts";
import { diffCommand } from "./diff.ts";
import { drawCommand } from "./draw.ts";
import { estimateCommand } from "./estimate.ts";
import { exportCommand } from "./export.ts";
import { galleryCommand } from "./gallery.ts";
import { graphCommand } from "./graph.ts";
import { locksCommand } from "./locks.ts";
import { mutateCommand } from "./mutate.ts";
import { newCommand } from "./new.ts";
import { printCommand } from "./print.ts";
import { promoteCommand } from "./promote.ts";
import { repairCommand } from "./repair.ts";
import { replayCommand } from "./replay.ts";
import { reportCommand } from "./report.ts";
import { simulateCommand } from "./simulate.ts";
import { sourcesCommand } from "./sources.ts";
import { statusCommand } from "./status.ts";

export const commands: Command[] = [
  checkCommand,
  promoteCommand,
  replayCommand,
  drawCommand,
  graphCommand,
  reportCommand,
  locksCommand,
  diffCommand,
  mutateCommand,
  repairCommand,
  newCommand,
  printCommand,
  exportCommand,
  crosscheckCommand,
  galleryCommand,
  simulateCommand,
  estimateCommand,
  sourcesCommand,
  statusCommand,
];
