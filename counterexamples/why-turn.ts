/**
 * The step that made a violation inevitable: after it every schedule runs into the same
 * violation.
 */
import {
  type Interpreter,
  type State,
  type Trace,
  type Violation,
  violationsIn,
} from "../model/ir/index.ts";

class BudgetSpent extends Error {}

/**
 * Number of the step (from 1), or undefined when the search for a way out grows beyond `budget`
 * states. A way out is a run that ends well, goes round for ever, or violates something else
 * first.
 */
export function turningPoint(
  interpreter: Interpreter,
  trace: Trace,
  states: State[],
  budget: number,
): number | undefined {
  const { violation } = trace;
  if (!violation || trace.loopFrom !== undefined || states.length !== trace.steps.length + 1) {
    return undefined;
  }
  // A single state does not show what infinite runs, or single processes, can never do.
  if (!endsBadly(interpreter, trace, states.at(-1) as State)) return undefined;
  const escapes = wayOut(interpreter, violation, budget);
  try {
    for (let step = trace.steps.length; step >= 1; step--) {
      if (escapes(states[step - 1] as State)) return step;
    }
  } catch (error) {
    if (!(error instanceof BudgetSpent)) throw error;
    return undefined;
  }
  return 0;
}

function endsBadly(interpreter: Interpreter, { violation, steps }: Trace, last: State): boolean {
  const here = violationsIn(interpreter, last).some((v) => sameClaim(v, violation));
  return here || (STEP_KINDS.has(violation?.kind ?? "") && steps.length > 0);
}

/** What a step does wrong, and not the state behind it. */
const STEP_KINDS = new Set<string>(["assert", "range", "unset", "division"]);

function sameClaim(a: Violation | undefined, b: Violation | undefined): boolean {
  return a !== undefined && a.kind === b?.kind && a.property === b.property;
}

/**
 * Depth-first, with what is known kept between calls. A state on the stack that is met again
 * closes a cycle, and that is a way out for all of them.
 */
function wayOut(
  interpreter: Interpreter,
  violation: Violation,
  budget: number,
): (state: State) => boolean {
  const known = new Map<string, boolean | "open">();
  const same = (v: Violation | undefined): boolean => sameClaim(v, violation);
  const escapes = (state: State): boolean => {
    const key = state.join();
    const before = known.get(key);
    if (before !== undefined) return before !== false;
    if (known.size >= budget) throw new BudgetSpent();
    known.set(key, "open");
    const found = look(state);
    known.set(key, found);
    return found;
  };
  const look = (state: State): boolean => {
    const next = interpreter.successors(state);
    const here = violationsIn(interpreter, state, next);
    if (here.some(same)) return false;
    if (here.length > 0) return true;
    if (next.length === 0) return true;
    return next.some((o) => (o.violation ? !same(o.violation) : escapes(o.next)));
  };
  return escapes;
}
