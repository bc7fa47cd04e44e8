/** The code of one function as it grows: open blocks, constants, access to memory. */
import type { Region } from "./memory.ts";
import { Bytes, OP } from "./wasm-binary.ts";
import { TranslationError } from "./wasm-text.ts";

/** Log2 of the bytes of an element. */
export const ALIGN = { i32: 2, f64: 3, byte: 0 } as const;

const ACCESS = {
  load: { i32: OP.load, f64: OP.loadF64, byte: OP.loadByte },
  store: { i32: OP.store, f64: OP.storeF64, byte: OP.storeByte },
} as const;

/** The number 1 in eight bytes. */
const ONE_F64 = [0, 0, 0, 0, 0, 0, 0xf0, 0x3f];

interface Constant {
  /** Where it was emitted. */
  from: number;
  value: number;
}

export class Emitter {
  readonly code = new Bytes();
  /** Open blocks: the label that ends each, `""` for those that no break names. */
  private readonly labels: string[] = [];
  /** What was emitted last, if it is a constant. */
  private constant: Constant | undefined;
  /** The second operand of the addition that was emitted last, if it is a constant. */
  private summand: Constant | undefined;

  emit(op: number): void {
    this.code.push(op);
    this.constant = undefined;
    this.summand = undefined;
  }

  /** An instruction with a number: a local, a function, a depth. */
  emitWith(op: number, operand: number): void {
    this.emit(op);
    this.code.unsigned(operand);
  }

  number(value: number): void {
    const from = this.code.length;
    this.emit(OP.const);
    this.code.signed(value);
    this.constant = { from, value: value | 0 };
  }

  /** An operation on the two values emitted last. */
  operate(op: number): void {
    const { constant } = this;
    this.emit(op);
    if (op === OP.add) this.summand = constant;
  }

  /** Takes what is constant of an index out of the code, which computes the rest. */
  takeSummand(): number {
    const { constant, summand } = this;
    if (constant) {
      this.code.length = constant.from;
      this.number(0);
      return constant.value;
    }
    if (!summand || summand.value < 0) return 0;
    this.code.length = summand.from;
    return summand.value;
  }

  open(op: number, type: number, label = ""): void {
    this.emit(op);
    this.code.push(type);
    this.labels.push(label);
  }

  close(): void {
    this.emit(OP.end);
    this.labels.pop();
  }

  isOpen(label: string): boolean {
    return this.labels.includes(label);
  }

  /** Leaves the innermost block of this name, or goes back to the start of the loop. */
  branch(label: string): void {
    const at = this.labels.lastIndexOf(label);
    if (at < 0) throw new TranslationError(`no block ${label}`);
    this.emitWith(OP.br, this.labels.length - 1 - at);
  }

  /** Leaves as many blocks as the value says, and `cases` when it is larger. */
  table(cases: number): void {
    this.emitWith(OP.brTable, cases);
    for (let i = 0; i <= cases; i++) this.code.unsigned(i);
  }

  access({ element }: Region, kind: "load" | "store", where: number): void {
    this.emitWith(ACCESS[kind][element], ALIGN[element]);
    this.code.unsigned(where);
  }

  /** Adds 1 to the element that was loaded. */
  increment({ element }: Region): void {
    if (element === "f64") {
      this.emit(OP.constF64);
      this.code.append(ONE_F64);
      this.emit(OP.addF64);
    } else {
      this.number(1);
      this.emit(OP.add);
    }
  }
}
