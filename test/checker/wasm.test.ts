/** The generated text means the same in WebAssembly as in JavaScript. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planMemory } from "../../checker/compile/memory.ts";
import { translate } from "../../checker/compile/wasm.ts";
import { TranslationError } from "../../checker/compile/wasm-text.ts";
import { check } from "../../checker/index.ts";
import { build as b } from "../../model/ir/index.ts";

const plan = planMemory({ words: 1, successors: 8, labels: 4, facts: 4, processes: 1 });

type Run = (a: number, b: number) => number;

declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Memory: new (size: { initial: number }) => { buffer: ArrayBuffer };
  Instance: new (module: object, imports: object) => { exports: Record<string, Run> };
};

/** `f(a, b)` of the text, over the same arrays, in both languages. */
function both(text: string): { js: Run; wasm: Run } {
  const memory = new WebAssembly.Memory({ initial: plan.pages });
  const imports = { m: { m: memory } };
  const module = new WebAssembly.Module(translate(text, plan));
  const wasm = new WebAssembly.Instance(module, imports).exports.f as Run;
  const { W, N, Q } = plan.regions;
  const buffer = new ArrayBuffer(plan.pages * 2 ** 16);
  const js = new Function("W", "N", "Q", `${text}\nreturn f;`)(
    new Int32Array(buffer, W.at, W.length),
    new Float64Array(buffer, N.at, N.length),
    new Uint8Array(buffer, Q.at, Q.length),
  ) as Run;
  return { js, wasm };
}

const word = fc.oneof(
  fc.integer({ min: -3, max: 40 }),
  fc.integer(),
  fc.constantFrom(-(2 ** 31), 2 ** 31 - 1),
);

/** Expressions as the generator writes them; sums and products stay in the range of a word. */
const { expr } = fc.letrec<{ expr: string }>((tie) => ({
  expr: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom("a", "b", "x"),
    fc.integer({ min: -9, max: 9 }).map(String),
    fc
      .tuple(tie("expr"), fc.constantFrom("|", "^", "&", "<<", ">>"), tie("expr"))
      .map(([l, op, r]) => `(${l} ${op} ${r})`),
    fc
      .tuple(tie("expr"), fc.constantFrom("===", "!==", "<", "<=", ">", ">="), tie("expr"))
      .map(([l, op, r]) => `(${l} ${op} ${r} ? 1 : 0)`),
    fc
      .tuple(tie("expr"), fc.constantFrom("+", "-", "*"), tie("expr"))
      .map(([l, op, r]) => `((${l} & 1023) ${op} (${r} & 1023))`),
    fc.tuple(tie("expr"), tie("expr")).map(([l, r]) => `((${l} & 255) % ((${r} & 7) + 1))`),
    fc.tuple(tie("expr"), fc.integer({ min: 1, max: 31 })).map(([l, n]) => `(${l} >>> ${n})`),
    fc
      .tuple(tie("expr"), fc.constantFrom("&&", "||"), tie("expr"))
      .map(([l, op, r]) => `((${l} !== 0) ${op} !(${r}) ? 1 : 0)`),
    tie("expr").map((e) => `(~${e})`),
    tie("expr").map((e) => `(x = ${e}, x)`),
    fc.tuple(tie("expr"), tie("expr")).map(([l, r]) => `Math.imul(${l}, ${r})`),
    tie("expr").map((e) => `W[(${e} & 3) + 2]`),
  ),
}));

describe("translated text", () => {
  it("computes what JavaScript computes", () => {
    fc.assert(
      fc.property(expr, word, word, (e, x, y) => {
        const { js, wasm } = both(
          `function f(a, b) { let x = 0; W[3] = 5; W[4] = a; return (${e}) | 0; }`,
        );
        expect(wasm(x, y)).toBe(js(x, y));
      }),
      { numRuns: 300 },
    );
  });

  it("branches, loops, and leaves blocks as JavaScript does", () => {
    const text = `
function g(n) { if (n < 0) return 0; return n; }
function f(a, b) {
  let sum = 0;
  for (let i = 0, k = 3; i < (a & 15); i++, k += 2) P: {
    switch (i) {
      case 0: sum += 1; break;
      case 1: if (b > 0) break P; sum ^= 8; break;
      case 2: return g(sum) + 100;
    }
    N[1]++; Q[2] = 1; W[i + 1] = k; W[0]++;
    if (i > 4) {
      sum += (((() => { for (let j = 0; j < 9; j++) if (j === k) return j; return 7; })()));
    } else sum -= W[i];
    sum |= Q[2];
  }
  for (;;) { if (sum > 9) break; sum++; }
  return sum;
}`;
    const { js, wasm } = both(text);
    for (let a = 0; a < 16; a++) {
      for (const y of [0, 1]) expect([a, y, wasm(a, y)]).toEqual([a, y, js(a, y)]);
    }
  });

  it("is refused when it is of another kind", () => {
    for (const body of ["return y;", "Z[1] = 2;", "a.b;", "break B;", "h(1);", "return 'a';"]) {
      expect(() => translate(`function f(a, b) { ${body} }`, plan)).toThrow(TranslationError);
    }
  });
});

describe("models that WebAssembly's words cannot hold", () => {
  const n = b.shared("n");
  const up = b.step("up", "n *= 2", b.set(n, b.mul(b.read(n), b.int(2))), b.goto("up"));
  const model = (hi: number) =>
    b.model("large", [b.actor("p", [up])], { shared: [b.variable("n", b.range(1, hi), 1)] });

  it("run as JavaScript", () => {
    for (const [hi, engine] of [
      [2 ** 29, "compiled"],
      [2 ** 31, "javascript"],
    ] as const) {
      const result = check(model(hi));
      expect(result).toMatchObject({ engine, verdict: { violation: { kind: "range" } } });
      expect(result.states).toBe(Math.log2(hi) + 1);
      const slow = check(model(hi), { engine: "interpreted" });
      expect({ ...slow, engine }).toEqual(result);
    }
  });
});
