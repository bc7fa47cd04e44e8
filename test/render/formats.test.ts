import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toItf, toMermaid, toPerfetto, toPlantUml } from "../../counterexamples/render/index.ts";
import type { Trace } from "../../model/ir/trace.ts";
import { describeWith } from "../support/oracle.ts";
import { anyTrace } from "./arbitrary.ts";
import { expectGolden } from "./golden.ts";
import { allTraces, lasso, nasty, stalePte } from "./traces.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The rules of ADR-015: every state defines every variable; what is wrong, in words. */
function itfErrors(text: string): string[] {
  const itf = JSON.parse(text) as { vars: string[]; states: Record<string, Json>[]; loop?: number };
  const errors: string[] = [];
  const vars = [...itf.vars].sort().join("|");
  if (new Set(itf.vars).size !== itf.vars.length) errors.push("a variable twice");
  itf.states.forEach((state, i) => {
    const { "#meta": meta, ...rest } = state;
    if (Object.keys(rest).sort().join("|") !== vars) errors.push(`state ${i}: other variables`);
    if ((meta as { index: number }).index !== i) errors.push(`state ${i}: index`);
    for (const [name, value] of Object.entries(rest)) {
      if (name.startsWith("#")) errors.push(`reserved name ${name}`);
      if (typeof value === "number" && !Number.isSafeInteger(value)) errors.push(`not an integer`);
      if (!["string", "number", "boolean"].includes(typeof value)) errors.push(`value of ${name}`);
    }
  });
  const { loop } = itf;
  if (loop !== undefined && !(loop >= 0 && loop < itf.states.length)) errors.push("loop");
  return errors;
}

describe("ITF", () => {
  it("looks as recorded", () => {
    expectGolden("stale-pte.itf.json", toItf(stalePte));
  });

  it("keeps the format's rules for any trace", () => {
    fc.assert(
      fc.property(anyTrace, (trace) => {
        expect(itfErrors(toItf(trace))).toEqual([]);
      }),
    );
  });

  it("has one state more than steps, values as JSON, and the steps' names", () => {
    const itf = JSON.parse(toItf(stalePte)) as { states: Record<string, Json>[] };
    expect(itf.states).toHaveLength(15);
    expect(itf.states[0]).toMatchObject({ "gpu_fault.seq": 0, "mbt::actionTaken": "init" });
    expect(itf.states[14]).toMatchObject({
      "gpu_fault.seq": 4,
      "gpu_pte[v0].valid": true,
      "page[P1].owner": "task_b",
      "mbt::actionTaken": "alloc.step_14",
    });
  });

  it("marks where a lasso's loop begins", () => {
    expect(JSON.parse(toItf(lasso))).toMatchObject({ loop: 2 });
  });
});

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  id?: number;
}

/** Rules of the Trace Event Format that its readers rely on; what is wrong, in words. */
function traceEventErrors(text: string): string[] {
  const { traceEvents } = JSON.parse(text) as { traceEvents: TraceEvent[] };
  const errors: string[] = [];
  const track = (e: TraceEvent): string => `${e.pid}/${e.tid}`;
  const named = traceEvents.filter((e) => e.name === "thread_name").map(track);
  if (new Set(named).size !== named.length) errors.push("a track named twice");
  const slices = traceEvents.filter((e) => e.ph === "X");
  for (const e of slices) {
    if (!named.includes(track(e))) errors.push(`track ${track(e)} has no name`);
    if (!(e.dur !== undefined && e.dur >= 0 && e.ts >= 0)) errors.push(`times of ${e.name}`);
  }
  const ends = new Map<string, number>();
  for (const e of [...slices].sort((a, b) => a.ts - b.ts)) {
    if ((ends.get(track(e)) ?? 0) > e.ts) errors.push(`slices overlap in ${track(e)}`);
    ends.set(track(e), e.ts + (e.dur ?? 0));
  }
  for (const e of traceEvents.filter((f) => f.ph === "s" || f.ph === "f")) {
    const other = traceEvents.filter((f) => f.id === e.id && "sf".includes(f.ph) && f !== e);
    if (other.length !== 1 || other[0]?.ph === e.ph) errors.push(`flow ${e.id} has no other end`);
    const within = slices.some(
      (s) => track(s) === track(e) && s.ts <= e.ts && e.ts < s.ts + (s.dur ?? 0),
    );
    if (!within) errors.push(`flow ${e.id} is not bound to a slice`);
  }
  return errors;
}

describe("Perfetto", () => {
  it("looks as recorded", () => {
    expectGolden("stale-pte.perfetto.json", toPerfetto(stalePte));
  });

  it("keeps the format's rules for any trace", () => {
    for (const trace of Object.values(allTraces)) {
      expect(traceEventErrors(toPerfetto(trace))).toEqual([]);
    }
    fc.assert(
      fc.property(anyTrace, (trace) => {
        expect(traceEventErrors(toPerfetto(trace))).toEqual([]);
      }),
    );
  });
});

// Mermaid's own parser comes with 180 MB of packages. mermaid.parse() of 11.17.2, tried by hand,
// accepted the two golden files and 37 counterexamples of the specs.
describe("Mermaid", () => {
  it("looks as recorded", () => {
    expectGolden("stale-pte.mmd", toMermaid(stalePte));
    expectGolden("nasty.mmd", toMermaid(nasty));
  });

  it("has only statements of a sequence diagram, balanced, for any text", () => {
    const text = String.raw`(?:[A-Za-z0-9 _.,()[\]=*/!?]|#\d+;|<br/>)*`;
    const statement = new RegExp(
      `^  (participant p\\d+ as ${text}|p(\\d+)->>p\\2: ${text}|(de)?activate p\\d+|` +
        `Note over p\\d+(,p\\d+)?: ${text})$`,
    );
    fc.assert(
      fc.property(anyTrace, (trace) => {
        const [head, ...lines] = toMermaid(trace).trimEnd().split("\n");
        expect(head).toBe("sequenceDiagram");
        expect(lines.filter((l) => !statement.test(l))).toEqual([]);
        expect(lines.filter((l) => /\bend\b/i.test(l))).toEqual([]);
        const opened = lines.filter((l) => l.startsWith("  activate")).length;
        const closed = lines.filter((l) => l.startsWith("  deactivate")).length;
        expect(closed).toBeLessThanOrEqual(opened);
      }),
    );
  });
});

function plantUmlVerdict(trace: Trace): string {
  const run = spawnSync("plantuml", ["-syntax"], { input: toPlantUml(trace), encoding: "utf8" });
  return run.stdout;
}

// PlantUML 1.2020.2 (-syntax), tried by hand on 14 counterexamples of the specs, accepts them.
describe("PlantUML", () => {
  it("looks as recorded", () => {
    expectGolden("stale-pte.puml", toPlantUml(stalePte));
    expectGolden("nasty.puml", toPlantUml(nasty));
  });

  it("is one diagram for any text", () => {
    fc.assert(
      fc.property(anyTrace, (trace) => {
        const lines = toPlantUml(trace).trimEnd().split("\n");
        expect(lines.filter((l) => l.startsWith("@"))).toEqual(["@startuml", "@enduml"]);
        expect(lines.join("")).toMatch(/^[\x20-\x7e]*$/);
        const delayed = lines.filter((_, i) => lines[i - 1]?.startsWith("... "));
        expect(delayed.filter((l) => /^(de)?activate/.test(l))).toEqual([]);
      }),
    );
  });
});

describeWith("plantuml", "plantuml itself", () => {
  it("accepts the diagrams", () => {
    for (const trace of [stalePte, nasty]) {
      expect(plantUmlVerdict(trace)).toMatch(/^SEQUENCE\n/);
    }
  });
});
