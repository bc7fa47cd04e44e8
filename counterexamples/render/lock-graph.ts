/**
 * Which lock was held when another one was taken, as a graph: the order in which lock classes
 * nest. A cycle is a possible deadlock, and it is drawn so. Only what some trace really did is in
 * it.
 */
import type { Trace } from "../../model/ir/trace.ts";
import type { LockKind } from "../../model/ir/types.ts";
import { htmlEscape, PLAIN_TABLE, quote } from "./dot-draw.ts";
import { COLOR } from "./dot-style.ts";
import { heldAcross, holdsOf } from "./holds.ts";
import { laneName } from "./lanes.ts";
import { ascii, atMost, wrap } from "./text.ts";

export interface LockOrder {
  /** Lock classes: `outer` is held, `inner` is being taken. */
  outer: string;
  inner: string;
  kinds: [outer: LockKind, inner: LockKind];
  /** `munmap: take_lock(driver->update)`, the first step seen to do it. */
  example: string;
  /** It never blocks here (a trylock), so it closes no deadlock. */
  trylock: boolean;
  /** It is only waited for, not taken. */
  wait: boolean;
}

/** The orders in these traces, each once, in the order of their first occurrence. */
export function lockOrders(traces: Trace[]): LockOrder[] {
  const orders: LockOrder[] = [];
  for (const trace of traces) {
    const holds = holdsOf(trace);
    for (const step of [...trace.steps, ...stuck(trace)]) {
      const taken = step.locks.filter((l) => l.op !== "release" && l.op !== "downgrade");
      for (const use of taken) {
        for (const hold of holds) {
          if (hold.pid !== step.pid || !heldAcross(hold, step.number)) continue;
          const { op } = use;
          const kinds: LockOrder["kinds"] = [hold.lock, use.lock];
          const order = { outer: hold.class, inner: use.class, kinds };
          const example = `${laneName(trace, step.pid)}: ${step.text.trim()}`;
          add(orders, { ...order, example, trylock: op === "trylock", wait: op === "wait" });
        }
      }
    }
  }
  return orders;
}

/** The steps that processes of a deadlock cannot take, as if they were next. */
function stuck(trace: Trace): Pick<Trace["steps"][0], "pid" | "number" | "text" | "locks">[] {
  if (trace.violation?.kind !== "deadlock") return [];
  const number = trace.steps.length + 1;
  return trace.blocked.map((b) => ({ pid: b.pid, number, text: b.text, locks: b.waitsFor }));
}

function add(orders: LockOrder[], order: LockOrder): void {
  const same = orders.find(
    (o) => o.outer === order.outer && o.inner === order.inner && o.wait === order.wait,
  );
  if (!same) orders.push(order);
  else if (same.trylock && !order.trylock) Object.assign(same, order);
}

/** The orders that lie on a cycle of blocking ones. */
export function cyclicOrders(orders: LockOrder[]): LockOrder[] {
  const blocking = orders.filter((o) => !o.trylock);
  const reaches = (from: string, to: string, seen: Set<string>): boolean => {
    if (from === to) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    return blocking.some((o) => o.outer === from && reaches(o.inner, to, seen));
  };
  return blocking.filter((o) => reaches(o.inner, o.outer, new Set()));
}

/** Characters in a line of an arrow's text. */
const WIDEST = 36;

/** Maps of lockdep are round; what it has no map for has a dashed frame. */
function nodeLook(kind: LockKind): string {
  if (kind === "lockdep_map") return ", shape=ellipse, style=filled";
  const untracked = kind === "folio_lock" || kind === "dma_fence" || kind === "wait";
  return untracked ? ', style="filled,rounded,dashed"' : "";
}

/** An arrow leads from the outer lock to the inner one: dashed for a trylock, dotted for a wait. */
export function lockGraphToDot(orders: LockOrder[]): string {
  const classes = [...new Set(orders.flatMap((o) => [o.outer, o.inner]))];
  const cyclic = new Set(cyclicOrders(orders));
  const kindOf = new Map(
    orders.flatMap((o) => [[o.outer, o.kinds[0]] as const, [o.inner, o.kinds[1]]]),
  );
  const nodes = classes.map((name, i) => {
    return `  l${i} [label=${quote(name)}${nodeLook(kindOf.get(name) as LockKind)}]`;
  });
  const edges = orders.map((order) => {
    const style = order.trylock ? "dashed" : order.wait ? "dotted" : "solid";
    const look = cyclic.has(order) ? `color="${COLOR.bad}", penwidth=2.2, ` : "";
    const [who, ...what] = ascii(order.example).split(": ");
    const text = what.join(": ");
    const shown = [`${who}:`, ...atMost(wrap(text === "" ? "-" : text, WIDEST), 2, WIDEST)];
    const lines = shown.map((t) => htmlEscape(t));
    const rows = lines.map((t) => `<tr><td align="left">${t}</td></tr>`).join("");
    const label = `<table ${PLAIN_TABLE} bgcolor="white">${rows}</table>`;
    const [from, to] = [classes.indexOf(order.outer), classes.indexOf(order.inner)];
    return `  l${from} -> l${to} [${look}style=${style}, label=<${label}>]`;
  });
  return [
    "digraph locks {",
    '  graph [rankdir=LR, fontname="Courier"]',
    '  node [shape=box, style="filled,rounded", fillcolor=white, fontname="Courier", fontsize=11]',
    '  edge [fontname="Courier", fontsize=8, arrowsize=0.7]',
    ...nodes,
    ...edges,
    "}\n",
  ].join("\n");
}
