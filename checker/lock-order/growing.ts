/** A typed array that is appended to. */
export interface Growing {
  array: Uint32Array;
  length: number;
}

export function newGrowing(): Growing {
  return { array: new Uint32Array(1 << 12), length: 0 };
}

export function push(list: Growing, value: number): void {
  if (list.length === list.array.length) {
    const larger = new Uint32Array(2 * list.length);
    larger.set(list.array);
    list.array = larger;
  }
  list.array[list.length++] = value;
}
