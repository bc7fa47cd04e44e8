/** The specs of this repository, as the tests find them. */
import { readdirSync } from "node:fs";
import { join } from "node:path";

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
