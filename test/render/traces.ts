/** Traces for the pictures, made by hand: each is one hard case for a renderer. */
import type { Blocked, Change, Lane, LockUse, Trace, TraceStep } from "../../model/ir/trace.ts";

export interface StepInput {
  pid: number;
  text: string;
  label?: string;
  locks?: LockUse[];
  /** `name: from -> to`, with a `*` in front when watched. */
  changes?: string[];
  chosen?: string[];
}

export function lanes(...names: (string | [string, string])[]): Lane[] {
  return names.map((n, i) => {
    const name = typeof n === "string" ? n : n[0];
    const lane: Lane = { pid: i + 1, name, actor: name.replace(/\[.*/, "") };
    if (typeof n !== "string") lane.doc = n[1];
    return lane;
  });
}

export function use(
  op: LockUse["op"],
  name: string,
  mode: LockUse["mode"] = "exclusive",
  lock: LockUse["lock"] = "mutex",
): LockUse {
  return { op, mode, lock, class: name.replace(/\[.*/, ""), name };
}

function change(text: string, pid: number): Change {
  const [, star, name, from, to] = /^(\*?)(.*?): (.*) -> (.*)$/.exec(text) as RegExpExecArray;
  const cell: Change = {
    name: name as string,
    from: from as string,
    to: to as string,
    watched: star === "*",
  };
  if (/^[a-z]\w*\.[a-z]\w*$/.test(cell.name)) cell.pid = pid;
  return cell;
}

export function makeTrace(parts: {
  lanes: Lane[];
  steps: StepInput[];
  violation?: Trace["violation"];
  blocked?: Blocked[];
  why?: Trace["why"];
  model?: string;
  variant?: string;
  loopFrom?: number;
}): Trace {
  const steps = parts.steps.map(
    (s, i): TraceStep => ({
      number: i + 1,
      pid: s.pid,
      process: parts.lanes[s.pid - 1]?.name ?? "?",
      label: s.label ?? `step_${i + 1}`,
      choices: [],
      text: s.text,
      chosen: s.chosen ?? [],
      routine: [],
      src: { file: "specs/example/spec.ts", line: 10 + i, column: 3 },
      locks: s.locks ?? [],
      changes: (s.changes ?? []).map((c) => change(c, s.pid)),
      next: `step_${i + 2}`,
    }),
  );
  const initial = new Map<string, string>();
  for (const c of steps.flatMap((s) => s.changes)) {
    if (!initial.has(c.name)) initial.set(c.name, c.from);
  }
  const trace: Trace = {
    model: parts.model ?? "example",
    config: "small",
    variant: parts.variant ?? "",
    lanes: parts.lanes,
    initial: [...initial].map(([name, value]) => ({ name, value })),
    steps,
    blocked: parts.blocked ?? [],
  };
  if (parts.violation) trace.violation = parts.violation;
  if (parts.why) trace.why = parts.why;
  if (parts.loopFrom !== undefined) trace.loopFrom = parts.loopFrom;
  return trace;
}

const SVM = "svm->lock";

/** The retry check under the lock, the device PTE written after it: four actors, 14 steps. */
export const stalePte: Trace = makeTrace({
  model: "svm-fault",
  variant: "pte_written_after_unlock",
  lanes: lanes(
    ["gpu", "SM / TLB"],
    ["gpu_fault", "svm fault worker"],
    ["munmap", "munmap() of the same range"],
    ["alloc", "page allocator, task B"],
  ),
  violation: {
    kind: "always",
    property: "no_foreign_map",
    text: "gpu_pte[va].valid => owner(gpu_pte[va].pfn) != task_b",
  },
  why: {
    failed: "va = v0, pfn = P1",
    turn: 12,
    flows: [
      { kind: "value", from: 4, to: 13, text: "pfn = P1" },
      { kind: "check", from: 7, to: 13, text: "mmu_interval_read_retry() == false" },
      { kind: "value", from: 12, to: 14, text: "free page P1" },
    ],
  },
  steps: [
    { pid: 1, text: "write va -> replayable fault", chosen: ["va = v0"] },
    { pid: 2, text: "seq = mmu_interval_read_begin()", changes: ["gpu_fault.seq: 0 -> 4"] },
    {
      pid: 2,
      text: "mmap_read_lock(mm)",
      locks: [use("acquire", "mmap_lock", "shared", "rwsem")],
      changes: ["mmap_lock.readers: 0 -> 1"],
    },
    { pid: 2, text: "pfn = hmm_range_fault(va)", changes: ["gpu_fault.pfn: none -> P1"] },
    {
      pid: 2,
      text: "mmap_read_unlock(mm)",
      locks: [use("release", "mmap_lock", "shared", "rwsem")],
      changes: ["mmap_lock.readers: 1 -> 0"],
    },
    {
      pid: 2,
      text: "mutex_lock(&svm->lock)",
      locks: [use("acquire", SVM)],
      changes: ["svm->lock.owner: none -> gpu_fault"],
    },
    { pid: 2, text: "mmu_interval_read_retry(seq)\n== false", changes: ["gpu_fault.ok: 0 -> 1"] },
    {
      pid: 2,
      text: "mutex_unlock(&svm->lock)",
      locks: [use("release", SVM)],
      changes: ["svm->lock.owner: gpu_fault -> none"],
    },
    {
      pid: 3,
      text: "mutex_lock(&svm->lock)",
      locks: [use("acquire", SVM)],
      changes: ["svm->lock.owner: none -> munmap"],
    },
    {
      pid: 3,
      text: "mmu_interval_set_seq()\nzap gpu_pte, flush TLB",
      changes: ["interval.seq: 4 -> 5"],
    },
    {
      pid: 3,
      text: "mutex_unlock(&svm->lock)",
      locks: [use("release", SVM)],
      changes: ["svm->lock.owner: munmap -> none"],
    },
    {
      pid: 3,
      text: "ptep_clear_flush(va)\nfree_page(P1)",
      changes: ["cpu_pte[v0].pfn: P1 -> none", "*page[P1].owner: task_a -> free"],
    },
    {
      pid: 2,
      text: "gpu_pte[va] = P1 | VALID",
      changes: ["*gpu_pte[v0].pfn: none -> P1", "*gpu_pte[v0].valid: false -> true"],
    },
    { pid: 4, text: "alloc_page() == P1", changes: ["*page[P1].owner: free -> task_b"] },
  ],
});

const mmap = (op: LockUse["op"]): LockUse => use(op, "mmap_lock", "shared", "rwsem");
const resv = (op: LockUse["op"]): LockUse => use(op, "dma_resv[bo0]", "exclusive", "ww_mutex");

/** Two locks, taken in both orders. */
export const abba: Trace = makeTrace({
  model: "abba",
  lanes: lanes("gpu_fault", "evict", "idle"),
  violation: { kind: "deadlock", property: "deadlock", text: "no process can go on" },
  steps: [
    {
      pid: 1,
      text: "mmap_write_lock(mm)",
      locks: [use("acquire", "mmap_lock", "exclusive", "rwsem")],
    },
    { pid: 2, text: "dma_resv_lock(bo->base.resv)", locks: [resv("acquire")] },
  ],
  blocked: [
    {
      pid: 1,
      label: "lock_resv",
      text: "dma_resv_lock(bo->base.resv)",
      waitsFor: [resv("acquire")],
      holds: [use("acquire", "mmap_lock", "exclusive", "rwsem")],
    },
    {
      pid: 2,
      label: "lock_mmap",
      text: "mmap_read_lock(mm)",
      waitsFor: [mmap("acquire")],
      holds: [resv("acquire")],
    },
  ],
});

/** Reader, reader behind a queued writer, writer: three processes, three locks. */
export const queuedWriter: Trace = makeTrace({
  model: "queued-writer",
  lanes: lanes("cpu_fault", "migrate[0]", "migrate[1]", "munmap"),
  violation: { kind: "deadlock", property: "deadlock", text: "no process can go on" },
  steps: [
    { pid: 1, text: "mmap_read_lock(mm)", locks: [mmap("acquire")] },
    {
      pid: 2,
      text: "folio_lock(folio)",
      chosen: ["folio = g1"],
      locks: [use("acquire", "folio_lock[g1]", "exclusive", "folio_lock")],
    },
    { pid: 4, text: "mmap_write_lock(mm) queued", changes: ["mmap_lock.queued: false -> true"] },
  ],
  blocked: [
    {
      pid: 1,
      label: "wait_folio",
      text: "migration_entry_wait(folio)",
      waitsFor: [use("wait", "folio_lock[g1]", "exclusive", "folio_lock")],
      holds: [mmap("acquire")],
    },
    {
      pid: 2,
      label: "again",
      text: "mmap_read_lock(mm)",
      waitsFor: [mmap("acquire")],
      holds: [use("acquire", "folio_lock[g1]", "exclusive", "folio_lock")],
    },
    {
      pid: 3,
      label: "settle",
      text: "wait_event(wq, !active_invalidate_ranges)",
      waitsFor: [],
      holds: [],
    },
    {
      pid: 4,
      label: "write_lock",
      text: "mmap_write_lock(mm)",
      waitsFor: [use("acquire", "mmap_lock", "exclusive", "rwsem")],
      holds: [],
    },
  ],
});

export const oneStep: Trace = makeTrace({
  lanes: lanes("only"),
  violation: { kind: "always", property: "never_two", text: "x != 2" },
  steps: [{ pid: 1, text: "x = 2", changes: ["*x: 0 -> 2"] }],
});

export const noStep: Trace = makeTrace({
  lanes: lanes("only"),
  violation: { kind: "always", property: "never_two", text: "x != 2" },
  steps: [],
});

/** 500 steps of three processes: mostly polling, some locks, three watched changes. */
export const long: Trace = makeTrace({
  lanes: lanes("poller", "worker", "reader"),
  violation: { kind: "always", property: "bounded", text: "count <= 2" },
  steps: Array.from({ length: 500 }, (_, i): StepInput => {
    if (i === 250 || i === 400 || i === 499) {
      return { pid: 2, text: "count++", changes: ["*count: 0 -> 1"] };
    }
    if (i % 50 === 10)
      return { pid: 2, text: "spin_lock(&q->lock)", locks: [use("acquire", "q->lock")] };
    if (i % 50 === 30)
      return { pid: 2, text: "spin_unlock(&q->lock)", locks: [use("release", "q->lock")] };
    return { pid: i % 3 === 0 ? 3 : 1, text: "cpu_relax()", changes: ["poller.spins: 0 -> 1"] };
  }),
});

/** Twelve processes, nested locks, long names. */
export const crowd: Trace = makeTrace({
  lanes: lanes(...Array.from({ length: 12 }, (_, i) => `migrate_worker[${i}]`)),
  violation: {
    kind: "assert",
    property: "refcount_underflow",
    text: "folio_put() of a freed folio",
  },
  steps: Array.from({ length: 24 }, (_, i): StepInput => {
    const pid = (i % 12) + 1;
    const name = `folio_lock[g${pid}]`;
    return i < 12
      ? { pid, text: `folio_lock(folio_of(g${pid}))`, locks: [use("acquire", name)] }
      : { pid, text: `folio_unlock(folio_of(g${pid}))`, locks: [use("release", name)] };
  }),
});

/** Everything that a label language might trip over. */
export const nasty: Trace = makeTrace({
  model: 'a<b>&"c"\\d|{e}',
  variant: "na\u00efve",
  lanes: lanes(
    ["<b>bold</b>", "a & b \\N \\G"],
    ["{rec|ord}", "r\u00e9sum\u00e9 \u2192 \u65e5\u672c"],
  ),
  violation: {
    kind: "always",
    property: "a<b && c>d",
    text: 'x & y | {z} \\n \\l "quoted" <i>x</i> &amp; \u2260 \u2264 \u65e5\u672c',
  },
  steps: [
    { pid: 1, text: 'if (a < b && c > d || e & ~f) { puts("\\n"); }', chosen: ["p = <none>"] },
    {
      pid: 2,
      text: `x = ${"very_long_function_name(arg->member.field, &other->thing[12]) + ".repeat(6)}1`,
      changes: ['*s["<&>"]: "a\\b" -> {c|d}', `${"deep.".repeat(20)}name: ${"v".repeat(80)} -> w`],
    },
    {
      pid: 1,
      text: `${"x".repeat(300)}`,
      changes: Array.from({ length: 12 }, (_, i) => `a[${i}]: 0 -> 1`),
    },
    {
      pid: 2,
      text: "\u65e5\u672c\u8a9e \u2192 na\u00efve\ttab",
      changes: ["*x: \u2205 -> \u221e"],
    },
    { pid: 1, text: "" },
    { pid: 2, text: "--- a/b" },
    { pid: 1, text: "# comment" },
  ],
});

/** Locks within locks, a downgrade, a wait, a lock held from the start. */
export const nested: Trace = makeTrace({
  lanes: lanes(["migrate", "migrate_vma_pages()"], "reclaim"),
  violation: { kind: "atRest", property: "no_leak", text: "folio[g0].refcount == 0" },
  steps: [
    {
      pid: 1,
      text: "mmap_write_lock(mm)",
      locks: [use("acquire", "mmap_lock", "exclusive", "rwsem")],
    },
    {
      pid: 1,
      text: "folio_lock(src)",
      locks: [use("acquire", "folio_lock[g0]", "exclusive", "folio_lock")],
    },
    { pid: 1, text: "dma_resv_lock(resv)", locks: [resv("acquire")] },
    {
      pid: 1,
      text: "mmap_write_downgrade(mm)",
      locks: [use("downgrade", "mmap_lock", "shared", "rwsem")],
    },
    {
      pid: 2,
      text: "xa_unlock(&mapping->i_pages)",
      locks: [use("release", "i_pages", "exclusive", "spinlock")],
    },
    { pid: 1, text: "dma_fence_wait(fence)", locks: [use("wait", "fence[bo0]", "shared", "wait")] },
    { pid: 1, text: "dma_resv_unlock(resv)", locks: [resv("release")] },
    {
      pid: 1,
      text: "folio_unlock(src)",
      locks: [use("release", "folio_lock[g0]", "exclusive", "folio_lock")],
    },
    { pid: 1, text: "mmap_read_unlock(mm)", locks: [mmap("release")] },
    { pid: 2, text: "folio_get(src)", changes: ["*folio[g0].refcount: 0 -> 1"] },
  ],
});

/** A livelock: the last three steps go round for ever. */
export const lasso: Trace = makeTrace({
  lanes: lanes("gpu_fault", "zap"),
  violation: { kind: "always", property: "fault_ends", text: "every fault is served" },
  loopFrom: 2,
  steps: [
    { pid: 1, text: "seq = mmu_interval_read_begin()", changes: ["gpu_fault.seq: 0 -> 2"] },
    { pid: 2, text: "mmu_interval_set_seq()", changes: ["interval.seq: 2 -> 4"] },
    { pid: 1, text: "if (mmu_interval_read_retry()) goto again" },
    { pid: 1, text: "seq = mmu_interval_read_begin()", changes: ["gpu_fault.seq: 2 -> 4"] },
  ],
});

export const allTraces: Record<string, Trace> = {
  "stale-pte": stalePte,
  abba,
  "queued-writer": queuedWriter,
  "one-step": oneStep,
  "no-step": noStep,
  long,
  crowd,
  nasty,
  nested,
  lasso,
};
