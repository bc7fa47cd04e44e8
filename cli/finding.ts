/** What makes a verdict worth less than it looks, by name. */
import type { CheckResult } from "../checker/index.ts";
import type { Src } from "../model/ir/index.ts";

/** Names of findings, for filters and reports. */
export type FindingRule =
  | CheckResult["findings"][number]["kind"]
  | "assumption_false"
  | "expectation_missing"
  | "verdict_changed"
  | "count_changed"
  | "model_changed"
  | "label_no_longer_fires"
  | "size_smaller"
  | "size_changed"
  | "lock_cycle_new"
  | "lock_order_new"
  | "lock_order_gone"
  | "property_removed"
  | "property_changed"
  | "property_not_promoted"
  | "spec_removed"
  | "configuration_removed"
  | "variant_removed";

export interface Finding {
  rule: FindingRule;
  text: string;
  src?: Src;
}
