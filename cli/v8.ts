/** How the JavaScript engine treats this process. */
import v8 from "node:v8";

/**
 * Bytes of bytecode that a function runs through before V8 compiles it once more, optimised: nine
 * times as many as V8 sets. What reads, generates and translates a model runs for some 50 ms
 * and never again, and optimising it took 0.1 s of processor time; the search reaches any such
 * number at once.
 */
const INTERRUPT_BUDGET = 600_000;

/** The last V8 with that flag, which is Node 20's: the later ones count calls, and wait longer. */
const LAST_WITH_BUDGET = 11;

/** Flags for a V8 of this version. One that it does not know would be an error for the user. */
export function flagsFor(version: string): string[] {
  return Number.parseInt(version, 10) > LAST_WITH_BUDGET
    ? []
    : [`--interrupt-budget=${INTERRUPT_BUDGET}`];
}

/** Before anything else runs; it is for all threads. */
export function setFlags(): void {
  for (const flag of flagsFor(process.versions.v8)) v8.setFlagsFromString(flag);
}
