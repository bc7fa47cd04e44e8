/**
 * The memory in which generated code computes: one per thread, small, and never growing. States
 * come in through a window, successors go out through the batch; the store, which may be of any
 * size, is no business of this code.
 */
import { RECENT_BITS } from "../store/table.ts";

/** Where an array begins, in bytes from the start of the memory. */
export interface Region {
  at: number;
  length: number;
  element: "i32" | "f64" | "byte";
}

export const BYTES = { i32: 4, f64: 8, byte: 1 } as const;

/**
 * Arrays by the names that the generated text gives them.
 *
 * `W`: the window, states to expand or to judge. `C`: the successors. `H`, `P`: hashes and places
 * of the successors that may be new. `K`: recently seen states. `R`: words filled, problem,
 * terminal states, a sink for loads. `N`: how often each label fired. `Q`: which facts were true.
 * `M`: where the successors of each process end.
 */
export type Regions = Record<"W" | "C" | "H" | "P" | "K" | "R" | "N" | "Q" | "M", Region>;

export interface MemoryPlan {
  regions: Regions;
  /** Pages of 64 KiB. */
  pages: number;
  /** States that the window holds. */
  windowStates: number;
}

export interface MemoryNeeds {
  /** Words of a state. */
  words: number;
  /** Successors that the batch must hold. */
  successors: number;
  labels: number;
  facts: number;
  processes: number;
}

export const PAGE = 2 ** 16;
const REGISTERS = 4;
const WINDOW_STATES = 512;
/** Arrays begin at lines of the cache. */
const ALIGN = 64;

export function planMemory(needs: MemoryNeeds): MemoryPlan {
  const { words, successors, labels, facts, processes } = needs;
  let end = 0;
  const place = (length: number, element: Region["element"]): Region => {
    const at = Math.ceil(end / ALIGN) * ALIGN;
    end = at + length * BYTES[element];
    return { at, length, element };
  };
  const scratch = Math.max(successors, 1024);
  const regions: Regions = {
    R: place(REGISTERS, "i32"),
    W: place(WINDOW_STATES * words, "i32"),
    C: place(successors * words, "i32"),
    H: place(scratch, "i32"),
    P: place(scratch, "i32"),
    K: place(words * 2 ** RECENT_BITS, "i32"),
    N: place(labels, "f64"),
    Q: place(facts, "byte"),
    M: place(processes, "i32"),
  };
  return { regions, pages: Math.ceil(end / PAGE), windowStates: WINDOW_STATES };
}
