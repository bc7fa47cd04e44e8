/** Known mistakes, and what each must break. The letters in `from` are those of docs/sources.md. */
import {
  goto,
  insert_before,
  type Mutant,
  move_after,
  move_before,
  remove,
  replace,
  retry,
  when,
} from "mmrace";
import {
  folio_wait_locked,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mutex_lock,
  mutex_unlock,
  up_read,
} from "mmrace/kernel";
import { completion } from "./gpu.ts";
import { dontneed } from "./invalidate.ts";
import { k } from "./state.ts";
import { submit } from "./submit.ts";
import { keeps_the_lock } from "./variants.ts";

const { me } = submit;
/** What the command that was done has used. */
const used = k.mirror.at(k.job.at(completion.me.job).page);

export const mutants: Record<string, Mutant> = {
  retry_not_checked: {
    doc: "a page is mapped as it was before the invalidation",
    from: "M4",
    breaks: "no_stale_mirror",
    change: [remove(submit, "read_retry")],
  },
  retry_checked_outside_the_lock: {
    doc: "the notifier comes between the check and the lock",
    from: "M4; D1",
    breaks: "no_stale_mirror",
    change: [
      remove(submit, "read_retry"),
      insert_before(submit, "take_lock", {
        early_retry: [
          "if (mmu_interval_read_retry()) goto again; /* no lock */",
          when(mmu_interval_read_retry(k.mm.sub), [goto("again")]),
        ],
      }),
    ],
  },
  notifier_does_not_wait: {
    doc: "the page is unmapped under the command that uses it",
    from: "S14",
    breaks: "commands_never_fault",
    change: [remove(dontneed, "zap.zap.start.cb.fence_wait")],
  },
  unmapped_before_the_wait: {
    doc: "the device PTE is cleared first: the running command faults, which it can't",
    from: "S14",
    breaks: "commands_never_fault",
    change: [move_before(dontneed, "zap.zap.start.cb.fence_wait", "zap.zap.start.cb.unmap_unlock")],
  },
  fence_published_after_unlock: {
    doc: "the command is pushed, and its fence is added when the notifier has looked already",
    from: "D4",
    breaks: "commands_never_fault",
    change: [move_after(submit, "add_fence", "drop_lock")],
  },
  use_recorded_after_unlock: {
    doc: "the entry is looked up, the lock is dropped, and then the command is pushed",
    from: "drivers/gpu/drm/amd/amdgpu/amdgpu_cs.c: amdgpu_cs_submit()",
    breaks: "commands_never_fault",
    change: [
      insert_before(submit, "arm", {
        early_unlock: ["mutex_unlock(&driver->lock) /* too early */", mutex_unlock(k.lock)],
      }),
      remove(submit, "drop_lock"),
    ],
  },
  seq_set_after_unlock: {
    doc: "a submission maps the page again between the unmapping and the new number",
    from: "M5",
    breaks: "no_stale_mirror",
    change: [move_after(dontneed, "zap.zap.start.cb.set_seq", "zap.zap.start.cb.unmap_unlock")],
  },
  completion_takes_the_lock: {
    doc: "the completion needs the lock that a notifier holds while it waits",
    from: "drivers.md 9.5",
    breaks: "deadlock",
    change: [
      ...keeps_the_lock,
      insert_before(completion, "signal", {
        lock: ["mutex_lock(&driver->lock)", mutex_lock(k.lock)],
        unlock: ["mutex_unlock(&driver->lock)", mutex_unlock(k.lock)],
      }),
    ],
  },
  completion_waits_for_the_folio: {
    doc: "the way to the fence waits for a folio that its notifier's caller has locked",
    from: "drivers.md 9.5",
    breaks: "deadlock",
    change: [
      insert_before(completion, "signal", {
        folio_wait: [
          "folio_wait_locked(folio) /* before the fence */",
          folio_wait_locked(k.folio.at(used.pte).lock),
        ],
      }),
    ],
  },
  read_begin_under_the_lock: {
    doc: "the submission sleeps for the end of an invalidation that needs the lock it holds",
    from: "M13",
    breaks: "deadlock",
    change: [
      remove(submit, "lookup_unlock"),
      remove(submit, "take_lock"),
      replace(submit, "mmap_read_unlock", [
        "mmap_read_unlock(mm); -EBUSY: again; -EFAULT: unlock, return",
        up_read(k.mm.mmap_lock),
        when(me.ret.eq("ebusy"), [retry(), goto("again")]),
        when(me.ret.eq("efault"), [
          mutex_unlock(k.lock),
          mmu_interval_read_end(k.mm.sub),
          goto("done"),
        ]),
      ]),
      replace(submit, "read_retry", [
        "if (mmu_interval_read_retry()) goto again; /* lock kept */",
        when(mmu_interval_read_retry(k.mm.sub), [goto("again")]),
        mmu_interval_read_end(k.mm.sub),
      ]),
    ],
  },
};
