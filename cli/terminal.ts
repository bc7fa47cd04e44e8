/** Colours, decided once per stream. */
import pc from "picocolors";

type Colors = ReturnType<typeof pc.createColors>;

/** Is this stream a terminal that shows colours, and does the user want them? */
export function wantsColor(stream: { isTTY?: boolean }, flags: ReadonlySet<string>): boolean {
  if (flags.has("no-color") || process.env.NO_COLOR) return false;
  if (process.env.FORCE_COLOR && process.env.FORCE_COLOR !== "0") return true;
  return stream.isTTY === true && process.env.TERM !== "dumb";
}

export function colorsFor(stream: { isTTY?: boolean }, flags: ReadonlySet<string>): Colors {
  return pc.createColors(wantsColor(stream, flags));
}

export type { Colors };
