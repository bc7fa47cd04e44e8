/**
 * Formulas of linear temporal logic as text, in the notation of SPIN: what they look like, and what
 * they mean on a run whose end repeats for ever. Pnueli, "The temporal logic of programs", 1977.
 *
 * | operator                | in words     | true at a moment when                              |
 * |-------------------------|--------------|----------------------------------------------------|
 * | `! p`                   | `not`        | p is false                                         |
 * | `X p`                   | `next`       | p is true at the next moment                       |
 * | `[] p`, `G p`           | `always`     | p is true from now on                              |
 * | `<> p`, `F p`           | `eventually` | p is true now or later                             |
 * | `p U q`                 | `until`      | q is true now or later, and p at all moments before |
 * | `p W q`                 | `weakuntil`  | the same, or p is true from now on                 |
 * | `p V q`, `p R q`        | `release`    | q is true up to the moment of p, or for ever       |
 * | `p && q`, `p /\ q`      | `and`        |                                                    |
 * | `p \|\| q`, `p \/ q`    | `or`         |                                                    |
 * | `p -> q`                | `implies`    |                                                    |
 * | `p <-> q`               | `equivalent` |                                                    |
 *
 * What stands higher binds tighter, the temporal binary operators alike, and so the two arrows. A
 * chain such as `p U q U r` or `p -> q -> r` is refused, because tools disagree on what it means.
 */

export type LtlUnary = "not" | "next" | "always" | "eventually";
export type LtlBinary = "and" | "or" | "implies" | "iff" | "until" | "weak" | "release";

export type Ltl =
  | { kind: "const"; value: boolean }
  | { kind: "atom"; name: string }
  | { kind: LtlUnary; arg: Ltl }
  | { kind: LtlBinary; left: Ltl; right: Ltl };

/** What is wrong with a formula, and at which character of it, from 1. */
export interface LtlMistake {
  at: number;
  message: string;
}

export type LtlParsed = { formula: Ltl } | { mistake: LtlMistake };

const UNARY: Record<string, LtlUnary> = {
  "!": "not",
  not: "not",
  X: "next",
  next: "next",
  "[]": "always",
  G: "always",
  always: "always",
  "<>": "eventually",
  F: "eventually",
  eventually: "eventually",
};

const TEMPORAL: Record<string, LtlBinary> = {
  U: "until",
  until: "until",
  W: "weak",
  weakuntil: "weak",
  V: "release",
  R: "release",
  release: "release",
};

/** From loose to tight. Operators of a level without `chains` stand once between two operands. */
const LEVELS: { operators: Record<string, LtlBinary>; chains: boolean }[] = [
  {
    operators: { "->": "implies", implies: "implies", "<->": "iff", equivalent: "iff" },
    chains: false,
  },
  { operators: { "||": "or", "\\/": "or", or: "or" }, chains: true },
  { operators: { "&&": "and", "/\\": "and", and: "and" }, chains: true },
  { operators: TEMPORAL, chains: false },
];

const TOKEN = /\s*(<->|->|<>|\[\]|&&|\|\||\/\\|\\\/|[!()]|[A-Za-z_][A-Za-z0-9_]*|\S)/y;
/** An atom is spelled like a property; capitals are operators. */
const ATOM = /^[a-z_][a-z0-9_]*$/;
const WORDS = new Set([
  ...Object.keys(UNARY),
  ...LEVELS.flatMap(({ operators }) => Object.keys(operators)),
  "true",
  "false",
]);
const DEEPEST = 200;

/** Is this a name that an atom may have? */
export function isAtomName(name: string): boolean {
  return ATOM.test(name) && !WORDS.has(name);
}

interface Token {
  text: string;
  /** From 1. */
  at: number;
}

class Mistake extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

export function parseLtl(text: string): LtlParsed {
  try {
    const reader = new Reader(tokensOf(text), text.length + 1);
    const formula = reader.binary(0);
    const { text: more, at } = reader.peek();
    if (more !== "") throw new Mistake(at, `expected an operator or the end, not ${more}`);
    return { formula };
  } catch (error) {
    if (error instanceof Mistake) return { mistake: { at: error.at, message: error.message } };
    throw error;
  }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const token = match[1] as string;
    tokens.push({ text: token, at: pattern.lastIndex - token.length + 1 });
  }
  return tokens;
}

/** Recursive descent; each method reads what its name says and stands behind it. */
class Reader {
  private next = 0;
  private depth = 0;
  private readonly tokens: Token[];
  private readonly end: number;

  constructor(tokens: Token[], end: number) {
    this.tokens = tokens;
    this.end = end;
  }

  peek(): Token {
    return this.tokens[this.next] ?? { text: "", at: this.end };
  }

  binary(level: number): Ltl {
    const rule = LEVELS[level];
    if (!rule) return this.unary();
    let left = this.binary(level + 1);
    for (let joined = 0; ; joined++) {
      const { text, at } = this.peek();
      const kind = own(rule.operators, text);
      if (!kind) return left;
      if (joined > 0 && !rule.chains) {
        throw new Mistake(at, `${text} after another operator of its kind: write parentheses`);
      }
      this.next++;
      left = { kind, left, right: this.binary(level + 1) };
    }
  }

  private unary(): Ltl {
    const { text, at } = this.peek();
    if (++this.depth > DEEPEST) throw new Mistake(at, `nested more than ${DEEPEST} levels deep`);
    this.next++;
    const found = this.operand(text, at);
    this.depth--;
    return found;
  }

  private operand(text: string, at: number): Ltl {
    const kind = own(UNARY, text);
    if (kind) return { kind, arg: this.unary() };
    if (text === "true" || text === "false") return { kind: "const", value: text === "true" };
    if (isAtomName(text)) return { kind: "atom", name: text };
    if (text !== "(") {
      const instead = text === "" ? "the formula ends" : `not ${text}`;
      throw new Mistake(at, `expected an atom, a unary operator or (, ${instead}`);
    }
    const inner = this.binary(0);
    const close = this.peek();
    if (close.text !== ")") {
      const instead = close.text === "" ? "the formula ends" : `not ${close.text}`;
      throw new Mistake(close.at, `expected an operator or the ) of the ( at ${at}, ${instead}`);
    }
    this.next++;
    return inner;
  }
}

function own<T>(table: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** Every part of the formula, itself included. */
export function partsOf(formula: Ltl): Ltl[] {
  const below =
    "arg" in formula ? [formula.arg] : "left" in formula ? [formula.left, formula.right] : [];
  return [formula, ...below.flatMap(partsOf)];
}

export function atomsIn(formula: Ltl): Set<string> {
  return new Set(partsOf(formula).flatMap((f) => (f.kind === "atom" ? [f.name] : [])));
}

/**
 * Is the formula true of the run that visits the moments 0, 1, ..., `last`, and `back` after the
 * last one?
 */
export function holdsOnLasso(
  formula: Ltl,
  last: number,
  back: number,
  atom: (name: string, moment: number) => boolean,
): boolean {
  const moments = Array.from({ length: last + 1 }, (_, i) => i);
  const after = (i: number): number => (i === last ? back : i + 1);
  /** The least (or greatest) solution of v[i] = step(i, v[i + 1]). */
  const solve = (start: boolean, step: (i: number, later: boolean) => boolean): boolean[] => {
    const value = moments.map(() => start);
    // A round along the whole run settles what is decided before its end; the second one the rest.
    for (let round = 0; round < 2; round++) {
      for (let i = last; i >= 0; i--) value[i] = step(i, value[after(i)] as boolean);
    }
    return value;
  };
  const truthOf = (f: Ltl): boolean[] => {
    if (f.kind === "const") return moments.map(() => f.value);
    if (f.kind === "atom") return moments.map((i) => atom(f.name, i));
    if ("arg" in f) {
      const arg = truthOf(f.arg);
      if (f.kind === "not") return arg.map((v) => !v);
      if (f.kind === "next") return moments.map((i) => arg[after(i)] as boolean);
      if (f.kind === "always") return solve(true, (i, later) => !!arg[i] && later);
      return solve(false, (i, later) => !!arg[i] || later);
    }
    const [left, right] = [truthOf(f.left), truthOf(f.right)];
    switch (f.kind) {
      case "and":
        return moments.map((i) => !!left[i] && !!right[i]);
      case "or":
        return moments.map((i) => !!left[i] || !!right[i]);
      case "implies":
        return moments.map((i) => !left[i] || !!right[i]);
      case "iff":
        return moments.map((i) => left[i] === right[i]);
      case "until":
        return solve(false, (i, later) => !!right[i] || (!!left[i] && later));
      case "weak":
        return solve(true, (i, later) => !!right[i] || (!!left[i] && later));
      case "release":
        return solve(true, (i, later) => !!right[i] && (!!left[i] || later));
    }
  };
  return truthOf(formula)[0] as boolean;
}
