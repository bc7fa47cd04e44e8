/** Waits until something happens in folders, or until Ctrl-C. */
import { type FSWatcher, statSync, watch } from "node:fs";

export interface FolderWatch {
  /** From now on these, and no others. Folders that do not exist are left out. */
  set(folders: Iterable<string>): void;
  /** Resolves when something may have changed, and has been quiet for a moment. */
  change(): Promise<void>;
  interrupted(): boolean;
  close(): void;
}

/** An editor writes several files, or one in several steps. */
const QUIET_MS = 60;
/** Some file systems (of containers, of networks) tell nobody: look anyway. */
const LOOK_MS = 2000;

/**
 * Each folder is watched on its own: a recursive watch loses a file when an editor replaces it,
 * and so does a watch of the file itself.
 */
export function watchFolders(): FolderWatch {
  const watchers = new Map<string, { inode: number; watcher: FSWatcher }>();
  let stopped = false;
  let happened = false;
  let wake = (): void => undefined;
  const ring = (): void => {
    happened = true;
    wake();
  };
  const onSignal = (): void => {
    stopped = true;
    ring();
  };
  process.on("SIGINT", onSignal);
  /** Until something happens, or this time is over. */
  const pause = async (ms: number): Promise<void> => {
    if (happened) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    wake = () => undefined;
  };
  const drop = (folder: string): void => {
    watchers.get(folder)?.watcher.close();
    watchers.delete(folder);
  };
  const add = (folder: string): void => {
    const inode = statSync(folder, { throwIfNoEntry: false })?.ino;
    if (inode === watchers.get(folder)?.inode) return;
    drop(folder);
    if (inode === undefined) return;
    const watcher = tryWatch(folder, ring);
    if (watcher) watchers.set(folder, { inode, watcher });
  };
  return {
    set(folders) {
      const wanted = new Set(folders);
      for (const folder of [...watchers.keys()]) if (!wanted.has(folder)) drop(folder);
      for (const folder of wanted) add(folder);
    },
    async change() {
      await pause(LOOK_MS);
      while (happened && !stopped) {
        happened = false;
        await pause(QUIET_MS);
      }
    },
    interrupted: () => stopped,
    close() {
      process.off("SIGINT", onSignal);
      for (const folder of [...watchers.keys()]) drop(folder);
    },
  };
}

/** Where the system has no watch left, or none at all, {@link LOOK_MS} remains. */
function tryWatch(folder: string, onEvent: () => void): FSWatcher | undefined {
  try {
    return watch(folder, onEvent).on("error", onEvent);
  } catch {
    return undefined;
  }
}
