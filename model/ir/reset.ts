/** The statements that give a local its initial value again. */
import { type Cells, type Dimension, initialValue } from "./layout.ts";
import { findScalarset } from "./names.ts";
import type { Expr, Model, Ref, Stmt } from "./types.ts";

/**
 * Undefined when there is no way to say it: the local starts at any value, or its cells tell
 * processes apart, which have no names in a step.
 */
export function resetOf(model: Model, cells: Cells): Stmt[] | undefined {
  if (cells.decl.init.kind === "any") return undefined;
  const values = Array.from({ length: cells.count }, (_, i) => initialValue(cells, i) as number);
  return resetCells(model, cells, values, []);
}

/** Resets the part of the array under `index`, whose initial values are given row-major. */
function resetCells(
  model: Model,
  cells: Cells,
  values: number[],
  index: Expr[],
): Stmt[] | undefined {
  const dim = cells.dims[index.length];
  const { name, domain } = cells.decl;
  const [first] = values;
  if (first === undefined) return [];
  if (!dim) {
    const target: Ref = { kind: "local", name, index };
    return [{ kind: "set", target, value: { kind: "const", domain, value: first } }];
  }
  const slices = slicesOf(values, dim);
  const under: Under = (part, e) => resetCells(model, cells, part, [...index, e]);
  if (values.every((v) => v === first)) {
    const bind = `reset${index.length}`;
    const body = under(values.slice(0, values.length / slices.length), {
      kind: "bound",
      name: bind,
    });
    return body && [{ kind: "each", bind, over: dim.domain, body }];
  }
  switch (dim.domain.kind) {
    case "proc":
      return undefined;
    case "scalarset":
      return resetClasses(model, dim.domain.name, slices, `reset${index.length}`, under);
    case "bool":
    case "enum":
    case "range": {
      const parts = slices.map((part, i) =>
        under(part, { kind: "const", domain: dim.domain, value: dim.lo + i }),
      );
      return parts.every((p) => p !== undefined) ? parts.flat() : undefined;
    }
  }
}

type Under = (part: number[], index: Expr) => Stmt[] | undefined;

/** The initial values under each value of the first dimension. */
function slicesOf(values: number[], dim: Dimension): number[][] {
  const size = dim.hi - dim.lo + 1;
  const width = values.length / size;
  return Array.from({ length: size }, (_, i) => values.slice(i * width, (i + 1) * width));
}

/** Members have no names, but their classes do. */
function resetClasses(
  model: Model,
  name: string,
  slices: number[][],
  bind: string,
  under: Under,
): Stmt[] | undefined {
  const member: Expr = { kind: "bound", name: bind };
  const body: Stmt[] = [];
  let start = 0;
  for (const { name: className, size } of findScalarset(model, name).classes) {
    const [part, ...others] = slices.slice(start, start + size);
    start += size;
    if (!part) continue;
    const reset = under(part, member);
    if (!reset || others.some((o) => o.join() !== part.join())) return undefined;
    const cond: Expr = { kind: "inClass", arg: member, set: name, class: className };
    body.push({ kind: "when", cond, then: reset, else: [] });
  }
  return [{ kind: "each", bind, over: { kind: "scalarset", name }, body }];
}
