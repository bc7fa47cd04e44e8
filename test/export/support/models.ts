/**
 * Small models that between them use everything the IR can say. Each names what a checker must
 * find.
 */
import {
  type ActorDecl,
  build as b,
  type Expr,
  type Model,
  type Stmt,
} from "../../../model/ir/index.ts";
import { philosophers, testAndSet } from "../../support/classics.ts";
import { hostileNames } from "./hostile.ts";

const { and, choose, each, either, eq, exists, forall, ge, goto, int, local, lt, ne } = b;
const { not, or, read, set, shared, step, wait, when } = b;

const get = (name: string, ...index: Expr[]): Expr => read(shared(name, ...index));
const mine = (name: string): Expr => read(local(name));
const put = (name: string, value: Expr, ...index: Expr[]): Stmt =>
  set(shared(name, ...index), value);

export interface Case {
  model: Model;
  /** `kind property`; undefined when the model holds. */
  violates?: string;
}

const PAGE = b.setOf("Page");
const PTE = b.enumOf("Pte");
const PRESENT = b.constant(PTE, 1);
const NONE = b.constant(PTE, 0);
const PTES = { name: "Pte", values: ["none", "present"] };

const odd = (seq: Expr): Expr => ne(b.mod(seq, int(2)), int(0));
const page = mine("page");

function gpuFault(retries: boolean): ActorDecl {
  return b.actor(
    "gpu_fault",
    [
      step("fault", "GPU faults on some page", choose(local("page"))),
      step("again", "seq = mmu_interval_read_begin()", set(local("seq"), get("seq"))),
      step(
        "settle",
        "wait_event(invalidate_seq != seq)",
        wait(or(not(odd(mine("seq"))), ne(get("seq"), mine("seq")))),
      ),
      step("range_fault", "hmm_range_fault()", set(local("pte"), get("cpu_pte", page))),
      step(
        "take_lock",
        "take_lock(driver->update)",
        wait(eq(get("update"), b.none(b.PROC))),
        put("update", b.SELF),
      ),
      step(
        "end",
        "if (mmu_interval_read_retry()) goto again",
        ...(retries
          ? [when(ne(get("seq"), mine("seq")), [put("update", b.none(b.PROC)), goto("again")])]
          : []),
        when(eq(mine("pte"), PRESENT), [put("gpu_pte", PRESENT, page)]),
        put("update", b.none(b.PROC)),
      ),
    ],
    {
      locals: [b.variable("page", PAGE), b.variable("seq", b.range(0, 7)), b.variable("pte", PTE)],
    },
  );
}

function zapper(): ActorDecl {
  return b.actor(
    "zap",
    [
      {
        ...step(
          "start",
          "mmu_notifier_invalidate_range_start()",
          choose(local("page"), eq(get("cpu_pte", page), PRESENT)),
          wait(and(eq(get("update"), b.none(b.PROC)), not(odd(get("seq"))))),
          put("seq", b.add(get("seq"), int(1))),
          put("gpu_pte", NONE, page),
        ),
        idle: true,
      },
      step("clear", "ptep_clear_flush()", put("cpu_pte", NONE, page)),
      step("end", "mmu_notifier_invalidate_range_end()", put("seq", b.add(get("seq"), int(1)))),
    ],
    { count: 2, locals: [b.variable("page", PAGE)] },
  );
}

/**
 * A device page table filled from the CPU's under a lock and a sequence number, or without the
 * check.
 */
export function invalidation(pages: number, retries: boolean): Model {
  const stale = exists("p", PAGE, (p) =>
    and(eq(get("gpu_pte", p), PRESENT), eq(get("cpu_pte", p), NONE)),
  );
  return b.model(
    "invalidation",
    [gpuFault(retries), zapper()],
    {
      enums: [PTES],
      scalarsets: [{ name: "Page", classes: [{ name: "page", size: pages }] }],
      shared: [
        b.variable("cpu_pte", PTE, 1, PAGE),
        b.variable("gpu_pte", PTE, 0, PAGE),
        b.variable("seq", b.range(0, 7), 0),
        b.variable("update", b.PROC),
      ],
    },
    {
      always: { no_stale_gpu_pte: or(not(stale), odd(get("seq"))) },
      reachable: { gpu_maps_a_page: exists("p", PAGE, (p) => eq(get("gpu_pte", p), PRESENT)) },
    },
  );
}

/** Two classes of frames; a migration moves a page from one to the other, or fails. */
function migration(): Model {
  const frame = b.setOf("Frame");
  const free = (f: Expr): Expr => eq(get("owner", f), b.none(b.PROC));
  const from = mine("from");
  const to = mine("to");
  const move = b.actor(
    "migrate",
    [
      step(
        "alloc",
        "folio = alloc_migration_target()",
        choose(local("to"), free(to)),
        put("owner", b.SELF, to),
        when(eq(from, b.none(frame)), [set(local("from"), to), goto("alloc")]),
      ),
      step(
        "copy",
        "migrate_folio()",
        either({
          ok: [put("owner", b.none(b.PROC), from), set(local("from"), to)],
          enomem: [put("owner", b.none(b.PROC), to), goto("alloc")],
        }),
        set(local("to"), b.none(frame)),
      ),
    ],
    { count: 2, locals: [b.variable("from", frame), b.variable("to", frame)] },
  );
  const owned = (p: Expr) => b.count("f", frame, (f) => eq(get("owner", f), p));
  return b.model(
    "migration",
    [move],
    {
      scalarsets: [
        {
          name: "Frame",
          classes: [
            { name: "sys", size: 2 },
            { name: "vram", size: 2 },
          ],
        },
      ],
      shared: [b.variable("owner", b.PROC, 0, frame)],
    },
    {
      always: {
        at_most_two: forall("p", b.instances("migrate"), (p) => b.le(owned(p), int(2))),
        in_a_class: forall("p", b.instances("migrate"), (p) => {
          const at = read(b.peek("migrate", p, "from"));
          return b.implies(
            ne(at, b.none(frame)),
            ne(b.inClass(at, "Frame", "sys"), b.inClass(at, "Frame", "vram")),
          );
        }),
      },
      reachable: {
        in_vram: exists("f", frame, (f) => and(b.inClass(f, "Frame", "vram"), not(free(f)))),
      },
    },
  );
}

/**
 * A daemon that waits for work for ever, and a client that ends: nobody moves, and that is all
 * right.
 */
function daemon(isIdle: boolean): Model {
  const wake = step("wait", "wait_event(wq, work)", wait(get("work")), put("work", b.FALSE));
  const worker = b.actor("worker", [
    isIdle ? { ...wake, idle: true } : wake,
    step(
      "run",
      "process_one_work()",
      put("done_work", b.add(get("done_work"), int(1))),
      goto("wait"),
    ),
  ]);
  const client = b.actor("client", [
    step("queue", "queue_work()", put("work", b.TRUE)),
    step("flush", "flush_work()", wait(not(get("work")))),
  ]);
  return b.model(
    "daemon",
    [worker, client],
    { shared: [b.variable("work", b.BOOL), b.variable("done_work", b.range(0, 1))] },
    {
      always: { one_piece: b.le(get("done_work"), int(1)) },
      atRest: { all_done: eq(get("done_work"), int(1)) },
    },
  );
}

/** Two mutexes in opposite order. */
function abba(): Model {
  const take = (name: string): Stmt[] => [wait(not(get(name))), put(name, b.TRUE)];
  const holder = (name: string, first: string, second: string) =>
    b.actor(name, [
      step("first", `mutex_lock(&${first})`, ...take(first)),
      step("second", `mutex_lock(&${second})`, ...take(second)),
      step("drop", "mutex_unlock() twice", put(first, b.FALSE), put(second, b.FALSE)),
    ]);
  return b.model(
    "abba",
    [holder("ab", "a", "b"), holder("ba", "b", "a")],
    { shared: [b.variable("a", b.BOOL), b.variable("b", b.BOOL)] },
    { always: { trivial: b.TRUE } },
  );
}

/** Two-dimensional arrays, loops, quantifiers, negative numbers, remainders. */
function arrays(): Model {
  const row = b.range(0, 1);
  const column = b.range(-1, 1);
  const cell = (r: Expr, c: Expr) => shared("grid", r, c);
  const fill = step(
    "fill",
    "for each row: shift",
    choose(local("c"), ne(mine("c"), int(0))),
    each("r", row, (r) => [
      set(cell(r, mine("c")), b.mod(b.sub(read(cell(r, int(0))), int(1)), int(3))),
      when(eq(read(cell(r, int(1))), int(2)), [
        set(
          cell(r, int(0)),
          b.count("k", column, (k) => ge(read(cell(r, k)), int(1))),
        ),
      ]),
    ]),
    set(local("sum"), b.sub(read(cell(int(0), int(0))), read(cell(int(1), mine("c"))))),
    when(lt(mine("sum"), int(0)), [goto("fill")]),
  );
  const again = step("again", "and again", either({ once: [], more: [goto("fill")] }));
  return b.model(
    "arrays",
    [
      b.actor("filler", [fill, again], {
        count: 2,
        locals: [b.variable("c", column), b.variable("sum", b.range(-3, 3))],
      }),
    ],
    {
      shared: [
        b.variable(
          "grid",
          b.range(0, 3),
          { kind: "cells", values: [0, 1, 0, 0, 2, 0] },
          row,
          column,
        ),
      ],
    },
    {
      always: {
        not_all_three: exists("r", row, (r) =>
          exists("c", column, (c) => lt(read(cell(r, c)), int(3))),
        ),
      },
    },
  );
}

/** Variables that start with any value, narrowed by an assumption. */
function manyStarts(): Model {
  const toggle = step(
    "toggle",
    "flip one",
    choose(local("which")),
    put("flag", not(get("flag", mine("which"))), mine("which")),
    goto("toggle"),
  );
  return b.model(
    "many-starts",
    [b.actor("toggler", [toggle], { locals: [b.variable("which", b.range(0, 2))] })],
    {
      shared: [
        b.variable("flag", b.BOOL, { kind: "any" }, b.range(0, 2)),
        b.variable("limit", b.range(1, 3), { kind: "any" }),
      ],
      assume: [
        b.le(
          b.count("i", b.range(0, 2), (i) => get("flag", i)),
          get("limit"),
        ),
      ],
    },
    { always: { trivial: b.TRUE } },
  );
}

/** A false assertion in front of a wait that is false: a violation all the same. */
function assertBeforeWait(): Model {
  const steps = [
    step("check", "WARN_ON(x)", b.assert("no_x", not(get("x")), "x is not set"), wait(get("x"))),
  ];
  const setter = b.actor("setter", [step("set", "x = true", put("x", b.TRUE))]);
  return b.model(
    "assert-before-wait",
    [b.actor("checker", steps), setter],
    { shared: [b.variable("x", b.BOOL)] },
    { always: { trivial: b.TRUE } },
  );
}

/** A counter that leaves its range, in the third step only. */
function overflow(): Model {
  const steps = [step("inc", "x++", put("x", b.add(get("x"), int(1))), goto("inc"))];
  return b.model(
    "overflow",
    [b.actor("incrementer", steps)],
    { shared: [b.variable("x", b.range(0, 2))] },
    { always: { trivial: b.TRUE } },
  );
}

/** An array indexed by a scalarset variable that was never set. */
function unset(): Model {
  const steps = [step("use", "folio_get(page)", put("refs", int(1), mine("page")))];
  return b.model(
    "unset",
    [b.actor("user", steps, { locals: [b.variable("page", PAGE)] })],
    {
      scalarsets: [{ name: "Page", classes: [{ name: "page", size: 2 }] }],
      shared: [b.variable("refs", b.range(0, 1), 0, PAGE)],
    },
    { always: { trivial: b.TRUE } },
  );
}

export const CASES: Case[] = [
  { model: philosophers(3), violates: "deadlock deadlock" },
  { model: testAndSet(3) },
  { model: invalidation(2, true) },
  { model: invalidation(1, false), violates: "always no_stale_gpu_pte" },
  { model: migration() },
  { model: daemon(true) },
  { model: daemon(false), violates: "deadlock deadlock" },
  { model: abba(), violates: "deadlock deadlock" },
  { model: arrays() },
  { model: manyStarts() },
  { model: assertBeforeWait(), violates: "assert no_x" },
  { model: overflow(), violates: "range range_overflow" },
  { model: unset(), violates: "unset unset_value" },
  { model: hostileNames() },
];
