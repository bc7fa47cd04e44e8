/** Whether a counterexample goes the way that a bug is documented. */
import type { Trace } from "../model/ir/index.ts";

/**
 * @param order decisive steps as "actor.label"; the label of a call stands for every step inside it
 * @returns the first of them that does not come after those before it
 */
export function firstOutOfOrder(order: string[], { steps, lanes }: Trace): string | undefined {
  const taken = steps.map((s) => `${lanes.find((lane) => lane.pid === s.pid)?.actor}.${s.label}`);
  let from = 0;
  return order.find((label) => {
    const at = taken.findIndex((t, i) => i >= from && (t === label || t.startsWith(`${label}.`)));
    from = at + 1;
    return at < 0;
  });
}
