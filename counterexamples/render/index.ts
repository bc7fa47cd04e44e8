/** Pictures of a trace: every function here turns one `Trace` into text. */
export { toDot } from "./dot.ts";
export { type GraphEdge, type GraphState, graphToDot, type StateGraph } from "./graph-dot.ts";
export { toItf } from "./itf.ts";
export { type LadderOptions, ladder } from "./ladder.ts";
export { ladderWide } from "./ladder-wide.ts";
export { cyclicOrders, type LockOrder, lockGraphToDot, lockOrders } from "./lock-graph.ts";
export { lockdepScenario } from "./lockdep.ts";
export { toPerfetto } from "./perfetto.ts";
export { type ReportInput, type ReportRun, toReport } from "./report.ts";
export type { LinkTemplates } from "./report-data.ts";
export { toMermaid, toPlantUml } from "./sequence.ts";
export { DrawingFailed, type SvgOptions, toSvg } from "./svg.ts";
export { type Verdict, verdictOf } from "./verdict.ts";
