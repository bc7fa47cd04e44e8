/** Other ways of getting VRAM, and what each does not survive. NOTES.md has the results. */
import {
  assert,
  type Change,
  type Effect,
  either,
  goto,
  replace,
  retry,
  set,
  type Variant,
  when,
} from "mmrace";
import { up_read, up_write } from "mmrace/kernel";
import { exec_a, exec_b, svm_fault } from "./actors.ts";
import { keeps_evicted_objects_locked } from "./keep-locks.ts";
import { k } from "./state.ts";

type Validator = typeof exec_a;

/** No validation domain: whoever runs out of memory says so. */
function plain(who: Validator, failed: "fails" | "falls_back"): Change[] {
  const is_fine = failed === "falls_back" ? true : who.me.enomem.not();
  return [
    replace(who, "val_lock", ["/* no validation domain */"]),
    replace(who, "val_unlock", [
      "return ret",
      assert("enomem", is_fine, "-ENOMEM, and nothing is pinned"),
      goto("done"),
    ]),
  ];
}

/** No second phase. */
function trylock_only(who: Validator): Change {
  return replace(who, "evict.walked", [
    "return -EBUSY /* no walk with a ticket */",
    set(who.me.enomem, true),
  ]);
}

/** After its job the client comes with the next one, or stops. */
const next_job = either({ another_job: [goto("val_lock")], stops: [goto("done")] });

/** Client b has job after job. */
const jobs_without_end: Change[] = [
  replace(exec_b, "val_unlock", [
    "xe_validation_unlock(); then the next job",
    assert("enomem", exec_b.me.enomem.and(exec_b.me.exclusive).not(), "-ENOMEM"),
    when(exec_b.me.exclusive, [up_write(k.val), set(exec_b.me.exclusive, false), next_job]),
    up_read(k.val),
    when(exec_b.me.enomem.not(), [next_job]),
    set(exec_b.me.exclusive, true),
    set(exec_b.me.enomem, false),
  ]),
];

/** User space tries again after -ENOMEM, for ever. */
function user_retries(who: Validator, jobs: Effect<"val_lock" | "done">): Change[] {
  return [
    replace(who, "val_lock", ["/* no validation domain */"]),
    replace(who, "val_unlock", [
      "-ENOMEM: user space tries again",
      when(who.me.enomem, [set(who.me.enomem, false), retry(), goto("val_lock")]),
      jobs,
    ]),
  ];
}

export const variants: Record<string, Variant> = {
  plain_ttm: {
    doc: "TTM's two-phase walk by itself",
    from: "S23, 14.8, 15 (P5e)",
    breaks: "enomem",
    change: [...plain(exec_a, "fails"), ...plain(exec_b, "fails")],
  },
  trylock_only: {
    doc: "eviction only tries locks, as shrinkers do",
    from: "S22, 15 (P5e)",
    breaks: "enomem",
    change: [trylock_only(exec_a), trylock_only(exec_b)],
  },
  svm_outside_the_domain: {
    doc: "SVM allocates without the validation lock; it falls back to system memory",
    from: "S23, S26, 15 (P5g)",
    config: "svm",
    breaks: "enomem",
    change: plain(svm_fault, "falls_back"),
  },
  jobs_without_end: {
    doc: "xe_validation, and the other client has job after job",
    from: "S23, 15 (P5e)",
    change: jobs_without_end,
  },
  plain_ttm_user_retries: {
    doc: "plain TTM; whoever gets -ENOMEM tries again",
    from: "S23, 14.8",
    breaks: "a_gets_its_vram",
    change: [...user_retries(exec_a, goto("done")), ...user_retries(exec_b, goto("done"))],
  },
  plain_ttm_jobs_without_end: {
    doc: "plain TTM, and the other client has job after job",
    from: "S23, 14.8",
    breaks: "a_gets_its_vram",
    change: [...user_retries(exec_a, goto("done")), ...user_retries(exec_b, next_job)],
  },
  evicted_objects_stay_locked: {
    doc: "no domain: eviction locks with the ticket and keeps the locks; -EDEADLK backs off",
    from: "S23 (drm_exec for TTM evictions)",
    change: [
      ...keeps_evicted_objects_locked(exec_a, "a"),
      ...keeps_evicted_objects_locked(exec_b, "b"),
    ],
  },
};
