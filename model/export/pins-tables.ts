/**
 * The tables of an exported C file: names, types, and matrices as lists of numbers that end with
 * -1.
 */
import { type Domain, processNames, type State, showValue, valueBounds } from "../ir/index.ts";
import { quotedText } from "./names.ts";
import type { Slots, Writes } from "./pins-access.ts";
import type { Naming } from "./pins-expr.ts";
import { type Groups, type Guard, mayBeCoenabled, mayMake, type Row } from "./pins-groups.ts";
import type { System } from "./system.ts";

/** A state label that is no guard. */
export interface Label {
  name: string;
  text: string;
  reads: Slots;
  comment: string;
}

export interface Out extends Groups {
  system: System;
  naming: Naming;
  labels: Label[];
  /** `kind rule` of the checks; the value of `violation` is the position, from 1. */
  rules: string[];
  initial: State[];
  /**
   * From the state before the start to the initial states; with variables that start with `any`.
   */
  start?: Row & { guard: Guard };
}

/** One more group, enabled only before the start. */
export function addStart(out: Out): void {
  const { system, naming, guards } = out;
  const [first] = system.layout.processes;
  if (!first) return;
  const labels = naming.labels.get(first.actor.name) ?? [];
  const guard: Guard = {
    text: `s[${naming.bases.get(first.pc)}] == ${labels.at(-1)}`,
    reads: new Set([first.pc]),
    about: { slot: first.pc, values: new Set([labels.length - 1]) },
  };
  const slots = system.layout.slots.map((_, slot) => slot);
  const writes: Writes = {
    may: new Set(slots),
    must: new Set(slots),
    values: new Map(slots.map((slot) => [slot, "any"] as const)),
  };
  for (const p of system.layout.processes) writes.values.set(p.pc, new Set([0]));
  const number = guards.push(guard) - 1;
  out.start = { name: "start", guards: [number], reads: guard.reads, writes, guard };
}

export function tables(out: Out): string[] {
  const { guards, labels, groups, naming, system, start } = out;
  const rows: Row[] = start ? [...groups, start] : groups;
  const all = [...guards, ...labels];
  const counts = { GROUPS: rows.length, LABELS: all.length, GUARDS: guards.length };
  const unborn = (naming.labels.get(system.layout.processes[0]?.actor.name ?? "")?.length ?? 1) - 1;
  return [
    "enum {",
    `  STATES = ${naming.slots.length},`,
    ...Object.entries(counts).map(([name, n]) => `  ${name} = ${n},`),
    `  STARTS = ${start ? out.initial.length : 0},`,
    "};",
    "",
    ...initialLines(out, unborn),
    ...typeLines(out, rows),
    ...stringTable("LABEL_NAMES", [
      ...guards.map((_, i) => `guard_${i}`),
      ...labels.map((l) => l.name),
    ]),
    ...stringTable("SLOT_NAMES", naming.slots),
    ...rows.map(
      (row, i) =>
        `static const int GUARDS_${i}[] = { ${[row.guards.length, ...row.guards].join(", ")} };`,
    ),
    ...block(
      "static const int *const GUARD_LISTS[]",
      rows.map((_, i) => `GUARDS_${i}`),
    ),
    ...lists(
      "READS",
      rows.map((r) => [...r.reads]),
    ),
    ...lists(
      "MAY_WRITE",
      rows.map((r) => [...r.writes.may]),
    ),
    ...lists(
      "MUST_WRITE",
      rows.map((r) => [...r.writes.must]),
    ),
    ...lists(
      "LABEL_READS",
      all.map((l) => [...l.reads]),
    ),
    ...lists(
      "NEVER_TOGETHER",
      all.map((a) => indexes(all, (b) => !mayBeCoenabled(a, b))),
    ),
    ...lists(
      "MAY_ENABLE",
      all.map((l) => indexes(rows, (row) => mayMake(row, l, true))),
    ),
    ...lists(
      "MAY_DISABLE",
      all.map((l) => indexes(rows, (row) => mayMake(row, l, false))),
    ),
  ];
}

function indexes<T>(list: T[], wanted: (item: T) => boolean): number[] {
  return list.flatMap((item, i) => (wanted(item) ? [i] : []));
}

/** The state to start in, and with several initial states the list of them. */
function initialLines({ start, initial, system, naming }: Out, unborn: number): string[] {
  if (!start) {
    const state = [...(initial[0] ?? []), 0];
    return [
      ...block("static const int INITIAL[STATES]", state.map(String)),
      "static void start(int i, int *to) { (void)i; (void)to; }",
    ];
  }
  const before = naming.slots.map(() => 0);
  for (const p of system.layout.processes) {
    const labels = naming.labels.get(p.actor.name)?.length ?? 1;
    before[p.pc] = p.pid === 1 ? unborn : labels - 1;
  }
  return [
    ...block("static const int INITIAL[STATES]", before.map(String)),
    "static const int START_STATES[STARTS][STATES] = {",
    ...initial.map((state) => `  { ${[...state, 0].join(", ")} },`),
    "};",
    "static void start(int i, int *to) { copy(to, START_STATES[i], STATES); }",
  ];
}

/** A block of items, several per line. */
function block(head: string, items: string[]): string[] {
  const lines: string[] = [];
  for (const item of items) {
    const last = lines[lines.length - 1];
    if (last !== undefined && last.length + item.length < 98) {
      lines[lines.length - 1] = `${last} ${item},`;
    } else lines.push(`  ${item},`);
  }
  return [`${head} = {`, ...lines, "};"];
}

function lists(name: string, rows: number[][]): string[] {
  const numbers = rows.flatMap((row) => [...row.sort((a, b) => a - b), -1]);
  return block(`static const int ${name}[]`, numbers.map(String));
}

function stringTable(name: string, texts: string[]): string[] {
  return block(`static const char *const ${name}[]`, texts.map(quotedText));
}

/**
 * Type 0 is plain integers, type 1 the groups; then one for each domain that has names for its
 * values.
 */
function typeLines(out: Out, rows: Row[]): string[] {
  const { system } = out;
  const types: { name: string; values: string[] }[] = [
    { name: "integer", values: [] },
    { name: "statement", values: rows.map((r) => r.name) },
  ];
  const numbers = new Map<string, number>();
  const typeNumber = (name: string, values: () => string[]): number => {
    const known = numbers.get(name);
    if (known !== undefined) return known;
    numbers.set(name, types.length);
    return types.push({ name, values: values() }) - 1;
  };
  const slotTypes = system.layout.slots.map((slot) => {
    if (!slot.domain) {
      const { actor } = system.layout.processes[slot.pid - 1] ?? { actor: undefined };
      const labels = actor?.steps.map((s) => s.label) ?? [];
      const more = system.open ? ["done", "unborn"] : ["done"];
      return typeNumber(`pc of ${actor?.name}`, () => [...labels, ...more]);
    }
    return domainType(slot.domain, system, typeNumber);
  });
  const values = types.flatMap((t, i) =>
    t.values.length > 0 ? stringTable(`VALUES_${i}`, t.values) : [],
  );
  const infos = types.map((t, i) => {
    const list = t.values.length > 0 ? `VALUES_${i}` : "NULL";
    return `{ ${quotedText(t.name)}, ${t.values.length}, ${list} }`;
  });
  return [
    ...values,
    `enum { TYPES = ${types.length} };`,
    ...block(
      "static const struct { const char *name; int count; const char *const *values; } TYPE[]",
      infos,
    ),
    ...block("static const int SLOT_TYPES[]", [...slotTypes, 0].map(String)),
  ];
}

function domainType(
  domain: Domain,
  system: System,
  typeNumber: (name: string, values: () => string[]) => number,
): number {
  switch (domain.kind) {
    case "bool":
    case "range":
      return 0;
    case "proc":
      return typeNumber("process", () => ["none", ...processNames(system.model)]);
    case "enum":
    case "scalarset": {
      const { lo, hi } = valueBounds(system.model, domain);
      const values = Array.from({ length: hi - lo + 1 }, (_, i) => lo + i);
      return typeNumber(`${domain.kind} ${domain.name}`, () =>
        values.map((v) => showValue(system.model, domain, v)),
      );
    }
  }
}
