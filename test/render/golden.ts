/**
 * Golden files of the renderers. One writer: `PROMOTE=1 npx vitest run test/render` rewrites
 * them.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

const folder = fileURLToPath(new URL("./golden/", import.meta.url));

export function expectGolden(name: string, actual: string): void {
  const path = folder + name;
  if (process.env.PROMOTE === "1") {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, actual);
  }
  const found = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  expect(found, `no golden file ${name}: write it with PROMOTE=1`).toBeDefined();
  expect(actual).toBe(found);
}
