/** All commands, in the order in which the help lists them; the code of one is loaded alone. */
import type { Command } from "../args.ts";

export interface Entry {
  name: string;
  load: () => Promise<Command>;
}

export const commands: Entry[] = [
  { name: "check", load: async () => (await import("./check.ts")).checkCommand },
  { name: "promote", load: async () => (await import("./promote.ts")).promoteCommand },
  { name: "replay", load: async () => (await import("./replay.ts")).replayCommand },
  { name: "draw", load: async () => (await import("./draw.ts")).drawCommand },
  { name: "graph", load: async () => (await import("./graph.ts")).graphCommand },
  { name: "report", load: async () => (await import("./report.ts")).reportCommand },
  { name: "locks", load: async () => (await import("./locks.ts")).locksCommand },
  { name: "diff", load: async () => (await import("./diff.ts")).diffCommand },
  { name: "mutate", load: async () => (await import("./mutate.ts")).mutateCommand },
  { name: "repair", load: async () => (await import("./repair.ts")).repairCommand },
  { name: "new", load: async () => (await import("./new.ts")).newCommand },
  { name: "print", load: async () => (await import("./print.ts")).printCommand },
  { name: "export", load: async () => (await import("./export.ts")).exportCommand },
  { name: "crosscheck", load: async () => (await import("./crosscheck.ts")).crosscheckCommand },
  { name: "gallery", load: async () => (await import("./gallery.ts")).galleryCommand },
  { name: "simulate", load: async () => (await import("./simulate.ts")).simulateCommand },
  { name: "estimate", load: async () => (await import("./estimate.ts")).estimateCommand },
  { name: "sources", load: async () => (await import("./sources.ts")).sourcesCommand },
  { name: "status", load: async () => (await import("./status.ts")).statusCommand },
];
