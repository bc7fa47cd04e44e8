/** The binary form of WebAssembly (core specification 2.0, section 5), as far as it is used. */

export const OP = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  drop: 0x1a,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  load: 0x28,
  loadF64: 0x2b,
  loadByte: 0x2d,
  store: 0x36,
  storeF64: 0x39,
  storeByte: 0x3a,
  const: 0x41,
  constF64: 0x44,
  eqz: 0x45,
  add: 0x6a,
  sub: 0x6b,
  mul: 0x6c,
  xor: 0x73,
  shift: 0x74,
  addF64: 0xa0,
} as const;

/** Block types: no value, and one 32-bit integer. */
export const VOID = 0x40;
export const I32 = 0x7f;

const FUNCTION = 0x60;
const EXPORT_FUNCTION = 0x00;
const SECTION = { type: 1, import: 2, function: 3, export: 7, code: 10 };
const IMPORT_MEMORY = 0x02;

/** Bytes that grow at the end. */
export class Bytes {
  private data = new Uint8Array(256);
  length = 0;

  push(byte: number): void {
    if (this.length === this.data.length) this.reserve(1);
    this.data[this.length++] = byte;
  }

  /** LEB128, as all numbers in a module. */
  unsigned(value: number): this {
    let rest = value >>> 0;
    for (; rest > 0x7f; rest >>>= 7) this.push((rest & 0x7f) | 0x80);
    this.push(rest);
    return this;
  }

  signed(value: number): void {
    let rest = value | 0;
    for (; rest > 63 || rest < -64; rest >>= 7) this.push((rest & 0x7f) | 0x80);
    this.push(rest & 0x7f);
  }

  append(more: ArrayLike<number>): this {
    if (this.length + more.length > this.data.length) this.reserve(more.length);
    this.data.set(more, this.length);
    this.length += more.length;
    return this;
  }

  view(): Uint8Array<ArrayBuffer> {
    return this.data.subarray(0, this.length);
  }

  private reserve(more: number): void {
    const larger = new Uint8Array(Math.max(2 * this.data.length, this.length + more));
    larger.set(this.data);
    this.data = larger;
  }
}

export interface FunctionBody {
  name: string;
  parameters: number;
  /** Returns a 32-bit integer; otherwise nothing. */
  returns: boolean;
  /** 32-bit integers beside the parameters. */
  locals: number;
  code: Bytes;
}

/** A list, with its length in front. */
function vector(items: ArrayLike<number>[]): Uint8Array {
  const bytes = new Bytes().unsigned(items.length);
  for (const item of items) bytes.append(item);
  return bytes.view();
}

function unsigned(value: number): Uint8Array {
  return new Bytes().unsigned(value).view();
}

function text(name: string): Uint8Array {
  return vector([...name].map((c) => [c.charCodeAt(0)]));
}

/** The locals, the code, its end; with their length in front. */
function bodyOf({ locals, code }: FunctionBody): Uint8Array {
  const head = vector(locals > 0 ? [[...unsigned(locals), I32]] : []);
  const bytes = new Bytes().unsigned(head.length + code.length + 1);
  bytes.append(head).append(code.view()).push(OP.end);
  return bytes.view();
}

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** A module of these functions, all exported, over a memory `m.m` of so many pages of 64 KiB. */
export function moduleBytes(functions: FunctionBody[], pages: number): Uint8Array<ArrayBuffer> {
  const types = functions.map((f) => {
    const parameters = vector(Array.from({ length: f.parameters }, () => [I32]));
    return [FUNCTION, ...parameters, ...vector(f.returns ? [[I32]] : [])];
  });
  const memory = [...text("m"), ...text("m"), IMPORT_MEMORY, 0x00, ...unsigned(pages)];
  const names = functions.map((f, i) => [...text(f.name), EXPORT_FUNCTION, ...unsigned(i)]);
  const sections: [number, ArrayLike<number>[]][] = [
    [SECTION.type, types],
    [SECTION.import, [memory]],
    [SECTION.function, functions.map((_, i) => unsigned(i))],
    [SECTION.export, names],
    [SECTION.code, functions.map(bodyOf)],
  ];
  const bytes = new Bytes().append(HEADER);
  for (const [id, items] of sections) {
    const content = vector(items);
    bytes.push(id);
    bytes.unsigned(content.length).append(content);
  }
  return bytes.view();
}
