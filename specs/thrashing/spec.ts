/**
 * Progress by thrashing: a GPU instruction needs its pages in VRAM, and a CPU thread touches the
 * same pages again and again; each fault takes a page from the other side.
 *
 * Claim    With a time slice in which no CPU fault takes the page back, every instruction retires
 *          and every CPU access succeeds. Retries alone guarantee neither (T6): the adversary has
 *          to be kept away for a while, or to come to an end, or the placement must not be strict
 *          (S20, migrate once and then map the page where it is).
 * Source   drivers/gpu/drm/drm_pagemap.c: drm_pagemap_populate_mm, drm_pagemap_migrate_to_ram
 *          (timeslice_expiration); drivers/gpu/drm/xe/xe_svm.c: xe_svm_handle_pagefault
 *          (migrate_try_count); Documentation/gpu/rfc/gpusvm.rst; S20, S25.
 * Omits    time: a slice is longer than the faults of one instruction, and ends some time after it,
 *          and a CPU access follows its fault before the GPU has fetched the page back (variant
 *          `cpu_access_after_the_fault`); locks, failing migrations, eviction for other clients
 *          (which asks for no slice).
 */
import {
  actor,
  array,
  bool,
  choose,
  claim,
  count_of,
  each,
  forall,
  goto,
  idle,
  leads_to,
  oneOf,
  progress,
  rare,
  replace,
  retry,
  scalarset,
  schedule_of,
  set,
  shared,
  size,
  some,
  spec,
  when,
} from "mmrace";

/** What one instruction touches. */
const Page = scalarset("Page", size("operands"));

const k = shared({
  place: array(Page, oneOf("system", "vram")),
  /** The GPU has an entry. */
  mapped: array(Page, bool),
  /** timeslice_expiration: none has begun, it runs, an instruction has used it. */
  slice: array(Page, oneOf("none", "running", "used")),
  /** range->migrated of the RFC, in variants. */
  migrated: array(Page, bool),
});

const all_mapped = forall(Page, (p) => k.mapped.at(p));

const gpu = actor("gpu", { page: Page }, (me) => ({
  next: ["the next instruction", idle()],
  run: [
    "it touches all its pages: a fault on one that is not mapped",
    choose(me.page, k.mapped.at(me.page).not().or(all_mapped)),
    when(all_mapped, [goto("retired")]),
  ],
  migrate: [
    "drm_pagemap_populate_mm(): copy; timeslice_expiration = now + timeslice_ms",
    set(k.place.at(me.page), "vram"),
    set(k.slice.at(me.page), "running"),
  ],
  map: [
    "pages_valid? write the device PTE; the instruction is replayed",
    when(k.place.at(me.page).eq("vram"), [set(k.mapped.at(me.page), true)]),
    retry(),
    goto("run"),
  ],
  retired: [
    "the instruction retires",
    progress(),
    each(Page, (p) => [when(k.slice.at(p).eq("running"), [set(k.slice.at(p), "used")])]),
    goto("next"),
  ],
})).as("GPU and its fault worker");

const cpu = actor("cpu", { page: Page }, (me) => ({
  touch: ["the CPU touches a page", idle(), choose(me.page)],
  access: [
    "load or store: a fault if the page is in VRAM",
    when(k.place.at(me.page).eq("system"), [progress(), goto("touch")]),
  ],
  slice: [
    "migrate_to_ram(): if (time_before64(now, timeslice_expiration)) return 0",
    when(k.slice.at(me.page).ne("none"), [retry(), goto("access")]),
  ],
  migrate: [
    "invalidate_range_start(): clear the device PTE; copy to system memory; the access is made",
    set(k.mapped.at(me.page), false),
    set(k.place.at(me.page), "system"),
    progress(),
    goto("touch"),
  ],
})).as("CPU thread");

const timer = actor("timer", { page: Page }, (me) => ({
  expire: [
    "the time slice is over",
    idle(),
    choose(me.page, k.slice.at(me.page).eq("used")),
    set(k.slice.at(me.page), "none"),
    goto("expire"),
  ],
})).as("time");

/** In a variant only: unmaps a part, so that the range goes and another one comes. */
const munmap = actor("munmap", { page: Page }, (me) => ({
  call: ["munmap() of a part of the range, mmap()", idle(), choose(me.page)],
  remove: [
    "the range is destroyed, and made anew at the next GPU fault",
    set(k.mapped.at(me.page), false),
    set(k.place.at(me.page), "system"),
    set(k.slice.at(me.page), "none"),
    set(k.migrated.at(me.page), false),
    goto("call"),
  ],
}))
  .times(0)
  .as("munmap()");

const no_slice = replace(cpu, "slice", ["migrate_to_ram(): no time slice"]);
const migrate_once = [
  no_slice,
  count_of(timer, 0),
  replace(gpu, "migrate", [
    "if (!range->migrated) migrate it, once",
    when(k.migrated.at(gpu.me.page).not(), [
      set(k.migrated.at(gpu.me.page), true),
      set(k.place.at(gpu.me.page), "vram"),
    ]),
  ]),
  replace(gpu, "map", [
    "pages_valid? write the device PTE, wherever the page is; the instruction is replayed",
    when(k.migrated.at(gpu.me.page), [set(k.mapped.at(gpu.me.page), true)]),
    retry(),
    goto("run"),
  ]),
];
/** The instruction is done in the very step that maps the page it has faulted on ... */
const access_with_the_mapping = [
  no_slice,
  replace(gpu, "map", [
    "pages_valid? write the device PTE, and the access is done",
    when(k.place.at(gpu.me.page).eq("vram"), [
      set(k.mapped.at(gpu.me.page), true),
      when(all_mapped, [goto("retired")]),
    ]),
    retry(),
    goto("run"),
  ]),
];
/** ... or already in the step that migrates it. */
const access_with_the_migration = [
  no_slice,
  replace(gpu, "migrate", [
    "migrate, write the device PTE, and the access is done, before anybody takes the page",
    set(k.place.at(gpu.me.page), "vram"),
    set(k.slice.at(gpu.me.page), "running"),
    set(k.mapped.at(gpu.me.page), true),
    when(all_mapped, [goto("retired")]),
  ]),
  replace(gpu, "map", [
    "the instruction is replayed for its next page",
    rare(),
    retry(),
    goto("run"),
  ]),
];

export default spec({
  name: "thrashing",
  doc: "GPU and CPU faults take the same pages from one another: progress by thrashing",
  configs: { ci: { operands: 2 }, one_page: { operands: 1 }, deep: { operands: 3 } },
  shared: k,
  actors: { gpu, cpu, timer, munmap },
  always: {
    mapped_pages_are_in_vram: claim(
      "strict placement: the GPU maps only what is in VRAM",
      forall(Page, (p) => k.mapped.at(p).implies(k.place.at(p).eq("vram").or(k.migrated.at(p)))),
    ),
  },
  reachable: {
    cpu_meets_a_time_slice: some(cpu, (t) => t.at("slice")),
    instruction_retires: some(gpu, (t) => t.at("retired")),
  },
  liveness: {
    instructions_retire: leads_to(
      some(gpu, (t) => t.at("run", "migrate", "map")),
      some(gpu, (t) => t.at("retired")),
      "every GPU instruction retires",
    ),
    cpu_gets_its_page: leads_to(
      some(cpu, (t) => t.at("access", "slice", "migrate")),
      some(cpu, (t) => t.at("touch")),
      "every CPU access succeeds",
    ),
  },
  mutants: {
    no_time_slice: {
      doc: "strict placement and retries alone",
      from: "T6, D15, S25",
      breaks: "instructions_retire",
      change: [no_slice],
    },
    slice_too_short: {
      doc: "the slice may end before the instruction has all its pages",
      from: "T6, D15",
      breaks: "instructions_retire",
      change: [
        replace(timer, "expire", [
          "the time slice is over",
          idle(),
          choose(timer.me.page, k.slice.at(timer.me.page).ne("none")),
          set(k.slice.at(timer.me.page), "none"),
          goto("expire"),
        ]),
      ],
    },
  },
  variants: {
    no_time_slice_cpu_stops: {
      doc: "retries alone; the CPU touches the pages finitely often",
      from: "S25, T6",
      change: [no_slice, schedule_of(cpu, { finite: true })],
    },
    access_with_the_mapping: {
      doc: "one page, and the access is done with the mapping: the page goes before that",
      from: "S25",
      config: "one_page",
      breaks: "instructions_retire",
      change: access_with_the_mapping,
    },
    access_with_the_migration: {
      doc: "one page, and nobody can take it between its migration and the access",
      from: "S25",
      config: "one_page",
      change: access_with_the_migration,
    },
    two_pages_at_a_time: {
      doc: "the same, and the instruction needs two pages",
      from: "S25",
      breaks: "instructions_retire",
      change: access_with_the_migration,
    },
    cpu_access_after_the_fault: {
      doc: "the CPU comes back from its fault, and the GPU has taken the page again",
      from: "S25, T6",
      breaks: "cpu_gets_its_page",
      change: [
        replace(cpu, "migrate", [
          "invalidate_range_start(): clear the device PTE; copy to system memory; fault again",
          set(k.mapped.at(cpu.me.page), false),
          set(k.place.at(cpu.me.page), "system"),
          retry(),
          goto("access"),
        ]),
      ],
    },
    migrate_once: {
      doc: "a page is migrated once, and mapped wherever it is afterwards",
      from: "S20",
      change: migrate_once,
    },
    migrate_once_and_munmap: {
      doc: "the range is destroyed and made anew, and with it the memory of the migration",
      from: "S20",
      breaks: "instructions_retire",
      change: [...migrate_once, count_of(munmap, 1)],
    },
    migrate_once_and_few_munmaps: {
      doc: "the same, finitely often",
      from: "S20",
      change: [...migrate_once, count_of(munmap, 1), schedule_of(munmap, { finite: true })],
    },
  },
});
