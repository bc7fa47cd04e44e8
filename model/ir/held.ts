/** Which locks a process holds, told from its lock events. */
import type { LockUse } from "./trace.ts";

/** What is held after these events, in the order of taking; `held` is what was held before. */
export function heldAfter(held: readonly LockUse[], uses: readonly LockUse[]): LockUse[] {
  const now = [...held];
  const last = (fits: (h: LockUse) => boolean): number => now.findLastIndex(fits);
  for (const use of uses) {
    const sameMode = last((h) => h.name === use.name && h.mode === use.mode);
    const at = sameMode >= 0 ? sameMode : last((h) => h.name === use.name);
    switch (use.op) {
      case "acquire":
      case "trylock":
        now.push(use);
        break;
      case "release":
        if (at >= 0) now.splice(at, 1);
        break;
      case "downgrade":
        if (at >= 0) now[at] = { ...use, mode: "shared" };
        break;
      case "wait":
        break;
    }
  }
  return now;
}
