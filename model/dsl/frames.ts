/**
 * Where in the spec's source an effect or expression was written: raw stack frames, mapped later.
 */
import type { Src } from "../ir/index.ts";

/** A position in the running code (a bundle, usually), counting from 1. */
export interface Frame {
  file: string;
  line: number;
  column: number;
}

/** Turns frames, innermost first, into a place in the spec's own source. */
export type Locate = (frames: Frame[]) => Src | undefined;

const DEPTH = 16;

/** The frames above the caller. Uses V8's structured stack API, so no text is parsed. */
export function captureFrames(): Frame[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = DEPTH;
    Error.prepareStackTrace = (_error, sites) => sites;
    const holder: { stack?: unknown } = {};
    Error.captureStackTrace(holder, captureFrames);
    const sites = holder.stack as NodeJS.CallSite[];
    return sites.flatMap((site) => {
      const file = site.getFileName();
      const line = site.getLineNumber();
      const column = site.getColumnNumber();
      return file && line && column ? [{ file, line, column }] : [];
    });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace as NonNullable<typeof prepareStackTrace>;
  }
}

/** A mistake of the spec's author that the language noticed: number, place, fix. */
export class SpecError extends Error {
  readonly code: string;
  readonly fix: string;
  readonly frames: Frame[];
  constructor(code: string, message: string, fix: string, frames: Frame[] = captureFrames()) {
    super(message);
    this.name = "SpecError";
    this.code = code;
    this.fix = fix;
    this.frames = frames;
  }
}
