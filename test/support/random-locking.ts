/**
 * Random programs that lock: nested critical sections over mutexes and a reader-writer lock
 * around reads and writes of shared data, now and then with a lock forgotten, kept or probed.
 * Made for reductions that know locks; most of them are right about most of it.
 */
import fc from "fast-check";
import { build as b, type Expr, type Model, type Step, type Stmt } from "../../model/ir/index.ts";

type Draw = (n: number) => number;

const PAGE = b.setOf("Page");
const DATA = b.range(0, 2);
const MUTEXES = ["big", "small", "page_lock"] as const;

/** Any small program with locks. */
export const anyLocking: fc.Arbitrary<Model> = fc
  .array(fc.noBias(fc.nat(0xffff)), { minLength: 40, maxLength: 200, size: "max" })
  .map((numbers) => {
    let used = 0;
    return lockingModel((n) => (numbers[used++] ?? 0) % n);
  });

const page = b.read(b.local("page"));
const seen = b.read(b.local("seen"));

function mutexRef(name: (typeof MUTEXES)[number]) {
  return name === "page_lock" ? b.shared(name, page) : b.shared(name);
}

/** `small` is a flag, the others know their owner. */
function take(name: (typeof MUTEXES)[number]): Stmt[] {
  const ref = mutexRef(name);
  if (name === "small") return [b.wait(b.not(b.read(ref))), b.set(ref, b.TRUE)];
  const free = b.eq(b.read(ref), b.none(b.PROC));
  const stranger = b.assert("recursive", b.ne(b.read(ref), b.SELF));
  return [stranger, b.wait(free), b.set(ref, b.SELF)];
}

function free(name: (typeof MUTEXES)[number]): Stmt[] {
  const ref = mutexRef(name);
  if (name === "small") return [b.set(ref, b.FALSE)];
  return [b.assert("stranger", b.eq(b.read(ref), b.SELF)), b.set(ref, b.none(b.PROC))];
}

const readers = b.shared("readers");
const writer = b.shared("writer");
const noWriter = b.not(b.read(writer));
const down_read = [b.wait(noWriter), b.set(readers, b.add(b.read(readers), b.int(1)))];
const up_read = [b.set(readers, b.sub(b.read(readers), b.int(1)))];
const down_write = [
  b.wait(b.and(noWriter, b.eq(b.read(readers), b.int(0)))),
  b.set(writer, b.TRUE),
];
const up_write = [b.set(writer, b.FALSE)];

function section(draw: Draw): [Stmt[], Stmt[]] {
  switch (draw(5)) {
    case 0:
      return [down_read, up_read];
    case 1:
      return [down_write, up_write];
    default: {
      const name = MUTEXES[draw(3)] as (typeof MUTEXES)[number];
      return [take(name), free(name)];
    }
  }
}

function data(draw: Draw): { ref: ReturnType<typeof b.shared>; value: Expr } {
  const name = ["x", "y", "cell"][draw(3)] as string;
  const ref = name === "cell" ? b.shared(name, page) : b.shared(name);
  return { ref, value: b.read(ref) };
}

function work(draw: Draw): Stmt[] {
  const { ref, value } = data(draw);
  switch (draw(8)) {
    case 0:
    case 1:
      return [b.set(b.local("seen"), value)];
    case 2:
      return [b.set(ref, seen)];
    case 3:
      return [b.set(ref, b.mod(b.add(value, b.int(1)), b.int(3)))];
    case 4:
      return [b.when(b.eq(value, b.int(1)), [b.goto("s0")])];
    case 5:
      return [b.assert("same", b.or(b.ne(seen, b.int(2)), b.eq(value, seen)))];
    case 6:
      return [b.either({ ok: [], failed: [b.set(b.local("seen"), b.int(2))] })];
    default:
      return [b.set(ref, b.int(draw(3)))];
  }
}

function block(draw: Draw, depth: number): Stmt[][] {
  const out: Stmt[][] = [];
  for (let i = 1 + draw(2); i > 0; i--) {
    if (depth > 0 && draw(3) > 0) {
      const [enter, leave] = section(draw);
      const mistake = draw(14);
      if (mistake !== 1) out.push(enter);
      out.push(...block(draw, depth - 1));
      if (mistake !== 2) out.push(leave);
    } else if (draw(20) === 19) {
      out.push([b.when(b.read(b.shared("small")), [b.set(b.shared("x"), b.int(0))])]);
    } else {
      out.push(work(draw));
    }
  }
  return out;
}

function lockingModel(draw: Draw): Model {
  const actors = Array.from({ length: 2 }, (_, k) => {
    const bodies = [[b.choose(b.local("page"))], ...block(draw, 2)];
    const steps = bodies.map((body, i): Step => b.step(`s${i}`, "x", ...body));
    const last = steps.at(-1) as Step;
    if (draw(2)) last.body = [...last.body, b.goto("s0")];
    const locals = [b.variable("page", PAGE), b.variable("seen", DATA)];
    return b.actor(`task${k}`, steps, { count: 1 + (k === 0 ? draw(2) : 0), locals });
  });
  const claims: Expr[] = [
    b.TRUE,
    b.not(b.and(b.eq(b.read(b.shared("x")), b.int(2)), b.eq(b.read(b.shared("y")), b.int(1)))),
    b.le(
      b.count("p", b.instances("task0"), (p) => b.atLabel(p, "task0", "s2")),
      b.int(1),
    ),
    b.forall("p", b.instances("task1"), (p) => b.ne(b.read(b.peek("task1", p, "seen")), b.int(2))),
  ];
  return b.model(
    "locking",
    actors,
    {
      scalarsets: [{ name: "Page", classes: [{ name: "Page", size: 2 }] }],
      shared: [
        b.variable("big", b.PROC),
        b.variable("small", b.BOOL),
        b.variable("page_lock", b.PROC, 0, PAGE),
        b.variable("readers", b.range(0, 3)),
        b.variable("writer", b.BOOL),
        b.variable("x", DATA),
        b.variable("y", DATA),
        b.variable("cell", DATA, 0, PAGE),
      ],
    },
    {
      always: { claim: claims[draw(4)] as Expr },
      reachable: { event: b.eq(b.read(b.shared("y")), b.int(draw(3))) },
      atRest: { unlocked: b.not(b.read(b.shared("small"))) },
    },
  );
}
