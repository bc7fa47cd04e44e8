/** What each kind of problem is, in one sentence. */
import type { Rule } from "./problems.ts";

export const RULES: Record<Rule, string> = {
  property_violated: "An interleaving violates a claim of the scheme.",
  not_violated_as_declared: "A bug, mutant or variant does not violate what it must violate.",
  incomplete: "A limit ended the search: there is no verdict.",
  label_never_fired: "A step is never taken.",
  never_reached: "A fact that must be possible is true in no reachable state.",
  never_at_rest: "A claim about the system at rest is never evaluated.",
  no_initial_state: "No initial state satisfies the assumptions: nothing was checked.",
  assumption_false:
    "The audit found that mmrace assumes what is not true: its verdict is in doubt.",
  expectation_missing: "There is nothing to compare the result with.",
  verdict_changed: "The verdict is not the one that was promoted.",
  count_changed: "The numbers of states, transitions or steps are not those that were promoted.",
  model_changed: "The state or the steps of the model are not those that were promoted.",
  label_no_longer_fires: "A step that used to be taken is not taken any more.",
  size_smaller: "A size is smaller than the one that was promoted.",
  size_changed: "A size is not the one that was promoted.",
  lock_cycle_new:
    "Locks are taken in a circle that was not there, or that comes to something else.",
  lock_order_new: "A lock is taken, tried or waited for inside another one, and was not before.",
  lock_order_gone: "An order of locks, or a circle, that was promoted is not there any more.",
  property_removed: "A claim that was promoted is not made any more.",
  property_changed: "A claim says something else than what was promoted.",
  property_not_promoted: "A claim is made, and not promoted yet.",
  spec_removed: "A spec that was promoted is gone.",
  configuration_removed: "A configuration that was promoted is gone.",
  variant_removed: "A mutant or variant that was promoted is gone.",
};
