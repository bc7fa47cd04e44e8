/** Formulas of temporal logic: as text, on one run, and on all runs of a model. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { check } from "../../checker/index.ts";
import { buchiOf } from "../../checker/liveness/buchi.ts";
import {
  build as b,
  holdsOnLasso,
  interpret,
  type Liveness,
  type Ltl,
  type LtlClaim,
  type Model,
  parseLtl,
  parseModel,
  printModel,
  replay,
  stringifyModel,
  validate,
} from "../../model/ir/index.ts";
import { promises, violatesFormula } from "../support/naive-ltl.ts";
import { naiveGraph } from "../support/naive-progress.ts";
import { mutexClients, peterson, seqlock, someAt } from "../support/progress-models.ts";
import { anyProgressModel } from "../support/random-progress.ts";

function parsed(text: string): Ltl {
  const result = parseLtl(text);
  if ("mistake" in result) throw new Error(`${text}: ${result.mistake.message}`);
  return result.formula;
}

function mistake(text: string): string {
  const result = parseLtl(text);
  return "mistake" in result ? `${result.mistake.at}: ${result.mistake.message}` : "accepted";
}

describe("the text of a formula", () => {
  it("is read with the operators of SPIN and of others", () => {
    const same = [
      ["[] (p -> <> q)", "always (p implies eventually q)", "G (p -> F q)"],
      ["p U q && !r", "((p U q) && (!r))", "p until q /\\ not r"],
      ["p || q && r -> X p", "((p || (q && r)) -> (X p))", "p \\/ (q and r) -> next p"],
      ["p V q", "p R q", "(p) release (q)"],
      ["[]<>p <-> ![]<>!q", "(([](<>p)) <-> (!([](<>(!q)))))"],
    ];
    for (const [first, ...others] of same) {
      for (const other of others) expect(parsed(other)).toEqual(parsed(first as string));
    }
  });

  it("is refused at the character that is wrong", () => {
    expect(mistake("[] (p -> ")).toBe(
      "10: expected an atom, a unary operator or (, the formula ends",
    );
    expect(mistake("p && (q || r")).toBe(
      "13: expected an operator or the ) of the ( at 6, the formula ends",
    );
    expect(mistake("p U q U r")).toBe("7: U after another operator of its kind: write parentheses");
    expect(mistake("p -> q -> r")).toContain("8: -> after another operator of its kind");
    expect(mistake("p & q")).toBe("3: expected an operator or the end, not &");
    expect(mistake("p q")).toBe("3: expected an operator or the end, not q");
    expect(mistake("[] Q")).toBe("4: expected an atom, a unary operator or (, not Q");
    expect(mistake("")).toContain("1: expected an atom");
    expect(mistake("!".repeat(5000))).toContain("nested more than 200 levels deep");
    expect(mistake("(".repeat(5000))).toContain("nested more than 200 levels deep");
    expect(mistake("constructor")).toBe("accepted");
  });
});

describe("a formula on one run", () => {
  /** Atoms true at each moment; the run goes back to `back` after the last one. */
  const holds = (text: string, moments: string[], back: number): boolean =>
    holdsOnLasso(parsed(text), moments.length - 1, back, (name, i) =>
      (moments[i] as string).includes(name),
    );

  it("means what the table says", () => {
    const run = ["", "p", "p", "q", ""];
    expect(holds("<> q", run, 4)).toBe(true);
    expect(holds("[]<> q", run, 4)).toBe(false);
    expect(holds("[]<> q", run, 0)).toBe(true);
    expect(holds("X (p U q)", run, 4)).toBe(true);
    expect(holds("p U q", run, 4)).toBe(false);
    expect(holds("X X X X [] !p", run, 4)).toBe(true);
    expect(holds("X (p W q)", run, 4)).toBe(true);
    expect(holds("p W q", ["p", "p"], 1)).toBe(true);
    expect(holds("p U q", ["p", "p"], 1)).toBe(false);
    expect(holds("q V p", ["p", "p"], 1)).toBe(true);
    expect(holds("q V p", ["p", "pq", ""], 2)).toBe(true);
    expect(holds("q V p", ["p", "q"], 1)).toBe(false);
    expect(holds("[] (p -> X q)", ["p", "q"], 0)).toBe(true);
  });

  it("is accepted by the automaton of exactly the runs on which it is true", () => {
    const letters = fc.array(fc.nat(3), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(anyFormula(["p", "q"], 4), letters, fc.nat(4), (formula, word, to) => {
        const back = to % word.length;
        const truth = holdsOnLasso(formula, word.length - 1, back, (name, i) => {
          return (((word[i] as number) >> (name === "p" ? 0 : 1)) & 1) === 1;
        });
        expect(accepts(formula, word, back)).toBe(truth);
      }),
      { numRuns: 1500, seed: 7 },
    );
  });
});

function anyFormula(atoms: string[], depth: number): fc.Arbitrary<Ltl> {
  const leaf = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.constantFrom(...atoms.map((name): Ltl => ({ kind: "atom", name }))),
    },
    { weight: 1, arbitrary: fc.boolean().map((value): Ltl => ({ kind: "const", value })) },
  );
  if (depth === 0) return leaf;
  const inner = anyFormula(atoms, depth - 1);
  const unary = fc.constantFrom("not", "next", "always", "eventually");
  const binary = fc.constantFrom("and", "or", "implies", "iff", "until", "weak", "release");
  return fc.oneof(
    leaf,
    fc.record({ kind: unary, arg: inner }) as fc.Arbitrary<Ltl>,
    fc.record({ kind: binary, left: inner, right: inner }) as fc.Arbitrary<Ltl>,
  );
}

/** Does the automaton read the word? By hand, with no graph of a model. */
function accepts(formula: Ltl, word: number[], back: number): boolean {
  const { nodes, sets } = buchiOf(formula, ["p", "q"]);
  const agrees = (n: number, i: number): boolean => {
    const { yes, no } = nodes[n] as (typeof nodes)[0];
    return ((word[i] as number) & yes) === yes && ((word[i] as number) & no) === 0;
  };
  const after = (i: number): number => (i === word.length - 1 ? back : i + 1);
  const width = nodes.length;
  const from = (starts: number[]): Set<number> => {
    const met = new Set<number>();
    const todo = [...starts];
    for (let pair = todo.pop(); pair !== undefined; pair = todo.pop()) {
      const i = after(Math.floor(pair / width));
      for (const n of nodes[pair % width]?.next ?? []) {
        if (!agrees(n, i) || met.has(i * width + n)) continue;
        met.add(i * width + n);
        todo.push(i * width + n);
      }
    }
    return met;
  };
  const initial = nodes.flatMap((node, n) => (node.initial && agrees(n, 0) ? [n] : []));
  const reached = new Set([...initial, ...from(initial)]);
  return [...reached].some((pair) => {
    const round = [...from([pair])].filter((other) => from([other]).has(pair));
    if (!round.includes(pair)) return false;
    const visited = round.reduce((bits, p) => bits | (nodes[p % width]?.accepts ?? 0), 0);
    return visited === 2 ** sets - 1;
  });
}

describe("a formula in a model", () => {
  const claim = (text: string, atoms: Record<string, ReturnType<typeof someAt>>): LtlClaim =>
    b.ltl("claim", text, atoms) as LtlClaim;
  const two = { asks: someAt("two", "lock"), gets: someAt("two", "unlock") };
  const withClaim = (model: Model, liveness: Liveness): Model => ({
    ...model,
    liveness: [liveness],
  });

  it("survives JSON, is printed, and is validated", () => {
    const model = withClaim(mutexClients("weak"), claim("[] (asks -> <> gets)", two));
    expect(validate(model)).toEqual([]);
    expect(parseModel(stringifyModel(model))).toMatchObject({ model });
    expect(printModel(model)).toContain("ltl claim: [] (asks -> <> gets) { asks: ");
    const wrong = (text: string, atoms: Parameters<typeof claim>[1] = two) =>
      validate(withClaim(model, claim(text, atoms))).map(
        (d) => `${d.code} ${d.path}: ${d.message}`,
      );
    expect(wrong("[] (asks -> <> gets")).toEqual([
      "MR058 /liveness/0/formula: [] (asks -> <> gets: character 20: " +
        "expected an operator or the ) of the ( at 4, the formula ends",
    ]);
    expect(wrong("[] (asks -> <> got)")).toEqual([
      "MR059 /liveness/0/formula: [] (asks -> <> got): there is no atom got; known: asks, gets",
      "MR059 /liveness/0/atoms/1: the atom gets is not in the formula [] (asks -> <> got)",
    ]);
    expect(wrong("<> asks", { asks: two.asks, U: two.gets })).toEqual([
      'MR059 /liveness/0/atoms/1/name: "U" can\'t name an atom',
    ]);
    expect(wrong("<> asks", { asks: b.int(1) })[0]).toContain("MR032 /liveness/0/atoms/0/expr");
  });

  it("is decided under the fairness of the actors, and its lasso replays", () => {
    const told = (model: Model) => {
      const { verdict, moves = [], start, loopFrom, liveness } = check(model);
      if (verdict.kind !== "violated") return { verdict: verdict.kind, liveness };
      const trace = replay(model, "", "", moves, verdict.violation, start, loopFrom);
      const loop = loopFrom === undefined ? [] : moves.slice(loopFrom - 1);
      return { verdict: verdict.violation.property, movers: loop.map((m) => m.process), trace };
    };
    const served = claim("[] (asks -> <> gets)", two);
    expect(told(withClaim(mutexClients("weak"), served))).toMatchObject({
      verdict: "claim",
      movers: ["one", "one", "one"],
    });
    expect(told(withClaim(mutexClients("strong"), served))).toMatchObject({ verdict: "holds" });
    const alternates = claim("[] (gets -> X !gets)", { gets: two.gets });
    expect(told(withClaim(mutexClients("strong"), alternates))).toMatchObject({ verdict: "claim" });
    const ends = { ends: someAt("reader", "done") };
    expect(told(withClaim(seqlock(true), claim("<>[] ends", ends)))).toMatchObject({
      verdict: "holds",
    });
    expect(told(withClaim(seqlock(false), claim("<>[] ends", ends)))).toMatchObject({
      verdict: "claim",
    });
    const turns = { mine: someAt("side0", "leave"), yours: someAt("side1", "leave") };
    const fair = peterson([claim("[]<> mine", { mine: turns.mine })]);
    for (const actor of fair.actors) actor.fairness = "weak";
    expect(told(fair)).toMatchObject({ verdict: "holds" });
  });

  it("is decided without reductions, and that is said", () => {
    const model = withClaim(mutexClients("strong"), claim("[] (asks -> <> gets)", two));
    const { verdict, liveness } = check(model, { symmetry: true, partialOrder: true, workers: 2 });
    expect(verdict).toEqual({ kind: "holds" });
    // So few states are searched by one thread, whatever is asked for.
    expect(liveness?.without).toEqual(["symmetry", "partial order"]);
  });

  it("whose implication is never due is a finding", () => {
    const model = withClaim(
      mutexClients("strong"),
      claim("[] (never -> <> gets)", { never: someAt("two", "done"), gets: two.gets }),
    );
    expect(check(model).findings).toMatchObject([{ kind: "never_reached", subject: "claim" }]);
  });

  it("is not decided within too little memory", () => {
    const model = withClaim(mutexClients("strong"), claim("[] (asks -> <> gets)", two));
    const { liveness } = check(model);
    const enough = 2 ** 16 + 4 * (liveness?.bytes ?? 0);
    const verdicts = [0.1, 0.2, 0.4, 0.6, 0.8, 1].map(
      (part) => check(model, { maxMemory: 2 ** 16 + part * (enough - 2 ** 16) }).verdict,
    );
    expect(verdicts[0]).toEqual({ kind: "incomplete", limit: "memory" });
    expect(verdicts.at(-1)).toEqual({ kind: "holds" });
  });

  it("that is too large is refused with a reason", () => {
    const atoms = Object.fromEntries(
      Array.from({ length: 14 }, (_, i) => [`a${i}`, someAt("one", "lock")]),
    );
    const all = Object.keys(atoms).map((a) => `<> ${a}`);
    const large = claim(`!(${all.join(" && ")})`, atoms);
    expect(() => check(withClaim(mutexClients("strong"), large))).toThrow(
      /the formula claim is too large: .*; split it/,
    );
  });
});

describe("random formulas on random models", () => {
  it("are decided as brute force does, and every lasso replays", { timeout: 60_000 }, () => {
    const met = { holds: 0, violated: 0 };
    fc.assert(
      fc.property(anyProgressModel, anyFormula(["p", "q"], 3), (model, formula) => {
        const [p, q = p] = (model.liveness ?? []).flatMap((c) =>
          c.kind === "ltl" ? [] : [c.expr],
        );
        if (!p || !q || promises(formula) > 3) return;
        const atoms = { p, q };
        const text = textOf(formula);
        const used = Object.entries(atoms).filter(([name]) => text.match(`\\b${name}\\b`));
        const claimed = b.ltl("claim", text, Object.fromEntries(used)) as LtlClaim;
        const own: Model = { ...model, liveness: [claimed] };
        const graph = naiveGraph(interpret(own), 9);
        if (!graph) return;
        expect(parsed(text)).toEqual(formula);
        const { verdict, moves, start, loopFrom } = check(own, { liveness: true });
        const wrong = violatesFormula(graph, formula, claimed.atoms);
        const found = verdict.kind === "violated" && verdict.violation.property === "claim";
        if (verdict.kind === "violated" && verdict.violation.property === "deadlock") return;
        met[wrong ? "violated" : "holds"]++;
        expect(found).toBe(wrong);
        if (verdict.kind !== "violated") return;
        replay(own, "", "", moves ?? [], verdict.violation, start, loopFrom);
      }),
      { numRuns: 1500, seed: 3 },
    );
    expect(met.holds).toBeGreaterThan(20);
    expect(met.violated).toBeGreaterThan(15);
  });

  it("agree with the claims that have names of their own", { timeout: 60_000 }, () => {
    const met = { holds: 0, violated: 0 };
    fc.assert(
      fc.property(anyProgressModel, (model) => {
        for (const named of model.liveness ?? []) {
          if (named.kind === "ltl") continue;
          const own: Model = { ...model, liveness: [named] };
          const graph = naiveGraph(interpret(own), 200);
          if (!graph) continue;
          const [first, second] = [check(own), check({ ...own, liveness: [asFormula(named)] })];
          expect(second.verdict.kind).toBe(first.verdict.kind);
          if (first.verdict.kind === "violated" && second.verdict.kind === "violated") {
            expect(second.verdict.violation.property).toBe(first.verdict.violation.property);
          }
          met[first.verdict.kind === "holds" ? "holds" : "violated"]++;
        }
      }),
      { numRuns: 300, seed: 5 },
    );
    expect(met.holds).toBeGreaterThan(20);
    expect(met.violated).toBeGreaterThan(20);
  });
});

function asFormula(claim: Exclude<Liveness, LtlClaim>): Liveness {
  switch (claim.kind) {
    case "eventually":
      return b.ltl(claim.name, "<> q", { q: claim.expr });
    case "always_eventually":
      return b.ltl(claim.name, "[]<> q", { q: claim.expr });
    case "leads_to":
      return b.ltl(claim.name, "[] (p -> <> q)", { p: claim.from, q: claim.expr });
  }
}

function textOf(f: Ltl): string {
  if (f.kind === "const") return String(f.value);
  if (f.kind === "atom") return f.name;
  const signs: Record<string, string> = {
    not: "!",
    next: "X",
    always: "[]",
    eventually: "<>",
    and: "&&",
    or: "||",
    implies: "->",
    iff: "<->",
    until: "U",
    weak: "W",
    release: "V",
  };
  if ("arg" in f) return `${signs[f.kind]} ${textOf(f.arg)}`;
  return `(${textOf(f.left)} ${signs[f.kind]} ${textOf(f.right)})`;
}
