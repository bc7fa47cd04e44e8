/** The order of locks in the form that is kept and compared: a text for each class and circle. */
import type { Model } from "../../model/ir/index.ts";
import { PackError } from "../compile/pack.ts";
import { lockReport } from "./index.ts";
import type { LockCycle, LockOrderEdge, LockReport } from "./report.ts";

/** What a complete search of all states came to. */
export interface LockOrder {
  /** Hash of the state, the actors and their steps that were searched. */
  model: string;
  states: number;
  /**
   * By class: which others somebody takes who holds it. `folio.lock (trylock), gpu.flush (wait)`:
   * how, when it is not taken to have it. All sorted.
   */
  orders: Record<string, string>;
  /** `a -> b -> a`: what comes of it. */
  cycles: Record<string, string>;
}

const HARMLESS = "not known to lockdep, no deadlock";
const SLEEPS = "may sleep where that is forbidden";

/** No deadlock can come of the circle, and lockdep does not speak of it. */
export function isHarmless(consequence: string): boolean {
  return consequence === HARMLESS;
}

/** Undefined when not all states could be searched. */
export function findLockOrder(model: Model, hash: string, limit?: number): LockOrder | undefined {
  try {
    const report = lockReport(model, limit);
    return report.complete ? lockOrderOf(report, hash) : undefined;
  } catch (error) {
    if (error instanceof PackError) return undefined;
    throw error;
  }
}

/** @param report of all states */
export function lockOrderOf({ edges, cycles, states }: LockReport, hash: string): LockOrder {
  // What lockdep knows from boot is no order of the model; it counts in the cycles.
  const own = edges.filter((e) => e.witness !== undefined);
  const found = [...cycles.map(cycleEntry), ...own.filter((e) => e.atomic).map(atomicEntry)];
  found.sort(([a], [b]) => (a < b ? -1 : 1));
  const orders = ordersOf(own);
  return { model: hash, states, orders, cycles: Object.fromEntries(found) };
}

const COMMA = ", ";

function ordersOf(edges: LockOrderEdge[]): LockOrder["orders"] {
  const outer = [...new Set(edges.map((e) => e.outer))].sort();
  const innerOf = (name: string): string[] =>
    edges.filter((e) => e.outer === name).map((e) => e.inner + howText(e));
  return Object.fromEntries(outer.map((name) => [name, innerOf(name).sort().join(COMMA)]));
}

function howText({ how }: LockOrderEdge): string {
  return how === "acquire" ? "" : ` (${how})`;
}

/** `mm.mmap_lock -> folio.lock (wait)`, each of them. */
export function orderPairs({ orders }: LockOrder): string[] {
  return Object.entries(orders).flatMap(([outer, inner]) =>
    inner.split(COMMA).map((one) => `${outer} -> ${one}`),
  );
}

function atomicEntry({ outer, inner }: LockOrderEdge): [string, string] {
  return [`${outer} -> ${inner}`, SLEEPS];
}

/** From its least class on: where a search begins is no part of the cycle. */
function cycleEntry({ edges, warns, deadlock }: LockCycle): [string, string] {
  const classes = edges.map((e) => e.outer);
  const first = classes.indexOf([...classes].sort()[0] as string);
  const turned = [...classes.slice(first), ...classes.slice(0, first), classes[first]];
  const said = warns ? "lockdep warns" : "not known to lockdep";
  return [turned.join(" -> "), `${said}, ${deadlock ? "deadlock" : "no deadlock"}`];
}
