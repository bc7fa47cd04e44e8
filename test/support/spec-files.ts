/** The specs of this repository, as the tests find them, and what was promoted of them. */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { EXPECT_FILE, type RunExpectation, SCHEME } from "../../cli/expect/format.ts";
import { readExpectations } from "../../cli/expect/review.ts";

/** Every `spec.ts` and `*.spec.ts` below the folder, in the order of names. */
export function specFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => a.name.localeCompare(b.name, "en"))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return specFiles(path);
      return entry.name === "spec.ts" || entry.name.endsWith(".spec.ts") ? [path] : [];
    });
}

/** Of the scheme that has the name of its folder, in this configuration. */
export function promoted(folder: string, config: string): RunExpectation {
  const sheets = readExpectations(join(folder, EXPECT_FILE));
  const run = sheets?.[basename(folder)]?.configs[config]?.runs[SCHEME];
  if (!run) throw new Error(`${folder}: nothing was promoted of ${config}`);
  return run;
}
