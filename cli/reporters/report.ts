/** What a reporter is given: all that a run has found. */
import type { Outcome } from "../judge.ts";
import type { Limits } from "../search.ts";

export interface Report {
  outcomes: Outcome[];
  /** Searches that were asked for; fewer results mean an interrupted run. */
  planned: number;
  /** Exit code of the run. */
  code: number;
  limits: Limits;
}
