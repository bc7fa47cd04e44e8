/** Labels that are never reached, as few lines as say so: `actor.call.*` is all below the call. */

interface Row {
  label: string;
  fired: number;
}

/** The labels that did not fire; where nothing below a prefix did, the shortest such prefix. */
export function folded(rows: Row[]): string[] {
  const alive = new Set(rows.filter((r) => r.fired > 0).flatMap((r) => prefixesOf(r.label)));
  const dead = rows.filter((r) => r.fired === 0).map((r) => r.label);
  const shown = dead.map((label) => prefixesOf(label).find((p) => !alive.has(p)) ?? label);
  return [...new Set(shown.map((p, i) => (p === dead[i] ? p : `${p}.*`)))];
}

/** Is it one of these, or below one? */
export function isCovered(label: string, never: readonly string[]): boolean {
  return never.some((n) => (n.endsWith(".*") ? label.startsWith(n.slice(0, -1)) : n === label));
}

/** `a`, `a.b`, `a.b.c` of `a.b.c`. */
function prefixesOf(label: string): string[] {
  const parts = label.split(".");
  return parts.map((_, i) => parts.slice(0, i + 1).join("."));
}
