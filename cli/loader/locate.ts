/** From positions in the bundle back to the spec's own source. */
import { SourceMap } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Src } from "../../model/ir/types.ts";
import { isLanguageFile } from "../home.ts";
import type { Bundle } from "./bundle.ts";
import { showPath } from "./paths.ts";

/** A position in the bundle, counting from 1. */
export interface Frame {
  file: string;
  line: number;
  column: number;
}

/** The innermost of these frames (innermost first) that is not the language itself. */
export type Locate = (frames: Frame[]) => Src | undefined;

/** @param file where the bundle lies while it runs */
export function locator(bundle: Bundle, file: string): Locate {
  const map = new SourceMap(JSON.parse(bundle.map));
  const names = [file, pathToFileURL(file).href];
  const find = ({ line, column }: Frame): Src | undefined => {
    const entry = map.findEntry(line - 1, column - 1);
    if (!("originalSource" in entry)) return undefined;
    const source = resolve(bundle.folder, entry.originalSource);
    if (isLanguageFile(source)) return undefined;
    const { originalLine, originalColumn } = entry;
    return { file: showPath(source), line: originalLine + 1, column: originalColumn + 1 };
  };
  // Every variant of a spec asks for the same places.
  const known = new Map<string, Src | undefined>();
  const place = (frame: Frame): Src | undefined => {
    if (!names.includes(frame.file)) return undefined;
    const key = `${frame.line}:${frame.column}`;
    if (!known.has(key)) known.set(key, find(frame));
    return known.get(key);
  };
  return (frames) => {
    for (const frame of frames) {
      const src = place(frame);
      if (src) return src;
    }
    return undefined;
  };
}

const FRAME = /^\s*at (?:.*\()?(.+):(\d+):(\d+)\)?$/;

/** The frames of a thrown error, from its text: it was made before anyone asked for structure. */
export function framesOf(error: Error): Frame[] {
  return (error.stack ?? "").split("\n").flatMap((text) => {
    const [, file, line, column] = FRAME.exec(text) ?? [];
    return file ? [{ file, line: Number(line), column: Number(column) }] : [];
  });
}
