/** Pictures of a trace: every function here turns one `Trace` into text. */
export { toDot } from "./dot.ts";
export { type LadderOptions, ladder } from "./ladder.ts";
export { ladderWide } from "./ladder-wide.ts";
export { lockdepScenario } from "./lockdep.ts";
export { DrawingFailed, type SvgOptions, toSvg } from "./svg.ts";
export { type Verdict, verdictOf } from "./verdict.ts";
