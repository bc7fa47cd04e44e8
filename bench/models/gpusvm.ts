/**
 * The benchmark family: a simplified GPU shared-virtual-memory protocol. P pages, C CPU-fault
 * threads, G GPU-fault threads, one munmap, optionally an evictor (E) and a garbage collector (Q).
 *
 * It has the size and the lock structure of real schemes and says nothing about any of them. The
 * same steps exist in Promela, Murphi and TLA+; all tools reach the same counts.
 */
import {
  type ActorDecl,
  build as b,
  type Expr,
  type Model,
  type Stmt,
} from "../../model/ir/index.ts";

export interface GpusvmSize {
  P: number;
  C: number;
  G: number;
  E: 0 | 1;
  Q: 0 | 1;
}

/** Sizes, and the counts that several independent tools agree on; the last one with symmetry. */
export const GPUSVM_SIZES: Record<
  string,
  GpusvmSize & { states: number; transitions: number; symmetric: number }
> = {
  S: { P: 1, C: 2, G: 1, E: 1, Q: 1, states: 113_947, transitions: 448_612, symmetric: 65_375 },
  M: { P: 1, C: 2, G: 2, E: 1, Q: 0, states: 989_097, transitions: 4_421_701, symmetric: 295_279 },
  L: {
    P: 2,
    C: 1,
    G: 1,
    E: 1,
    Q: 1,
    states: 3_045_391,
    transitions: 12_021_790,
    symmetric: 1_522_699,
  },
  X: {
    P: 1,
    C: 1,
    G: 3,
    E: 1,
    Q: 1,
    states: 7_863_597,
    transitions: 39_509_671,
    symmetric: 1_514_944,
  },
};

const PAGE = b.setOf("Page");
const PTE = b.enumOf("Pte");
const [NONE, SYS, DEV, MIG] = [0, 1, 2, 3].map((v) => b.constant(PTE, v)) as [
  Expr,
  Expr,
  Expr,
  Expr,
];
const LIVE = b.constant(b.enumOf("Rng"), 1);
const UNMAPPED = b.constant(b.enumOf("Rng"), 2);
const VALID = b.int(1);
const STALE = b.int(2);

const at = (name: string, index: Expr): Expr => b.read(b.shared(name, index));
const flag = (name: string): Expr => b.read(b.shared(name));
const put = (name: string, index: Expr, value: Expr): Stmt => b.set(b.shared(name, index), value);
const turn = (name: string, value: Expr): Stmt => b.set(b.shared(name), value);
const count = (name: string, by: 1 | -1, ...index: Expr[]): Stmt => {
  const ref = b.shared(name, ...index);
  return b.set(ref, by === 1 ? b.add(b.read(ref), b.int(1)) : b.sub(b.read(ref), b.int(1)));
};
const pageOf = b.read(b.local("p"));
const noPage = b.none(PAGE);

const readMmap = [b.wait(b.not(flag("mmW"))), count("mmR", 1)];
const writeNotifier = [
  b.wait(b.and(b.not(flag("ntW")), b.eq(flag("ntR"), b.int(0)))),
  turn("ntW", b.TRUE),
];
const takeLock = (name: string, page: Expr): Stmt[] => [
  b.wait(b.not(at(name, page))),
  put(name, page, b.TRUE),
];

/** Clears the device entry of a page and tells every GPU fault that works on it. */
function zap(page: Expr): Stmt[] {
  return [
    put("gpu", page, NONE),
    b.each("g", b.instances("gpu_fault"), (g) => [
      b.when(b.and(b.eq(at("gp", g), page), b.eq(at("sn", g), VALID)), [put("sn", g, STALE)]),
    ]),
  ];
}

function cpuFault(instances: number): ActorDecl {
  const p = pageOf;
  const pte = at("cpu", p);
  const faulting = b.or(b.eq(pte, NONE), b.eq(pte, DEV));
  const steps = [
    b.step("c0", "fault on a page", b.choose(b.local("p"), faulting)),
    b.step("c1", "mmap_read_lock()", ...readMmap),
    b.step(
      "c2",
      "look at the PTE",
      b.wait(b.ne(pte, MIG)),
      b.when(b.eq(pte, NONE), [put("cpu", p, SYS), put("own", p, SYS), b.goto("c11")]),
      b.when(b.eq(pte, SYS), [b.goto("c11")]),
    ),
    b.step("c3", "folio_lock()", ...takeLock("plk", p)),
    b.step("c4", "still there?", b.when(b.ne(pte, DEV), [b.goto("c10")]), count("act", 1, p)),
    b.step("c5", "down_write(notifier)", ...writeNotifier),
    b.step("c6", "zap, up_write(notifier)", ...zap(p), turn("ntW", b.FALSE)),
    b.step("c7", "migration entry", put("cpu", p, MIG)),
    b.step("c8", "invalidate_end", count("act", -1, p)),
    b.step("c9", "copy, finish", put("own", p, SYS), put("cpu", p, SYS)),
    b.step("c10", "folio_unlock()", put("plk", p, b.FALSE)),
    b.step(
      "c11",
      "mmap_read_unlock()",
      count("mmR", -1),
      b.set(b.local("p"), noPage),
      b.goto("c0"),
    ),
  ];
  return b.actor("cpu_fault", steps, { count: instances, locals: [b.variable("p", PAGE)] });
}

function gpuFault(instances: number): ActorDecl {
  const me = b.SELF;
  const p = at("gp", me);
  const pte = at("cpu", p);
  const slot = b.local("sl");
  const leave = [count("ntR", -1), put("sn", me, b.int(0)), b.set(slot, NONE)];
  const migrate = b.either({ migrate: [], map: [b.goto("g12")] });
  const steps = [
    b.step("g0", "fault on a page", b.choose(b.shared("gp", me), b.eq(at("gpu", p), NONE))),
    b.step("g1", "mmap_read_lock()", ...readMmap),
    b.step("g2", "migrate first?", b.when(b.eq(pte, SYS), [migrate], [b.goto("g12")])),
    b.step("g3", "dma_resv_lock()", ...takeLock("rsv", p)),
    b.step("g4", "folio_lock()", ...takeLock("plk", p)),
    b.step("g5", "still there?", b.when(b.ne(pte, SYS), [b.goto("g11")]), count("act", 1, p)),
    b.step("g6", "down_write(notifier)", ...writeNotifier),
    b.step("g7", "zap, up_write(notifier)", ...zap(p), turn("ntW", b.FALSE)),
    b.step("g8", "migration entry", put("cpu", p, MIG)),
    b.step("g9", "invalidate_end", count("act", -1, p)),
    b.step("g10", "copy, finish", put("own", p, DEV), put("cpu", p, DEV)),
    b.step("g11", "unlock", put("plk", p, b.FALSE), put("rsv", p, b.FALSE)),
    b.step("g12", "read_begin()", b.wait(b.eq(at("act", p), b.int(0))), put("sn", me, VALID)),
    b.step(
      "g13",
      "hmm_range_fault()",
      b.wait(b.ne(pte, MIG)),
      b.when(b.eq(pte, NONE), [put("cpu", p, SYS), put("own", p, SYS)]),
      b.set(slot, b.ite(b.eq(pte, DEV), DEV, SYS)),
    ),
    b.step("g14", "mmap_read_unlock()", count("mmR", -1)),
    b.step("g15", "down_read(notifier)", b.wait(b.not(flag("ntW"))), count("ntR", 1)),
    b.step("g16", "retry?", b.when(b.eq(at("sn", me), STALE), [b.goto("g18")])),
    b.step("g17", "write device PTE", put("gpu", p, b.read(slot)), put("rng", p, LIVE)),
    b.step(
      "g18",
      "up_read(notifier)",
      b.when(b.eq(at("sn", me), STALE), [...leave, b.goto("g1")]),
      ...leave,
      put("gp", me, noPage),
      b.goto("g0"),
    ),
  ];
  return b.actor("gpu_fault", steps, { count: instances, locals: [b.variable("sl", PTE)] });
}

function munmap(): ActorDecl {
  const p = pageOf;
  const writeMmap = b.and(b.not(flag("mmW")), b.eq(flag("mmR"), b.int(0)));
  const steps = [
    b.step("i0", "munmap a page", b.choose(b.local("p"), b.ne(at("cpu", p), NONE))),
    b.step("i1", "mmap_write_lock()", b.wait(writeMmap), turn("mmW", b.TRUE)),
    b.step("i2", "invalidate_start", count("act", 1, p)),
    b.step("i3", "down_write(notifier)", ...writeNotifier),
    b.step(
      "i4",
      "zap, up_write(notifier)",
      ...zap(p),
      b.when(b.eq(at("rng", p), LIVE), [put("rng", p, UNMAPPED)]),
      turn("ntW", b.FALSE),
    ),
    b.step("i5", "clear the PTE", put("cpu", p, NONE), put("own", p, NONE)),
    b.step("i6", "invalidate_end", count("act", -1, p)),
    b.step(
      "i7",
      "mmap_write_unlock()",
      turn("mmW", b.FALSE),
      b.set(b.local("p"), noPage),
      b.goto("i0"),
    ),
  ];
  return b.actor("munmap", steps, { locals: [b.variable("p", PAGE)] });
}

function evict(instances: number): ActorDecl {
  const p = pageOf;
  const pte = at("cpu", p);
  const steps = [
    b.step("e0", "pick a page", b.choose(b.local("p"), b.eq(at("own", p), DEV))),
    b.step("e1", "dma_resv_lock()", ...takeLock("rsv", p)),
    b.step("e2", "folio_lock()", ...takeLock("plk", p)),
    b.step("e3", "still there?", b.when(b.ne(pte, DEV), [b.goto("e9")]), count("act", 1, p)),
    b.step("e4", "down_write(notifier)", ...writeNotifier),
    b.step("e5", "zap, up_write(notifier)", ...zap(p), turn("ntW", b.FALSE)),
    b.step("e6", "migration entry", b.when(b.eq(pte, DEV), [put("cpu", p, MIG)])),
    b.step("e7", "invalidate_end", count("act", -1, p)),
    b.step("e8", "copy, finish", b.when(b.eq(pte, MIG), [put("own", p, SYS), put("cpu", p, SYS)])),
    b.step(
      "e9",
      "unlock",
      put("plk", p, b.FALSE),
      put("rsv", p, b.FALSE),
      b.set(b.local("p"), noPage),
      b.goto("e0"),
    ),
  ];
  return b.actor("evict", steps, { count: instances, locals: [b.variable("p", PAGE)] });
}

function collect(instances: number): ActorDecl {
  const p = pageOf;
  const unmapped = b.eq(at("rng", p), UNMAPPED);
  const forget = [...zap(p), put("rng", p, b.constant(b.enumOf("Rng"), 0))];
  const steps = [
    b.step("q0", "pick a range", b.choose(b.local("p"), unmapped)),
    b.step("q1", "dma_resv_lock()", ...takeLock("rsv", p)),
    b.step("q2", "down_write(notifier)", ...writeNotifier),
    b.step("q3", "destroy, up_write(notifier)", b.when(unmapped, forget), turn("ntW", b.FALSE)),
    b.step(
      "q4",
      "dma_resv_unlock()",
      put("rsv", p, b.FALSE),
      b.set(b.local("p"), noPage),
      b.goto("q0"),
    ),
  ];
  return b.actor("collect", steps, { count: instances, locals: [b.variable("p", PAGE)] });
}

/** The model at one size. */
export function gpusvm({ P, C, G, E, Q }: GpusvmSize): Model {
  const quiet = (p: Expr): Expr => b.eq(at("act", p), b.int(0));
  const unmapped = (p: Expr): Expr =>
    b.implies(b.and(b.eq(at("cpu", p), NONE), quiet(p)), b.eq(at("gpu", p), NONE));
  const true_copy = (p: Expr): Expr =>
    b.implies(b.and(b.ne(at("gpu", p), NONE), quiet(p)), b.eq(at("gpu", p), at("own", p)));
  const perPage = (name: string, domain: Parameters<typeof b.variable>[1]) =>
    b.variable(name, domain, 0, PAGE);
  const model = b.model(
    "gpusvm",
    [cpuFault(C), gpuFault(G), munmap(), evict(E), collect(Q)],
    {
      enums: [
        { name: "Pte", values: ["NONE", "SYS", "DEV", "MIG"] },
        { name: "Rng", values: ["NONE", "LIVE", "UNMAPPED"] },
      ],
      scalarsets: [{ name: "Page", classes: [{ name: "Page", size: P }] }],
      shared: [
        perPage("cpu", PTE),
        perPage("gpu", PTE),
        perPage("own", PTE),
        perPage("act", b.range(0, 3)),
        perPage("rng", b.enumOf("Rng")),
        perPage("plk", b.BOOL),
        perPage("rsv", b.BOOL),
        b.variable("mmR", b.range(0, C + G)),
        b.variable("mmW", b.BOOL),
        b.variable("ntR", b.range(0, G)),
        b.variable("ntW", b.BOOL),
        b.variable("gp", PAGE, 0, b.PROC),
        b.variable("sn", b.range(0, 2), 0, b.PROC),
      ],
    },
    {
      always: {
        no_device_pte_after_unmap: b.forall("p", PAGE, unmapped),
        device_pte_points_at_the_data: b.forall("p", PAGE, true_copy),
      },
    },
  );
  return model;
}
