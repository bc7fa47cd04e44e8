/**
 * Eviction that only tries the locks of others, as shrinkers do, and a reserve of VRAM that buffer
 * objects do not get: does a client whose victims are always locked get on?
 *
 * Claim    With one granule in reserve (a watermark), every GPU fault of the SVM client is served:
 *          it can always take the granule, or give it up itself for the next page; progress may
 *          crawl (S24). Without the reserve a client that runs job after job holds its dma_resv
 *          whenever the SVM client tries it, and the SVM client starves, while the jobs may evict
 *          SVM whenever they like (S22). The jobs in turn run as long as SVM faults pause: a
 *          granule that a job evicts may go to the next fault (variant `jobs_against_svm_faults`).
 *          No try adds a wait, so nobody deadlocks.
 * Source   drivers/gpu/drm/ttm/ttm_bo_util.c: ttm_lru_walk_trylock;
 *          drivers/gpu/drm/xe/xe_shrinker.c: xe_shrinker_walk; S22 and S24, proposed in 2024 and
 *          not merged.
 * Omits    the order of the LRU; fences (an evicted job is done); what is copied; watermarks above
 *          one granule, and who refills them in the background.
 */
import {
  actor,
  array,
  choose,
  claim,
  count,
  exists,
  goto,
  idle,
  leads_to,
  ltl,
  type Member,
  oneOf,
  progress,
  type Ref,
  range,
  rare,
  replace,
  retry,
  scalarset,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import { dma_resv, dma_resv_lock, dma_resv_trylock, dma_resv_unlock } from "mmrace/kernel";

const Page = scalarset("Page", 2);

const k = shared({
  /** Granules of VRAM that nobody has. */
  free: range(0, 2, 2),
  place: array(Page, oneOf("system", "migrating", "vram")),
  bo: dma_resv(),
  /** How many granules the buffer object has. */
  bo_has: range(0, 2),
});

const some_page_in_vram = exists(Page, (p) => k.place.at(p).eq("vram"));

const svm_fault = actor("svm_fault", { page: Page, victim: Page }, (me) => ({
  fault: [
    "the GPU faults on a page that is not in VRAM",
    idle(),
    choose(me.page, k.place.at(me.page).eq("system")),
  ],
  alloc: [
    "a granule that is free, the reserve too",
    when(k.free.gt(0), [
      set(k.free, k.free.minus(1)),
      set(k.place.at(me.page), "migrating"),
      goto("migrate"),
    ]),
  ],
  evict_svm: [
    "the LRU of SVM: dma_resv_trylock(), evict_to_ram()",
    choose(me.victim, k.place.at(me.victim).eq("vram").or(some_page_in_vram.not())),
    when(some_page_in_vram, [
      set(k.place.at(me.victim), "system"),
      set(k.free, k.free.plus(1)),
      goto("alloc"),
    ]),
  ],
  evict_bo: [
    "the LRU of buffer objects: dma_resv_trylock(); -ENOMEM: the fault is raised again",
    rare(),
    dma_resv_trylock(k.bo, [], [retry(), goto("alloc")]),
  ],
  move_bo: ["ttm_bo_evict()", rare(), set(k.free, k.free.plus(k.bo_has)), set(k.bo_has, 0)],
  unlock_bo: ["dma_resv_unlock()", rare(), dma_resv_unlock(k.bo), goto("alloc")],
  migrate: [
    "the page is in VRAM and mapped",
    set(k.place.at(me.page), "vram"),
    progress(),
    goto("fault"),
  ],
})).as("SVM client");

/** Takes what it needs at once: VRAM without the reserve. */
const validate = (reserve: 0 | 1): [string, ...ReturnType<typeof take>] => [
  "ttm_bo_validate(): VRAM down to the watermark",
  ...take(reserve),
];

function take(reserve: 0 | 1) {
  const need = 2 - reserve;
  return [
    when<"job">(k.bo_has.eq(need), [goto("job")]),
    when<"job">(k.free.eq(2), [set(k.free, reserve), set(k.bo_has, need), goto("job")]),
  ] as const;
}

const evict_svm = (victim: Ref<Member<"Page">>) => [
  choose(victim, k.place.at(victim).eq("vram").or(some_page_in_vram.not())),
  when(some_page_in_vram, [set(k.place.at(victim), "system"), set(k.free, k.free.plus(1))]),
];

const exec = actor("exec", { victim: Page }, (me) => ({
  next: ["the next job, or none", idle()],
  lock: ["drm_exec_lock_obj(bo)", dma_resv_lock(k.bo)],
  validate: validate(1),
  evict_svm: [
    "the LRU of SVM: dma_resv_trylock(), evict_to_ram()",
    ...evict_svm(me.victim),
    goto("validate"),
  ],
  job: ["dma_resv_add_fence(); the job runs", progress()],
  unlock: ["dma_resv_unlock()", dma_resv_unlock(k.bo), goto("next")],
})).as("job after job");

export default spec({
  name: "vram-reserve",
  doc: "trylock eviction with a granule of VRAM in reserve, and without",
  configs: { ci: {} },
  shared: k,
  actors: { svm_fault, exec },
  always: {
    vram_is_accounted_for: claim(
      "a granule is free or belongs to one client",
      count(Page, (p) => k.place.at(p).ne("system"))
        .plus(k.free)
        .plus(k.bo_has)
        .eq(2),
    ),
  },
  reachable: {
    both_have_vram: k.bo_has.gt(0).and(some_page_in_vram),
    jobs_evict_svm: some(exec, (t) => t.at("evict_svm")).and(some_page_in_vram),
  },
  liveness: {
    svm_faults_are_served: leads_to(
      some(svm_fault, (t) => t.at("alloc")),
      some(svm_fault, (t) => t.at("migrate")),
      "every fault of the SVM client gets its granule",
    ),
    jobs_run_when_svm_is_quiet: ltl(
      "([] <> served) || [] (asks -> <> runs)",
      {
        served: some(svm_fault, (t) => t.at("migrate")),
        asks: some(exec, (t) => t.at("validate")),
        runs: some(exec, (t) => t.at("job")),
      },
      "jobs run, or SVM faults are served again and again",
    ),
  },
  mutants: {
    no_reserve: {
      doc: "buffer objects may have all of VRAM, and their locks are only tried",
      from: "S22, S24",
      breaks: "svm_faults_are_served",
      change: [replace(exec, "validate", validate(0))],
    },
  },
  variants: {
    jobs_against_svm_faults: {
      doc: "a job that evicts, and whose granule goes to the next SVM fault each time",
      from: "S24, 15 (P5e)",
      breaks: "starvation",
      change: [
        replace(exec, "evict_svm", [
          "the LRU of SVM: dma_resv_trylock(), evict_to_ram(); again, for ever",
          ...evict_svm(exec.me.victim),
          retry(),
          goto("validate"),
        ]),
      ],
    },
  },
});
