/** Documents that programs read, against the schemas that docs/ci publishes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv, type ValidateFunction } from "ajv";

const folder = fileURLToPath(new URL("../../docs/ci/", import.meta.url));

const compiled = new Map<string, ValidateFunction>();

/** @param schema name of its file */
export function mistakesIn(schema: string, value: unknown): unknown {
  const ajv = new Ajv({ strict: true, strictRequired: false, allErrors: true });
  const text = (): string => readFileSync(join(folder, schema), "utf8");
  const validate = compiled.get(schema) ?? ajv.compile(JSON.parse(text()));
  compiled.set(schema, validate);
  validate(value);
  return validate.errors ?? [];
}
