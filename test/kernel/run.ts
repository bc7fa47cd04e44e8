/** Tiny specs: built, validated, searched to the end, and told in a few words. */
import { type Change, type SpecInput, spec } from "mmrace";
import { type Model, resetDeadLocals, validate } from "mmrace/ir";
import { expect } from "vitest";
import { check } from "../../checker/index.ts";

export interface Outcome {
  /** "holds", or the name of the property or rule that is violated. */
  verdict: string;
  states: number;
  transitions: number;
  /** `kind subject` of everything that a complete search expected and did not meet. */
  findings: string[];
  /** The labels of a shortest counterexample, `process.label`. */
  steps: string[];
}

export type Input = Omit<SpecInput, "name" | "configs"> & {
  sizes?: Record<string, number>;
  /** A mistake to make. */
  change?: Change[];
};

/** The model of a tiny spec; it must be a valid one, but need not claim more than that it ends. */
export function build({ sizes = {}, change, ...rest }: Input): Model {
  const variants = change ? { variants: { changed: { change } } } : {};
  const whole = spec({ name: "tiny", configs: { ci: sizes }, ...rest, ...variants });
  const model = whole.build(change ? { variant: "changed" } : {});
  expect(validate(model).filter((d) => d.code !== "MR051")).toEqual([]);
  return model;
}

/** Searches all states of a tiny spec; where that is quick, the interpreter must say the same. */
export function run(input: Input): Outcome {
  const model = resetDeadLocals(build(input));
  const result = check(model);
  const { verdict, states, transitions, findings, moves = [] } = result;
  if (states <= 1000) {
    const slow = check(model, { engine: "interpreted" });
    expect(slow).toMatchObject({ verdict, states, transitions, findings });
  }
  if (verdict.kind === "incomplete") throw new Error(`search ended by ${verdict.limit}`);
  return {
    verdict: verdict.kind === "holds" ? "holds" : verdict.violation.property,
    states,
    transitions,
    findings: findings.map((f) => `${f.kind} ${f.subject}`),
    steps: moves.map((m) => `${m.process}.${m.label}`),
  };
}

/** What a scheme must be: it holds, nothing in it is out of reach, and these are its counts. */
export function holds(states: number, transitions: number): Partial<Outcome> {
  return { verdict: "holds", states, transitions, findings: [] };
}
