/**
 * What the exported C tells LTSmin about its transition groups, audited by the transitions
 * themselves: an upper bound that is too small makes partial-order reduction lose states.
 */
import { describe, expect, it } from "vitest";
import { explorePins, hasGcc } from "./support/check.ts";
import { CASES } from "./support/models.ts";
import { type Dump, readDump } from "./support/pins-dump.ts";

const some = CASES.filter(({ model }) => !["hostile-names", "unset"].includes(model.name));

describe.skipIf(!hasGcc()).each(some.map((c) => [c.model.name, c.model] as const))(
  "%s",
  (_, model) => {
    const dump: Dump = hasGcc() ? readDump(explorePins(model, true).lines) : readDump([]);

    it("has transitions to audit", () => {
      expect(dump.transitions.length).toBeGreaterThan(0);
      expect(dump.labels.size).toBeGreaterThan(1);
      expect(dump.coenabled.length).toBeGreaterThan(1);
    });

    it("writes nothing but what it may write", () => {
      for (const { group, from, to } of dump.transitions) {
        const changed = from.flatMap((value, slot) => (to[slot] === value ? [] : [slot]));
        for (const slot of changed) expect(dump.mayWrite[group]?.has(slot)).toBe(true);
      }
    });

    it("depends on nothing but what it reads", () => {
      const seen = new Map<string, string>();
      for (const { group, from, to } of dump.transitions) {
        const read = from.filter((_, slot) => dump.reads[group]?.has(slot));
        const wrote = to.filter((_, slot) => dump.mayWrite[group]?.has(slot));
        const key = `${group}: ${read}`;
        // The group before the start has one transition per initial state.
        if (dump.mayWrite[group]?.size === from.length - 1) continue;
        expect(seen.get(key) ?? `${wrote}`).toBe(`${wrote}`);
        seen.set(key, `${wrote}`);
      }
    });

    it("always writes what it must write", () => {
      for (let group = 0; group < dump.mayWrite.length; group++) {
        for (const slot of dump.mustWrite[group] ?? []) {
          expect(dump.mayWrite[group]?.has(slot)).toBe(true);
        }
        // What may stay as it is has to be read, so that it can be copied.
        for (const slot of dump.mayWrite[group] ?? []) {
          const must = dump.mustWrite[group]?.has(slot);
          expect(must || dump.reads[group]?.has(slot)).toBe(true);
        }
      }
    });

    it("knows which groups can make a label true or false", () => {
      for (const { group, from, to } of dump.transitions) {
        const [before, after] = [dump.labels.get(`${from}`), dump.labels.get(`${to}`)];
        before?.forEach((value, label) => {
          if (value === after?.[label]) return;
          const known = value ? dump.mayDisable[label] : dump.mayEnable[label];
          expect(known?.has(group)).toBe(true);
        });
      }
    });

    it("knows which guards are never true together", () => {
      for (const values of dump.labels.values()) {
        const on = values.flatMap((value, label) => (value ? [label] : []));
        for (const a of on) for (const c of on) expect(dump.coenabled[a]?.has(c)).toBe(true);
      }
    });

    it("lets according groups commute", () => {
      expect(dump.disagreements()).toEqual([]);
    });
  },
);
