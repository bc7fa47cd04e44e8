import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { describe } from "vitest";

/** Whether a program is on the PATH. */
export function hasTool(name: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** What this needs of vitest's `describe`. */
interface Suite {
  (title: string, body: () => void): unknown;
  skip(title: string, body: () => void): unknown;
}

/**
 * A `describe` for tests that need programs which npm does not install. Where one is missing the
 * tests are skipped in sight: the name of the group says which one it was.
 *
 *     describeWith(["spin", "gcc"], "Promela export", () => { ... });
 */
export function describeWith(
  tools: string | readonly string[],
  title: string,
  body: () => void,
  suite: Suite = describe,
): void {
  const missing = [tools].flat().filter((tool) => !hasTool(tool));
  if (missing.length === 0) suite(title, body);
  else suite.skip(`${title} [skipped: ${missing.join(", ")} not installed]`, body);
}
