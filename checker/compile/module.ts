/**
 * The generated engine: all steps, properties and the hash table of one model as one piece of
 * JavaScript, specialised to its packing.
 */
import type { Expr, Interpreter, Process } from "../../model/ir/index.ts";
import { type Fusion, runsFrom, widening } from "../reduce/fuse.ts";
import {
  BATCH,
  type Batch,
  type Engine,
  labelNumbers,
  newBatch,
  type Reductions,
  type Tables,
} from "../search/engine.ts";
import { newFilter, tableText } from "../store/table.ts";
import { canonText } from "./canonical.ts";
import { genExpr, type Scope, truth } from "./expr.ts";
import type { Packing } from "./pack.ts";
import { declareTemps, genStep, mostOutcomes, pcText } from "./step.ts";

/** V8 does not optimise huge functions: steps beyond this much text get functions of their own. */
const INLINE_STEP = 2_000;
const INLINE_PROCESS = 16_000;

/** Entries of the register array R: words filled, problem, terminal states, a sink for loads. */
const REGISTERS = 4;

interface Generated {
  bind(states: Int32Array, index: Int32Array, slotBits: number): void;
  expand(from: number, to: number): number;
  insert(count: number, filled: number): number;
  grow(count: number): void;
  check(from: number, to: number): number;
  reach(from: number, to: number): void;
  canonAll(filled: number): void;
}

/** Largest number of successors that one state can have. */
export function mostSuccessors(packing: Packing, fusion: Fusion): number {
  return packing.layout.processes.reduce((sum, p) => {
    const most = p.actor.steps.map((s) => mostOutcomes(s.body, packing, p));
    const wider = widening(fusion, p.actor, p.actorIndex);
    return sum + most.reduce((a, b) => Math.max(a, b), 0) * wider;
  }, 0);
}

/** Generates and loads the engine of a model; throws where code generation is forbidden. */
export function compileEngine(
  interpreter: Interpreter,
  packing: Packing,
  reductions: Reductions,
): Engine {
  const { fusion } = reductions;
  const batch = newBatch(packing, mostSuccessors(packing, fusion));
  const candidates = batch.words.length / packing.words;
  const registers = new Int32Array(REGISTERS);
  const make = new Function(
    "C",
    "H",
    "E",
    "P",
    "K",
    "R",
    "N",
    "Q",
    "M",
    moduleText(packing, reductions),
  ) as (...shared: (Int32Array | Float64Array | Uint8Array)[]) => Generated;
  const scratch = Math.max(candidates, 1024);
  const code = make(
    batch.words,
    new Int32Array(scratch),
    new Int32Array(scratch),
    new Int32Array(scratch),
    newFilter(packing.words),
    registers,
    batch.fired,
    batch.reached,
    batch.ends,
  );
  return {
    kind: "compiled",
    interpreter,
    packing,
    batch,
    runs: (state) => runsFrom(interpreter, fusion, state),
    bind: (t: Tables) => code.bind(t.states, t.index, t.slotBits),
    expand: (from, to) => {
      const next = code.expand(from, to);
      readRegisters(batch, registers);
      return next;
    },
    insert: code.insert,
    grow: code.grow,
    canonicalize: code.canonAll,
    check: code.check,
    reach: code.reach,
  };
}

function readRegisters(batch: Batch, registers: Int32Array): void {
  batch.filled = registers[0] as number;
  batch.problem = registers[1] !== 0;
  batch.terminal = registers[2] as number;
}

/** The whole text; exported to be looked at. */
export function moduleText(
  packing: Packing,
  { fusion, parts, movers }: Reductions,
  shared = false,
): string {
  const { model, processes } = packing.layout;
  const list = (prefix: string): string =>
    Array.from({ length: packing.words }, (_, i) => `${prefix}${i}`).join(", ");
  const load = Array.from(
    { length: packing.words },
    (_, i) => `s${i} = S[i * ${packing.words} + ${i}]`,
  ).join(", ");
  const property = (name: string, expr: Expr): string =>
    propertyText(packing, name, expr, list("s"));
  const test = (name: string): string => `!${name}(${list("s")})`;
  const atRest = model.atRest.map((_, k) => test(`atRest${k}`));
  const calls = processes.map((p) => {
    const end = movers ? ` M[${p.pid - 1}] = n;` : "";
    return `n = p${p.pid}(${list("s")}, n); if (n < 0) { R[1] = 1; n = ~n; break; }${end}`;
  });
  const facts = model.reachable.map((_, k) => {
    return `if (Q[${k}] === 0 && reachable${k}(${list("s")})) Q[${k}] = 1;`;
  });
  return `"use strict";
let S = null, T = null, slotMask = 0, slotBits = 0;
function bind(states, index, bits) {
  S = states; T = index; slotBits = bits; slotMask = 2 ** bits - 1;
}
${processes.map((p) => processText(packing, p, list("s"), fusion)).join("\n")}
${model.always.map((p, k) => property(`always${k}`, p.expr)).join("\n")}
${model.atRest.map((p, k) => property(`atRest${k}`, p.expr)).join("\n")}
${model.reachable.map((p, k) => property(`reachable${k}`, p.expr)).join("\n")}
${restText(packing, list("s"))}
function expand(from, to) {
  let n = 0, i = from, terminal = 0;
  R[1] = 0;
  for (; i < to && n < ${BATCH * packing.words}; i++) {
    const ${load}, before = n;
${calls.join("\n")}
    if (n === before) {
      if (${["!rests(".concat(list("s"), ")"), ...atRest].join(" || ")}) { R[1] = 1; break; }
      terminal++;
    }
  }
  R[0] = n; R[2] = terminal;
  return i;
}
function check(from, to) {
  for (let i = from; i < to; i++) {
    const ${load};
    if (${model.always.map((_, k) => test(`always${k}`)).join(" || ") || "false"}) return i;
  }
  return 0;
}
function reach(from, to) {
  for (let i = from; i < to; i++) {
    const ${load};
${facts.join("\n")}
  }
}
${parts.length > 0 ? canonText(packing, parts) : "function canonAll() {}"}
${tableText(packing.words, parts.length > 0, shared)}
return { bind, expand, insert, grow, place, check, reach, canonAll };
`;
}

function propertyText(packing: Packing, name: string, expr: Expr, args: string): string {
  const fn = { temps: 0, faults: false };
  const scope: Scope = { packing, process: undefined, bound: new Map(), prefix: "s", fn };
  const code = truth(genExpr(expr, scope));
  const result = fn.faults ? `const r = ${code}; return r && F === 0;` : `return ${code};`;
  return `function ${name}(${args}) { ${declareTemps(fn)} ${result} }`;
}

function processText(packing: Packing, process: Process, args: string, fusion: Fusion): string {
  const first = labelNumbers(packing).first[process.actorIndex] as number;
  const name = `p${process.pid}`;
  const outlined: string[] = [];
  let inlined = 0;
  const cases = process.actor.steps.map((_, k) => {
    const text = genStep(packing, process, k, first, fusion);
    if (text.length <= INLINE_STEP && inlined + text.length <= INLINE_PROCESS) {
      inlined += text.length;
      return `case ${k}: ${text} break;`;
    }
    outlined.push(`function ${name}_${k}(${args}, n) {\n${text} return n; }`);
    return `case ${k}: return ${name}_${k}(${args}, n);`;
  });
  return `${outlined.join("\n")}
function ${name}(${args}, n) {
  switch (${pcText(packing, process, "s")}) {
${cases.join("\n")}
  }
  return n;
}`;
}

/** `rests(...)`: is every process done or at an idle label? */
function restText(packing: Packing, args: string): string {
  const tests = packing.layout.processes.map((p) => {
    const pc = pcText(packing, p, "s");
    const idle = p.actor.steps.map((s, k) => (s.idle ? `${pc} === ${k}` : "")).filter(Boolean);
    return `(${[`${pc} === ${p.actor.steps.length}`, ...idle].join(" || ")})`;
  });
  return `function rests(${args}) { return ${tests.join(" && ") || "true"}; }`;
}
