/**
 * Does a JSON value have the shape of a model? One table entry for each interface of `types.ts`.
 */
import { type Place, pointer, type Report } from "./diagnostics.ts";
import { IR_FORMAT, IR_VERSION } from "./types.ts";

type Json = Record<string, unknown>;
type Check = (value: unknown, place: Place, report: Report) => void;

/** Reports everything that keeps the value from being a `Model`. */
export function checkShape(json: unknown, report: Report): void {
  const root: Place = { path: "", src: undefined };
  if (isObject(json)) {
    const { format, version } = json;
    if (format !== IR_FORMAT) {
      report("MR002", under(root, "format"), `the format is ${shown(format)}`);
      return;
    }
    if (version !== IR_VERSION) {
      report("MR003", under(root, "version"), `the version is ${shown(version)}`);
      return;
    }
  }
  model(json, root, report);
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return "a list";
  return isObject(value) ? "an object" : JSON.stringify(value);
}

function under(place: Place, key: string | number): Place {
  return { ...place, path: pointer(place.path, key) };
}

function expected(what: string, isGood: (value: unknown) => boolean): Check {
  return (value, place, report) => {
    if (!isGood(value)) report("MR007", place, `expected ${what}, not ${shown(value)}`);
  };
}

const string = expected("a string", (v) => typeof v === "string");
const integer = expected("an integer", (v) => Number.isSafeInteger(v));
const yes = expected("a boolean", (v) => typeof v === "boolean");

function oneOf(...words: string[]): Check {
  return expected(`one of ${words.join(", ")}`, (v) => words.includes(v as string));
}

/** More levels than anybody writes, and few enough for the stack. */
const MAX_LEVELS = 400;

function list(item: Check): Check {
  return (value, place, report) => {
    if (!Array.isArray(value)) {
      report("MR007", place, `expected a list, not ${shown(value)}`);
      return;
    }
    for (const [i, v] of value.entries()) item(v, under(place, i), report);
  };
}

type Fields = Record<string, Check>;

function object(required: Fields, optional: Fields = {}): Check {
  const checks = new Map(Object.entries({ ...required, ...optional }));
  return (value, place, report) => {
    if (!isObject(value)) {
      report("MR007", place, `expected an object, not ${shown(value)}`);
      return;
    }
    for (const key of Object.keys(required)) {
      if (!Object.hasOwn(value, key)) report("MR005", place, `the field ${key} is missing`);
    }
    for (const [key, v] of Object.entries(value)) {
      const check = checks.get(key);
      if (check) check(v, under(place, key), report);
      else {
        const names = `the fields are: ${[...checks.keys()].join(", ")}`;
        report("MR006", under(place, key), `there is no field ${key}`, names);
      }
    }
  };
}

/** Fields that are optional in the kinds that have them. */
const SOMETIMES = ["where", "mark"];

/** An object whose `kind` decides which fields it has. */
function variant(kinds: Record<string, Fields>, optional: Fields = {}): Check {
  const checks = new Map(
    Object.entries(kinds).map(([kind, all]) => {
      const isOptional = ([key]: [string, Check]): boolean => SOMETIMES.includes(key);
      const fields = Object.fromEntries(Object.entries(all).filter((f) => !isOptional(f)));
      const own = { ...optional, ...Object.fromEntries(Object.entries(all).filter(isOptional)) };
      return [kind, object({ kind: string, ...fields }, own)];
    }),
  );
  return (value, place, report) => {
    const levels = place.path.split("/").length;
    if (levels > MAX_LEVELS) {
      report("MR008", place, `more than ${MAX_LEVELS} levels`);
      return;
    }
    const kind = isObject(value) ? value.kind : undefined;
    const check = checks.get(kind as string);
    if (check) check(value, place, report);
    else if (!isObject(value)) {
      report("MR007", place, `expected an object with a kind, not ${shown(value)}`);
    } else {
      const names = `the kinds are: ${[...checks.keys()].join(", ")}`;
      report("MR004", under(place, "kind"), `the kind is ${shown(kind)}`, names);
    }
  };
}

const src = object({ file: string, line: integer, column: integer });

const domains: Record<string, Fields> = {
  bool: {},
  range: { lo: integer, hi: integer },
  enum: { name: string },
  scalarset: { name: string },
  proc: {},
};
const domain = variant(domains);
const over = variant({ ...domains, instances: { actor: string } });

const expr: Check = (value, place, report) => anyExpr(value, place, report);
const exprs = list(expr);
const ref = variant({
  shared: { name: string, index: exprs },
  local: { name: string, index: exprs },
  peek: { actor: string, proc: expr, name: string, index: exprs },
});
const anyExpr = variant({
  const: { domain, value: integer },
  read: { ref },
  self: {},
  bound: { name: string },
  compare: { op: oneOf("eq", "ne", "lt", "le", "gt", "ge"), left: expr, right: expr },
  arith: { op: oneOf("add", "sub", "mul", "mod"), left: expr, right: expr },
  not: { arg: expr },
  and: { args: exprs },
  or: { args: exprs },
  implies: { left: expr, right: expr },
  ite: { cond: expr, then: expr, else: expr },
  quant: { op: oneOf("forall", "exists", "count"), bind: string, over, body: expr },
  inClass: { arg: expr, set: string, class: string },
  atLabel: { proc: expr, actor: string, labels: list(string) },
});

const locks = ["mutex", "spinlock", "rwsem", "folio_lock", "ww_mutex", "seqcount", "rcu"];
const lockEvent = object(
  {
    op: oneOf("acquire", "trylock", "release", "wait", "downgrade"),
    mode: oneOf("exclusive", "shared"),
    lock: oneOf(...locks, "work", "dma_fence", "lockdep_map", "wait"),
    class: string,
    index: exprs,
  },
  { subclass: integer, nest: yes },
);

const mark = oneOf("retry", "progress");

const stmt: Check = (value, place, report) => anyStmt(value, place, report);
const body = list(stmt);
const anyStmt = variant(
  {
    choose: { target: ref, where: expr },
    wait: { cond: expr },
    assert: { cond: expr, rule: string, text: string },
    lock: { event: lockEvent },
    set: { target: ref, value: expr },
    when: { cond: expr, then: body, else: body },
    either: { branches: list(object({ name: string, body })) },
    each: { bind: string, over, body },
    goto: { label: string, mark },
  },
  { src },
);

const varDecl = object(
  {
    name: string,
    domain,
    index: list(domain),
    init: variant({ value: { value: integer }, cells: { values: list(integer) }, any: {} }),
  },
  { show: string, doc: string, src },
);

const step = object(
  { label: string, text: string, body },
  { idle: yes, rare: yes, mark, routine: list(string), src },
);

const properties = list(object({ name: string, expr }, { doc: string, src }));
const liveness = list(
  variant(
    {
      eventually: { name: string, expr },
      always_eventually: { name: string, expr },
      leads_to: { name: string, from: expr, expr },
      ltl: { name: string, formula: string, atoms: list(object({ name: string, expr })) },
    },
    { doc: string, src },
  ),
);

const model = object(
  {
    format: string,
    version: integer,
    name: string,
    enums: list(object({ name: string, values: list(string) })),
    scalarsets: list(
      object({ name: string, classes: list(object({ name: string, size: integer })) }),
    ),
    shared: list(varDecl),
    assume: exprs,
    actors: list(
      object(
        { name: string, count: integer, locals: list(varDecl), steps: list(step) },
        { doc: string, src, fairness: oneOf("weak", "strong", "none"), finite: yes },
      ),
    ),
    always: properties,
    atRest: properties,
    reachable: properties,
  },
  { doc: string, liveness },
);
