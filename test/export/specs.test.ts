/**
 * The schemes of this repository through SPIN: the pinned numbers of states and transitions; and
 * for the first mutant of each, the verdict (the upstream races are so many that their fixed
 * schemes must do). `npm run crosscheck:all` takes all of them, and Rumur.
 */
import { describe, expect, it } from "vitest";
import { crosscheck } from "../../cli/crosscheck/crosscheck.ts";
import { has, LIMITS } from "./support/check.ts";
import { type Pinned, pinnedModels } from "./support/specs.ts";

/** Larger ones take minutes. */
const MOST_STATES = 3_000_000;
/** Of these SPIN has not come to an end within five minutes. */
const TOO_LONG = ["xe-svm-partial-evict", "xe-svm-partial-unmap"];

const all = await pinnedModels();
const schemes = all.filter(
  (p) => p.isScheme && p.own.states <= MOST_STATES && !TOO_LONG.includes(p.spec),
);
const mutants = schemes.flatMap((scheme) => {
  if (scheme.isRace) return [];
  const mutant = all.find((p) => p.spec === scheme.spec && p.own.verdict === "violated");
  return mutant ? [mutant] : [];
});

async function throughSpin(pinned: Pinned) {
  const options = { tools: ["spin"] as const, name: "model", header: [], limits: LIMITS };
  return crosscheck(pinned.model(), pinned.own, { ...options, env: process.env });
}

describe.skipIf(!has("spin") || schemes.length === 0)("SPIN", () => {
  it.each(schemes.map((p) => [p.title, p] as const))("counts %s", async (_, pinned) => {
    const { states, transitions, verdict } = pinned.own;
    const rows = await throughSpin(pinned);
    expect(rows).toMatchObject([{ states, transitions, verdict, agree: true }]);
  });

  it.each(mutants.map((p) => [p.title, p] as const))("violates %s", async (_, pinned) => {
    expect(await throughSpin(pinned)).toMatchObject([{ verdict: "violated", agree: true }]);
  });
});
