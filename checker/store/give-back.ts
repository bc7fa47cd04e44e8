/**
 * The memory of a search that is over goes back to the system at once. V8 does not see the size of
 * shared memory: it would keep that of ten searches, and a process with so much in its address
 * space cannot start another one.
 */
import v8 from "node:v8";
import vm from "node:vm";

let asked = false;
let collect: (() => void) | undefined;

/** A search has asked for a large piece. */
export function noteRequest(): void {
  asked = true;
}

/** To be called by who has no reference left to the arrays of a search. */
export function giveBack(): void {
  if (!asked) return;
  asked = false;
  collect ??= collector();
  collect();
}

/** V8's own, which a program has only where a flag says so. */
function collector(): () => void {
  v8.setFlagsFromString("--expose-gc");
  return vm.runInNewContext("gc") as () => void;
}
