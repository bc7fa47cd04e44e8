/**
 * A user buffer is pinned and programmed for the hardware to receive into, while it is unmapped.
 *
 * Claim    When the setup has succeeded and no unmapping is under way, no entry of the hardware
 *          leads to a page that is not mapped any more: a notifier that covers the buffer is there
 *          before the pages are pinned, and the setup fails if it was hit meanwhile.
 *          The scheme here has one line more than the kernel, see NOTES.md and the variant
 *          `entry_does_not_wait`.
 * Source   commit b3deec25847b "IB/hfi1: Remove user expected buffer invalidate race", linux-rdma
 *          <167328549178.1472310.9867497376936699488.stgit@awfm-02.cornelisnetworks.com>;
 *          drivers/infiniband/hw/hfi1/user_exp_rcv.c: hfi1_user_exp_rcv_setup, set_rcvarray_entry,
 *          tid_rb_invalidate, tid_cover_invalidate; mm/mmu_notifier.c.
 * Omits    events other than MMU_NOTIFY_UNMAP, which both callbacks ignore; several entries; the
 *          list of invalidated entries that the process is told; that the pages stay pinned, so
 *          what the hardware writes is lost and does not hit others; the memory of the notifiers,
 *          for which the removals wait.
 */
import { claim, goto, insert_before, remove, replace, set, some, spec, when } from "mmrace";
import { mmu_interval_read_end, mmu_interval_read_retry } from "mmrace/kernel";
import { k, munmap, setup } from "./scheme.ts";

export default spec({
  name: "hfi1-pin-before-notifier",
  doc: "a buffer is unmapped while it is pinned and programmed",
  race: { year: 2023, subsystem: "RDMA hfi1", class: "stale device PTE / stale TLB" },
  configs: { ci: {} },
  shared: k,
  actors: { setup, munmap },
  always: {
    no_stale_entry: claim(
      "after the setup no entry leads to a page that is not mapped, unless one is being unmapped",
      k.success.and(k.subs.active_invalidate_ranges.eq(0)).implies(k.rcv_entry.implies(k.mapped)),
    ),
  },
  reachable: {
    setup_fails: some(setup, (s) => s.at("clear")),
    entry_is_cleared_by_its_notifier: k.success.and(k.rcv_entry.not()),
    entry_is_used: k.success.and(k.rcv_entry),
  },
  bugs: {
    pinned_before_the_notifier: {
      doc: "the entry's notifier, the only one, comes when the pages are pinned already",
      from: "b3deec25847b",
      breaks: "no_stale_entry",
      order: ["setup.pin", "munmap.start", "munmap.zap", "munmap.end", "setup.insert_tid"],
      change: [
        remove(setup, "insert_cover"),
        remove(setup, "read_begin.read_seq"),
        remove(setup, "read_begin.wait_event"),
        remove(setup, "cover_lock"),
        remove(setup, "read_retry"),
        replace(setup, "cover_unlock", ["return 0", goto("return")]),
      ],
    },
  },
  mutants: {
    pinned_before_read_begin: {
      doc: "the cover is there, but its number is read when the pages are pinned already",
      from: "hfi1_user_exp_rcv_setup()",
      breaks: "no_stale_entry",
      change: [
        remove(setup, "pin"),
        insert_before(setup, "insert_cover", {
          pin_first: [
            "pin_rcv_pages()",
            when(k.mapped.not(), [set(setup.me.fail, true), goto("return")]),
          ],
        }),
      ],
    },
    result_is_ignored: {
      doc: "the setup succeeds although the cover was hit",
      from: "hfi1_user_exp_rcv_setup()",
      breaks: "no_stale_entry",
      change: [
        replace(setup, "read_retry", ["mmu_interval_read_retry(&tidbuf->notifier, mmu_seq)"]),
      ],
    },
  },
  variants: {
    asks_after_the_removal: {
      doc: "instead of waiting for each entry: the cover is asked when it has been removed",
      from: "see NOTES.md",
      change: [
        remove(setup, "tid_read_begin.read_seq"),
        remove(setup, "tid_read_begin.wait_event"),
        remove(setup, "cover_lock"),
        remove(setup, "read_retry"),
        replace(setup, "cover_unlock", ["success so far", goto("remove_cover")]),
        replace(setup, "return", [
          "if (mmu_interval_read_retry(&tidbuf->notifier, mmu_seq)) goto fail_unprogram",
          when(mmu_interval_read_retry(k.node.at(setup.me.cover).sub).and(setup.me.fail.not()), [
            set(setup.me.fail, true),
            goto("remove_tid"),
          ]),
          set(k.success, setup.me.fail.not()),
          mmu_interval_read_end(k.node.at(setup.me.cover).sub),
        ]),
      ],
    },
    entry_does_not_wait: {
      doc: "as merged, and as in 7.3: nobody waits for an invalidation that began before the entry",
      from: "b3deec25847b",
      breaks: "no_stale_entry",
      change: [
        remove(setup, "tid_read_begin.read_seq"),
        remove(setup, "tid_read_begin.wait_event"),
      ],
    },
  },
});
