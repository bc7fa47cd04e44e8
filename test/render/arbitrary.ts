/**
 * Random traces for fast-check: any text anywhere, but steps, lanes and locks that fit together.
 */
import fc from "fast-check";
import type { LockUse, Trace } from "../../model/ir/trace.ts";
import { lanes, makeTrace, type StepInput, use } from "./traces.ts";

/** Text that label languages trip over, mixed with anything that Unicode has. */
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({
    unit: fc.constantFrom(..."<>&\"\\|{}[]()nNGlTr;#-'\n\t ab\u00e9\u2192"),
    maxLength: 90,
  }),
  fc.constantFrom(
    "---",
    "# x",
    "\\",
    "&amp;",
    "<b>",
    "]]>",
    "%%",
    "@enduml",
    "</script>",
    "a".repeat(200),
  ),
);

const lock = fc.record({
  op: fc.constantFrom<LockUse["op"][]>("acquire", "trylock", "release", "wait", "downgrade"),
  name: fc.oneof(fc.constantFrom("mmap_lock", "folio_lock[g0]", "folio_lock[g1]"), anyText),
  mode: fc.constantFrom<LockUse["mode"][]>("exclusive", "shared"),
});

const lockUse = lock.map(({ op, name, mode }) => use(op, name, mode));

export const anyTrace: fc.Arbitrary<Trace> = fc
  .record({
    names: fc.array(fc.tuple(anyText, anyText), { minLength: 1, maxLength: 12 }),
    picks: fc.array(
      fc.record({
        pid: fc.nat(),
        text: anyText,
        locks: fc.array(lockUse, { maxLength: 2 }),
        chosen: fc.array(anyText, { maxLength: 2 }),
        change: fc.option(fc.tuple(anyText, anyText, anyText, fc.boolean())),
      }),
      { maxLength: 70 },
    ),
    kind: fc.constantFrom("always" as const, "deadlock" as const, "range" as const),
    property: anyText,
    ends: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 3 }),
    loop: fc.boolean(),
  })
  .map(({ names, picks, kind, property, ends, loop }) => {
    const all = lanes(...names);
    const steps = picks.map((p): StepInput => {
      const pid = (p.pid % all.length) + 1;
      return { pid, text: p.text, locks: p.locks, chosen: p.chosen };
    });
    const trace = makeTrace({ lanes: all, steps, violation: { kind, property, text: property } });
    picks.forEach(({ change }, i) => {
      if (!change) return;
      const [name, from, to, watched] = change;
      trace.steps[i]?.changes.push({ name, from, to, watched });
    });
    const count = steps.length;
    if (count > 0) {
      const flows = ends.map(([a, b]) => {
        const [from, to] = [(a % count) + 1, (b % count) + 1].sort((x, y) => x - y);
        return { kind: "value" as const, from: from as number, to: to as number, text: property };
      });
      trace.why = { flows };
      if (loop) trace.loopFrom = Math.ceil(count / 2);
    }
    if (kind === "deadlock") {
      trace.blocked = all.map((l, i) => ({
        pid: l.pid,
        label: "x",
        text: property,
        waitsFor: picks[i]?.locks ?? [],
        holds: picks[i + 1]?.locks ?? [],
      }));
    }
    return trace;
  });
