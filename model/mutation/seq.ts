/**
 * mmu_interval_set_seq() outside the driver's lock. The notifier object of the language is known by
 * the cell that set_seq writes (model/kernel/mmu-interval-notifier.ts).
 */
import { type ActorDecl, allStmts, type Step, type Stmt } from "../ir/index.ts";
import { takeBlock } from "./order.ts";
import type { Section } from "./sections.ts";
import { labelAt, redirected, withBody } from "./steps.ts";

function isSetSeq(stmt: Stmt): boolean {
  return allStmts([stmt]).some(
    (s) =>
      s.kind === "set" &&
      s.target.kind === "shared" &&
      s.target.name.endsWith(".seq_is_current") &&
      s.value.kind === "const" &&
      s.value.value === 1,
  );
}

/** set_seq as a step of its own, before the lock is taken. */
export function seqOutside(
  actor: ActorDecl,
  section: Section,
  isInnermost: (at: number) => boolean,
): { step: Step; changed: ActorDecl }[] {
  const block = takeBlock(actor, section);
  if (!block) return [];
  const [first] = block;
  return section.inside.filter(isInnermost).flatMap((at) => {
    const step = actor.steps[at] as Step;
    const own = step.body.filter(isSetSeq);
    if (own.length === 0) return [];
    const label = `${labelAt(actor, first)}_set_seq`;
    const text = "mmu_interval_set_seq(), before the lock";
    const early: Step = { ...step, label, text, body: own };
    const left = actor.steps.map((s) => {
      return s === step
        ? withBody(
            s,
            s.body.filter((stmt) => !isSetSeq(stmt)),
          )
        : s;
    });
    const steps = redirected(left, labelAt(actor, first), label);
    steps.splice(first, 0, early);
    return [{ step, changed: { ...actor, steps } }];
  });
}
