/**
 * From the generated text to WebAssembly. The text is JavaScript, but of a small kind: functions
 * over 32-bit integers, `let`, `if`, `for`, `switch` over 0, 1, 2 ..., labelled blocks, and typed
 * arrays at fixed places. So there is one generator, and this is a second reader of what it writes,
 * beside V8. One pass: an expression is emitted as it is read.
 */
import type { MemoryPlan, Region } from "./memory.ts";
import { type Bytes, type FunctionBody, I32, moduleBytes, OP, VOID } from "./wasm-binary.ts";
import { ALIGN, Emitter } from "./wasm-emit.ts";
import {
  type Block,
  blocksOf,
  type Signature,
  signaturesOf,
  TranslationError,
  tokensOf,
} from "./wasm-text.ts";

interface Operator {
  /** The higher, the closer it binds. */
  level: number;
  op: number;
}

const OPERATORS = new Map<string, Operator>([
  ["|", { level: 3, op: 0x72 }],
  ["^", { level: 4, op: 0x73 }],
  ["&", { level: 5, op: 0x71 }],
  ["===", { level: 6, op: 0x46 }],
  ["!==", { level: 6, op: 0x47 }],
  ["<", { level: 7, op: 0x48 }],
  [">", { level: 7, op: 0x4a }],
  ["<=", { level: 7, op: 0x4c }],
  [">=", { level: 7, op: 0x4e }],
  ["<<", { level: 8, op: 0x74 }],
  [">>", { level: 8, op: 0x75 }],
  [">>>", { level: 8, op: 0x76 }],
  ["+", { level: 9, op: 0x6a }],
  ["-", { level: 9, op: 0x6b }],
  ["*", { level: 10, op: 0x6c }],
  ["%", { level: 10, op: 0x6f }],
]);
const LOGIC = new Map<string, number>([
  ["||", 1],
  ["&&", 2],
]);
const ASSIGN: Record<string, number> = { "+=": 0x6a, "-=": 0x6b, "|=": 0x72, "^=": 0x73 };

/** Translates all functions of the text; exports them all. */
export function translate(source: string, plan: MemoryPlan): Uint8Array<ArrayBuffer> {
  const { regions, pages } = plan;
  const tokens = tokensOf(source);
  const blocks = blocksOf(tokens);
  const signatures = signaturesOf(tokens, blocks);
  const text = { tokens, blocks, signatures, regions };
  const bodies = [...signatures].map(([name, signature]): FunctionBody => {
    const reader = new Reader(text, signature);
    const { code, locals } = reader.functionBody(signature.returns);
    const { parameters, returns } = signature;
    return { name, parameters: parameters.length, returns, locals, code };
  });
  return moduleBytes(bodies, pages);
}

interface Text {
  tokens: string[];
  blocks: ReadonlyMap<number, Block>;
  signatures: ReadonlyMap<string, Signature>;
  regions: Readonly<Partial<Record<string, Region>>>;
}

class Reader {
  private readonly tokens: string[];
  private readonly text: Text;
  private at: number;
  private readonly out = new Emitter();
  /** Names in scope, innermost last; the position of a name is the number of its local. */
  private readonly names: string[];
  private readonly parameters: number;
  private most: number;

  constructor(text: Text, { body, parameters }: Signature) {
    this.text = text;
    this.tokens = text.tokens;
    this.at = body;
    this.names = [...parameters];
    this.parameters = parameters.length;
    this.most = parameters.length;
  }

  functionBody(returns: boolean): { code: Bytes; locals: number } {
    this.block();
    if (returns) this.out.number(0);
    return { code: this.out.code, locals: this.most - this.parameters };
  }

  // Tokens.

  private peek(ahead = 0): string {
    return this.tokens[this.at + ahead] ?? "";
  }

  private accept(token: string): boolean {
    if (this.peek() !== token) return false;
    this.at++;
    return true;
  }

  private expect(token: string): void {
    if (this.accept(token)) return;
    const near = this.tokens.slice(Math.max(0, this.at - 8), this.at + 8).join(" ");
    throw new TranslationError(`expected ${token}: ${near}`);
  }

  private local(name: string): number {
    const local = this.names.lastIndexOf(name);
    if (local < 0) throw new TranslationError(`unknown name ${name}`);
    return local;
  }

  private declare(name: string): number {
    this.most = Math.max(this.most, this.names.push(name));
    return this.names.length - 1;
  }

  // Statements.

  /** Up to the closing brace, and over it. */
  private block(): void {
    const scope = this.names.length;
    while (!this.accept("}")) this.statement();
    this.names.length = scope;
  }

  private statement(): void {
    const token = this.peek();
    if (token === "{") {
      this.at++;
      this.block();
    } else if (token === ";") this.at++;
    else if (token === "if") this.conditional();
    else if (token === "for") this.loop();
    else if (token === "switch") this.choice();
    else if (token === "const" || token === "let") this.declaration();
    else if (token === "break") this.leave();
    else if (token === "return") this.giveBack();
    else if (this.peek(1) === ":") this.labelled();
    else {
      this.discarded();
      this.expect(";");
    }
  }

  private conditional(): void {
    this.at++;
    this.expect("(");
    this.expression();
    this.expect(")");
    this.out.open(OP.if, VOID);
    this.statement();
    if (this.accept("else")) {
      this.out.emit(OP.else);
      this.statement();
    }
    this.out.close();
  }

  private loop(): void {
    const scope = this.names.length;
    this.at++;
    this.expect("(");
    if (this.peek() === "let") this.declaration();
    else {
      if (this.peek() !== ";") this.discarded();
      this.expect(";");
    }
    this.out.open(OP.block, VOID, "break");
    this.out.open(OP.loop, VOID, "again");
    if (this.peek() !== ";") {
      this.expression();
      this.out.emit(OP.eqz);
      this.out.emitWith(OP.brIf, 1);
    }
    this.expect(";");
    const update = this.at;
    for (let open = 1; open > 0; this.at++) {
      if (this.peek() === "(") open++;
      if (this.peek() === ")") open--;
    }
    this.statement();
    const end = this.at;
    this.at = update;
    if (this.peek() !== ")") this.discarded();
    this.at = end;
    this.out.branch("again");
    this.out.close();
    this.out.close();
    this.names.length = scope;
  }

  /** The cases are 0, 1, 2, ...; what is none of them goes behind the switch. */
  private choice(): void {
    this.at++;
    this.expect("(");
    const cases = this.text.blocks.get(this.tokens.indexOf("{", this.at))?.cases ?? 0;
    this.out.open(OP.block, VOID, "break");
    for (let i = 0; i < cases; i++) this.out.open(OP.block, VOID);
    this.expression();
    this.expect(")");
    this.expect("{");
    this.out.table(cases);
    const scope = this.names.length;
    for (let i = 0; i < cases; i++) {
      this.out.close();
      this.expect("case");
      this.expect(String(i));
      this.expect(":");
      while (this.peek() !== "case" && this.peek() !== "}") this.statement();
    }
    this.expect("}");
    this.names.length = scope;
    this.out.close();
  }

  private declaration(): void {
    this.at++;
    do {
      const name = this.peek();
      this.at++;
      this.expect("=");
      this.assignment();
      this.out.emitWith(OP.localSet, this.declare(name));
    } while (this.accept(","));
    this.expect(";");
  }

  private leave(): void {
    this.at++;
    const named = this.peek() !== ";";
    this.out.branch(named ? this.peek() : "break");
    if (named) this.at++;
    this.expect(";");
  }

  private giveBack(): void {
    this.at++;
    this.expression();
    this.expect(";");
    if (this.out.isOpen("result")) this.out.branch("result");
    else this.out.emit(OP.return);
  }

  private labelled(): void {
    this.out.open(OP.block, VOID, this.peek());
    this.at += 2;
    this.statement();
    this.out.close();
  }

  // Expressions: each leaves one integer on the stack; a statement may leave none.

  /** Comma-separated, without its value. */
  private discarded(): void {
    do {
      const name = this.peek();
      const next = this.peek(1);
      if (next === "[") this.element(true);
      else if (next === "=" || next in ASSIGN || next === "++") {
        this.at++;
        this.out.emitWith(OP.localSet, this.changed(name));
      } else if (next === "(") this.call(true);
      else throw new TranslationError(`no statement: ${name} ${next}`);
    } while (this.accept(","));
  }

  private expression(): void {
    this.assignment();
    while (this.accept(",")) {
      this.out.emit(OP.drop);
      this.assignment();
    }
  }

  private assignment(): void {
    const name = this.peek();
    if (this.peek(1) !== "=") {
      this.ternary();
      return;
    }
    this.at++;
    this.out.emitWith(OP.localTee, this.changed(name));
  }

  /** Behind the name: the new value is left on the stack; returns the local. */
  private changed(name: string): number {
    const local = this.local(name);
    const op = this.peek();
    this.at++;
    if (op === "=") {
      this.assignment();
      return local;
    }
    this.out.emitWith(OP.localGet, local);
    if (op === "++") this.out.number(1);
    else this.assignment();
    this.out.emit(op === "++" ? OP.add : (ASSIGN[op] as number));
    return local;
  }

  private ternary(): void {
    this.binary(1);
    if (!this.accept("?")) return;
    this.out.open(OP.if, I32);
    this.assignment();
    this.expect(":");
    this.out.emit(OP.else);
    this.assignment();
    this.out.close();
  }

  private binary(least: number): void {
    this.unary();
    for (;;) {
      const token = this.peek();
      const operator = OPERATORS.get(token);
      if (operator && operator.level >= least) {
        this.at++;
        this.binary(operator.level + 1);
        this.out.operate(operator.op);
        continue;
      }
      const logic = operator ? undefined : LOGIC.get(token);
      if (logic === undefined || logic < least) return;
      this.at++;
      this.logic(token, logic);
    }
  }

  /** Only whether the value is 0 matters. */
  private logic(token: string, level: number): void {
    this.out.open(OP.if, I32);
    if (token === "&&") this.binary(level + 1);
    else this.out.number(1);
    this.out.emit(OP.else);
    if (token === "&&") this.out.number(0);
    else this.binary(level + 1);
    this.out.close();
  }

  private unary(): void {
    const token = this.peek();
    if (token === "!") {
      this.at++;
      this.unary();
      this.out.emit(OP.eqz);
    } else if (token === "~") {
      this.at++;
      this.unary();
      this.out.number(-1);
      this.out.emit(OP.xor);
    } else if (token === "-") this.negative();
    else this.primary();
  }

  private negative(): void {
    this.at++;
    if (/^\d/.test(this.peek())) {
      this.out.number(-Number(this.peek()));
      this.at++;
      return;
    }
    this.out.number(0);
    this.unary();
    this.out.emit(OP.sub);
  }

  private primary(): void {
    const token = this.peek();
    if (token === "(") {
      if (this.peek(1) === "(" && this.peek(2) === ")") this.immediate();
      else {
        this.at++;
        this.expression();
        this.expect(")");
      }
    } else if (/^\d/.test(token)) {
      this.at++;
      this.out.number(Number(token));
    } else if (token === "true" || token === "false") {
      this.at++;
      this.out.number(token === "true" ? 1 : 0);
    } else if (this.peek(1) === "[") this.element(false);
    else if (this.peek(1) === "(") this.call(false);
    else if (token === "Math") this.multiply();
    else {
      this.at++;
      this.out.emitWith(OP.localGet, this.local(token));
    }
  }

  /** `(() => { ...; return x; })()` */
  private immediate(): void {
    for (const token of ["(", "(", ")", "=>", "{"]) this.expect(token);
    this.out.open(OP.block, I32, "result");
    this.block();
    this.out.emit(OP.unreachable);
    this.out.close();
    for (const token of [")", "(", ")"]) this.expect(token);
  }

  /** `Math.imul(a, b)` */
  private multiply(): void {
    for (const token of ["Math", ".", "imul", "("]) this.expect(token);
    this.assignment();
    this.expect(",");
    this.assignment();
    this.expect(")");
    this.out.emit(OP.mul);
  }

  private call(discard: boolean): void {
    const name = this.peek();
    const signature = this.text.signatures.get(name);
    if (!signature) throw new TranslationError(`unknown function ${name}`);
    this.at++;
    this.expect("(");
    while (!this.accept(")")) {
      this.assignment();
      this.accept(",");
    }
    this.out.emitWith(OP.call, signature.index);
    if (discard && signature.returns) this.out.emit(OP.drop);
  }

  /** `A[i]`, or as a statement `A[i] = x`, `A[i] ^= x`, `A[i]++`. */
  private element(write: boolean): void {
    const region = this.text.regions[this.peek()];
    if (!region) throw new TranslationError(`unknown array ${this.peek()}`);
    const start = this.at;
    const where = this.address(region);
    const op = this.peek();
    if (!write) {
      this.out.access(region, "load", where);
      return;
    }
    this.at++;
    if (op !== "=") {
      const behind = this.at;
      this.at = start;
      this.address(region);
      this.out.access(region, "load", where);
      this.at = behind;
    }
    if (op === "++") this.out.increment(region);
    else this.assignment();
    if (op in ASSIGN) this.out.emit(ASSIGN[op] as number);
    this.out.access(region, "store", where);
  }

  /** Leaves the address, without what is known of it, which is returned. */
  private address({ at, element }: Region): number {
    const shift = ALIGN[element];
    this.at += 2;
    this.expression();
    this.expect("]");
    const known = at + (this.out.takeSummand() << shift);
    if (shift > 0) {
      this.out.number(shift);
      this.out.emit(OP.shift);
    }
    return known;
  }
}
