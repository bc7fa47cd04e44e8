/**
 * The reference interpreter as an engine: slow, and the one that generated code is compared with.
 */
import { type Interpreter, isDeadlock, type State } from "../../model/ir/index.ts";
import { mostSuccessors } from "../compile/module.ts";
import { type Packing, packState, unpackState } from "../compile/pack.ts";
import { runsFrom } from "../reduce/fuse.ts";
import { renameState, renamings, type SlotSource, slotSources } from "../reduce/permute.ts";
import { enterAll, insertAll, type Tables, widenAll } from "../store/table.ts";
import { BATCH, type Engine, labelNumber, newBatch, type Reductions } from "./engine.ts";

export function interpretedEngine(
  interpreter: Interpreter,
  packing: Packing,
  { fusion, parts }: Reductions,
): Engine {
  const { model } = interpreter;
  const { words } = packing;
  const batch = newBatch(packing, mostSuccessors(packing, fusion));
  let tables: Tables = { states: new Int32Array(0), index: new Int32Array(0), slotBits: 0 };
  const stateOf = (i: number): number[] => unpackState(packing, tables.states, i * words);
  const group = renamings(parts).map((r) => slotSources(interpreter.layout, r));
  const canonicalize = (filled: number): void => {
    for (let at = 0; at < filled; at += words) smallestOfOrbit(packing, group, batch.words, at);
  };
  /** False when the state has a violation. */
  const expandOne = (i: number): boolean => {
    const state = stateOf(i);
    const runs = runsFrom(interpreter, fusion, state);
    batch.ends.fill(batch.filled);
    for (const run of runs) {
      if (run.violation) return false;
      for (const step of run.steps) {
        const n = labelNumber(packing, step.pid, step.label);
        batch.fired[n] = (batch.fired[n] as number) + 1;
      }
      packState(packing, run.next, batch.words, batch.filled);
      batch.filled += words;
      batch.ends.fill(batch.filled, (run.steps[0]?.pid ?? 1) - 1);
    }
    if (runs.length > 0) return true;
    if (isDeadlock(interpreter, state, [])) return false;
    if (!model.atRest.every((p) => interpreter.evaluate(p.expr, state) === true)) return false;
    batch.terminal++;
    return true;
  };
  return {
    kind: "interpreted",
    interpreter,
    packing,
    batch,
    runs: (state) => runsFrom(interpreter, fusion, state),
    bind: (t) => {
      tables = { ...t };
    },
    expand: (from, to) => {
      Object.assign(batch, { filled: 0, terminal: 0, problem: false });
      let i = from;
      for (; i < to && batch.filled < BATCH * words; i++) {
        if (expandOne(i)) continue;
        batch.problem = true;
        break;
      }
      return i;
    },
    insert: (count, filled) => {
      canonicalize(filled);
      return insertAll(tables, words, batch.words, filled, count);
    },
    canonicalize,
    enter: (count) => enterAll(tables, words, count),
    widen: (slotBits, count) => widenAll(tables, words, slotBits, count),
    check: (from, to) => {
      for (let i = from; i < to; i++) if (!isGood(interpreter, stateOf(i))) return i;
      return 0;
    },
    reach: (from, to) => {
      for (let i = from; i < to; i++) noteFacts(interpreter, stateOf(i), batch.reached);
    },
  };
}

function isGood({ model, evaluate }: Interpreter, state: State): boolean {
  return model.always.every((p) => evaluate(p.expr, state) === true);
}

function noteFacts({ model, evaluate }: Interpreter, state: State, reached: Uint8Array): void {
  model.reachable.forEach((p, k) => {
    if (evaluate(p.expr, state) === true) reached[k] = 1;
  });
}

/** Puts the smallest renaming of the state in its place; words compare as signed integers. */
function smallestOfOrbit(
  packing: Packing,
  group: SlotSource[][],
  words: Int32Array,
  at: number,
): void {
  const state = unpackState(packing, words, at);
  const best = words.subarray(at, at + packing.words);
  const other = new Int32Array(packing.words);
  for (const sources of group) {
    packState(packing, renameState(sources, state), other, 0);
    const i = other.findIndex((w, k) => w !== best[k]);
    if (i >= 0 && (other[i] as number) < (best[i] as number)) best.set(other);
  }
}
