/** How the JavaScript engine treats this process. */
import v8 from "node:v8";

/**
 * Bytes of bytecode that a function runs through before V8 compiles it once more, optimised: nine
 * times as many as V8 sets. What reads, generates and translates a model runs for some 50 ms
 * and never again, and optimising it took 0.1 s of processor time; the search reaches any such
 * number at once.
 */
const INTERRUPT_BUDGET = 600_000;

/** Before anything else runs; it is for all threads. */
export function setFlags(): void {
  v8.setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`);
}
