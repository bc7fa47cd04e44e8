/**
 * Random programs in which something happens: those that lock, and models of any kind, of which
 * the ones are passed over that end after a few states.
 */
import fc from "fast-check";
import { interpret, type Model, violationsIn } from "../../model/ir/index.ts";
import { anyLocking } from "./random-locking.ts";
import { randomModel } from "./random-model.ts";

/** With fewer reachable states a model says little about a search. */
const LIVELY = 12;
const ATTEMPTS = 6;
const NUMBERS_PER_ATTEMPT = 120;

function isLively(model: Model): boolean {
  const interpreter = interpret(model);
  const queue = interpreter.initialStates();
  const seen = new Set(queue.map((state) => state.join()));
  for (let state = queue.pop(); state && seen.size < LIVELY; state = queue.pop()) {
    for (const { next, violation } of interpreter.successors(state)) {
      if (violation || seen.has(next.join())) continue;
      seen.add(next.join());
      queue.push(next);
    }
  }
  return seen.size >= LIVELY;
}

/** A claim that is false to begin with would end every search at once. */
function withoutInstantViolation(model: Model): Model {
  const interpreter = interpret(model);
  const isBad = interpreter.initialStates().some((s) => violationsIn(interpreter, s).length > 0);
  return isBad ? { ...model, always: [] } : model;
}

const lively: fc.Arbitrary<Model> = fc
  .array(fc.noBias(fc.nat(0xffff)), { minLength: 800, maxLength: 1600, size: "max" })
  .map((numbers) => {
    let model: Model | undefined;
    for (let attempt = 0; attempt < ATTEMPTS && !(model && isLively(model)); attempt++) {
      let used = attempt * NUMBERS_PER_ATTEMPT;
      model = randomModel((n) => (numbers[used++] ?? 0) % n);
    }
    return withoutInstantViolation(model as Model);
  });

/** Half of them with locks. */
export const anyProgram: fc.Arbitrary<Model> = fc.limitShrink(fc.oneof(anyLocking, lively), 300);
