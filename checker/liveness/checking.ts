/** What every question about progress is asked of. */
import type { Expr, Model } from "../../model/ir/index.ts";
import type { Engine } from "../search/engine.ts";
import type { Arena } from "../store/arena.ts";
import type { Scratch } from "./scc.ts";
import type { World } from "./world.ts";

export interface Checking {
  /** The model itself; the engine has what was searched. */
  model: Model;
  engine: Engine;
  arena: Arena;
  /** Level k are the states `levels[k]` to `levels[k + 1] - 1`. */
  levels: number[];
  world: World;
  scratch: Scratch;
  /** By state: is the expression of a claim true? */
  truthOf(expr: Expr): Uint8Array;
  /** Bytes that are left. */
  room: number;
  /** True ends the work. */
  poll: () => boolean;
}

/** The answer was not found within the limits. */
export interface Stopped {
  stopped: "memory" | "poll";
}
