/** The JSON form of a model: text to model with every mistake named, and back. */
import { type Diagnostic, type Place, reporter } from "./diagnostics.ts";
import { checkShape } from "./json-shape.ts";
import { jsonErrorAt, lineAndColumn } from "./json-syntax.ts";
import type { Model } from "./types.ts";
import { validate } from "./validate.ts";

export type Parsed =
  | { model: Model; diagnostics?: undefined }
  | { model?: undefined; diagnostics: Diagnostic[] };

/**
 * Reads a model and checks it completely: JSON syntax, shape, meaning; the first of these that fails is
 * reported alone, because the later ones build on it.
 *
 * @param file name for the places of syntax errors
 */
export function parseModel(text: string, file?: string): Parsed {
  const found: Diagnostic[] = [];
  const report = reporter(found);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const { offset, expected } = jsonErrorAt(text);
    const where = lineAndColumn(text, offset);
    const place: Place = { path: "", src: file === undefined ? undefined : { file, ...where } };
    const message = `line ${where.line}, column ${where.column}: expected ${expected}`;
    report("MR001", place, `this is not JSON: ${message}`);
    return { diagnostics: found };
  }
  checkShape(json, report);
  if (found.length > 0) return { diagnostics: found };
  const model = json as Model;
  const diagnostics = validate(model);
  return diagnostics.length > 0 ? { diagnostics } : { model };
}

/** The JSON text of a model, indented, with a newline at its end. */
export function stringifyModel(model: Model): string {
  return `${JSON.stringify(model, null, 2)}\n`;
}
