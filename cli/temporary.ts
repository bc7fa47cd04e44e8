/** Folders that are gone when they are no longer needed, however the process ends. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folders = new Set<string>();

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}

// A spec may call process.exit() while it loads, a user may press Ctrl-C twice.
process.on("exit", () => {
  for (const folder of folders) remove(folder);
});

/** Runs the action with a new empty folder. */
export async function withFolder<T>(action: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "mmrace-"));
  folders.add(folder);
  try {
    return await action(folder);
  } finally {
    remove(folder);
  }
}
