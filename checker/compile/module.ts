/**
 * The generated engine: all steps and properties of one model, specialised to its packing, as
 * JavaScript text that is translated to WebAssembly; and the hash table as JavaScript. What is
 * translated is fast at once, and however large a model is: V8 takes its time with JavaScript, and
 * never optimises the largest functions.
 */
import type { Expr, Interpreter, Process } from "../../model/ir/index.ts";
import { type Fusion, runsFrom, widening } from "../reduce/fuse.ts";
import { BATCH, type Batch, type Engine, labelNumbers, type Reductions } from "../search/engine.ts";
import { linesOf, newFilter, siftText, storeText, type Tables } from "../store/table.ts";
import { canonText } from "./canonical.ts";
import { type Fn, genExpr, newFn, type Scope, truth } from "./expr.ts";
import { type Generated, loadCode, moduleFrom } from "./load.ts";
import { planMemory } from "./memory.ts";
import type { Packing } from "./pack.ts";
import { declareTemps, genStep, mostOutcomes, pcText } from "./step.ts";
import { translate } from "./wasm.ts";

/** V8 does not optimise huge functions: steps beyond this much text get functions of their own. */
const INLINE_STEP = 2_000;
const INLINE_PROCESS = 16_000;

/** Largest number of successors that one state can have. */
export function mostSuccessors(packing: Packing, fusion: Fusion): number {
  return packing.layout.processes.reduce((sum, p) => {
    const most = p.actor.steps.map((s) => mostOutcomes(s.body, packing, p));
    const wider = widening(fusion, p.actor, p.actorIndex);
    return sum + most.reduce((a, b) => Math.max(a, b), 0) * wider;
  }, 0);
}

/**
 * Generates and loads the engine of a model.
 *
 * @throws EvalError where code generation is forbidden
 */
export function compileEngine(
  interpreter: Interpreter,
  packing: Packing,
  reductions: Reductions,
  translated = true,
): Engine {
  const { fusion } = reductions;
  const generated = generate(packing, reductions, translated);
  const code = loadCode(generated);
  const { C, R, N, Q, M } = code.arrays;
  const batch: Batch = {
    words: C,
    filled: 0,
    problem: false,
    terminal: 0,
    fired: N,
    reached: Q,
    ends: M,
  };
  return {
    kind: typeof generated.compute === "string" ? "javascript" : "compiled",
    generated,
    interpreter,
    packing,
    batch,
    runs: (state) => runsFrom(interpreter, fusion, state),
    bind: (t: Tables) => code.bind(t.states, t.index, t.slotBits),
    expand: (from, to) => {
      const next = code.expand(from, to);
      readRegisters(batch, R);
      return next;
    },
    insert: code.insert,
    enter: (count) => code.place(1, count),
    widen: (slotBits) => {
      const first = code.unspilled(0, slotBits);
      code.widen(slotBits, first, first + linesOf(slotBits));
    },
    canonicalize: code.canonAll,
    check: code.check,
    reach: code.reach,
  };
}

/** The same code for threads that share the tables. */
export function forThreads(generated: Generated): Generated {
  return { ...generated, store: storeText(generated.words, true) };
}

function generate(packing: Packing, reductions: Reductions, translated: boolean): Generated {
  const { words, layout } = packing;
  const plan = planMemory({
    words,
    successors: BATCH + mostSuccessors(packing, reductions.fusion),
    labels: labelNumbers(packing).total,
    facts: layout.model.reachable.length,
    processes: layout.processes.length,
  });
  const { functions, wide } = computeText(packing, reductions);
  const compute =
    translated && !wide
      ? moduleFrom(translate(functions, plan))
      : `"use strict";\n${functions}return { expand, check, reach, sift, canonAll };`;
  return { compute, store: storeText(words, false), plan, words, filter: newFilter(words) };
}

function readRegisters(batch: Batch, registers: Int32Array): void {
  batch.filled = registers[0] as number;
  batch.problem = registers[1] !== 0;
  batch.terminal = registers[2] as number;
}

/**
 * Functions over the states in the window and the successors in the batch; and whether some value
 * may need more than a signed word, which WebAssembly would cut. Exported to be looked at.
 */
export function computeText(
  packing: Packing,
  { fusion, parts, movers }: Reductions,
): { functions: string; wide: boolean } {
  const { model, processes } = packing.layout;
  const fns: Fn[] = [];
  const args = list(packing.words, (i) => `s${i}`);
  const load = list(packing.words, (i) => `s${i} = W[i * ${packing.words} + ${i}]`);
  const property = (name: string, expr: Expr): string =>
    propertyText(packing, name, expr, args, fns);
  const test = (name: string): string => `!${name}(${args})`;
  const atRest = model.atRest.map((_, k) => test(`atRest${k}`));
  const calls = processes.map((p) => {
    const end = movers ? ` M[${p.pid - 1}] = n;` : "";
    return `n = p${p.pid}(${args}, n); if (n < 0) { R[1] = 1; n = ~n; break; }${end}`;
  });
  const facts = model.reachable.map((_, k) => {
    return `if (Q[${k}] === 0 && reachable${k}(${args})) Q[${k}] = 1;`;
  });
  const functions = `${processes.map((p) => processText(packing, p, args, fusion, fns)).join("\n")}
${model.always.map((p, k) => property(`always${k}`, p.expr)).join("\n")}
${model.atRest.map((p, k) => property(`atRest${k}`, p.expr)).join("\n")}
${model.reachable.map((p, k) => property(`reachable${k}`, p.expr)).join("\n")}
${restText(packing, args)}
function expand(count) {
  let n = 0, i = 0, terminal = 0;
  R[1] = 0;
  for (; i < count && n < ${BATCH * packing.words}; i++) {
    const ${load}, before = n;
${calls.join("\n")}
    if (n === before) {
      if (${[`!rests(${args})`, ...atRest].join(" || ")}) { R[1] = 1; break; }
      terminal++;
    }
  }
  R[0] = n; R[2] = terminal;
  return i;
}
function check(count) {
  for (let i = 0; i < count; i++) {
    const ${load};
    if (${model.always.map((_, k) => test(`always${k}`)).join(" || ") || "false"}) return i;
  }
  return count;
}
function reach(count) {
  for (let i = 0; i < count; i++) {
    const ${load};
${facts.join("\n")}
  }
}
${parts.length > 0 ? canonText(packing, parts) : "function canonAll(filled) {}"}
${siftText(packing.words, parts.length > 0)}
`;
  return { functions, wide: fns.some((fn) => fn.wide) };
}

function list(words: number, f: (i: number) => string): string {
  return Array.from({ length: words }, (_, i) => f(i)).join(", ");
}

function propertyText(packing: Packing, name: string, expr: Expr, args: string, fns: Fn[]): string {
  const fn = newFn();
  fns.push(fn);
  const scope: Scope = { packing, process: undefined, bound: new Map(), prefix: "s", fn };
  const code = truth(genExpr(expr, scope));
  const result = fn.faults ? `const r = ${code}; return r && F === 0;` : `return ${code};`;
  return `function ${name}(${args}) { ${declareTemps(fn)} ${result} }`;
}

function processText(
  packing: Packing,
  process: Process,
  args: string,
  fusion: Fusion,
  fns: Fn[],
): string {
  const first = labelNumbers(packing).first[process.actorIndex] as number;
  const name = `p${process.pid}`;
  const outlined: string[] = [];
  let inlined = 0;
  const cases = process.actor.steps.map((_, k) => {
    const { text, fn } = genStep(packing, process, k, first, fusion);
    fns.push(fn);
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
