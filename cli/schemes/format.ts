/**
 * `schemes.json`, beside the specs that give the evidence: what was predicted of a scheme, and
 * which searches tell. What they came to is never written here; it stands in `expect.json`.
 */
import { UserError } from "../errors.ts";
import { isString, listOf, mapOf, optional, parseJson, shape } from "../json-shape.ts";

export const SCHEMES_FILE = "schemes.json";

/** The claims, in the order of the table; docs/sources.md says what each is. */
export const COLUMNS = [
  ...["P1", "P2", "P3", "P4", "P5g", "P5c", "P5e"],
  ...["P6", "P7", "P8", "P9", "P10", "P11"],
] as const;

/** All designs that there have to be rows for. */
export const SCHEMES = Array.from({ length: 29 }, (_, i) => `S${String(i + 1).padStart(2, "0")}`);

/** What an analysis by hand had predicted; "none" where it says nothing. */
export const PREDICTIONS = ["holds", "violated", "conditional", "na", "none"] as const;
export type Prediction = (typeof PREDICTIONS)[number];

/** One claim of one search that `expect.json` knows. */
export interface Evidence {
  spec: string;
  config: string;
  /** "-" is the scheme itself. */
  variant: string;
  /** A claim of the spec, or `deadlock`. */
  property: string;
  /** The assumption under which this search stands for the scheme. */
  under?: string;
}

/** Exactly one of `evidence`, `na`, `open`. */
export interface Cell {
  predicted: Prediction;
  evidence?: Evidence[];
  /** Why the claim says nothing about the scheme. */
  na?: string;
  /** What is missing for an answer. */
  open?: string;
  /** What else the reader must know: of which near relative the evidence is, for one. */
  note?: string;
  /** Who was wrong, where the verdict is not the predicted one. */
  differs?: string;
}

export interface Row {
  /** `S01`; "-" for a driver that is none of the numbered designs. */
  scheme: string;
  cells: Record<string, Cell>;
}

const FIX = "docs/schemes.md says what a schemes.json holds";

/** The rows by name. Throws UserError for a text of another form. */
export function parseSchemes(text: string, file: string): Record<string, Row> {
  const json = parseJson(text, file, FIX);
  const wrong = isSheet(json, "");
  if (wrong !== undefined) {
    const message = `${wrong.slice(1) || "the file"} is not as it should be`;
    throw new UserError({ file, message, fix: FIX });
  }
  return (json as { rows: Record<string, Row> }).rows;
}

const isEvidence = shape({
  spec: isString,
  config: isString,
  variant: isString,
  property: isString,
  under: optional(isString),
});
const isCell = shape({
  predicted: isString,
  evidence: optional(listOf(isEvidence)),
  na: optional(isString),
  open: optional(isString),
  note: optional(isString),
  differs: optional(isString),
});
const isSheet = shape({ rows: mapOf(shape({ scheme: isString, cells: mapOf(isCell) })) });
