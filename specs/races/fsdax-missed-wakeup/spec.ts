/**
 * Truncate of a file on a DAX device waits until nobody has the page pinned, and the last unpin
 * does not wake it.
 *
 * Claim    Truncate gets on: the put that brings the reference count of an FSDAX page down to 1,
 *          which is idle for such a page, wakes whoever waits for that.
 * Source   "mm: fix missing wake-up event for FSDAX pages" (2022, Fixes d8ddc099c6b3);
 *          mm/gup.c: gup_put_folio; mm/memremap.c: __put_devmap_managed_page_refs; fs/dax.c:
 *          dax_layout_busy_page; fs/ext4/inode.c: ext4_break_layouts. Since 6.15 such a page has
 *          count 0 when it is idle, and dax_break_layout() does the same.
 * Omits    the layout lock of the file system; that the wait is interruptible.
 */
import {
  actor,
  assert,
  bool,
  eventually,
  every,
  goto,
  idle,
  insert_before,
  remove,
  replace,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import {
  refcount,
  refcount_dec_and_test,
  wait_event,
  wait_queue_head,
  wake_up,
} from "mmrace/kernel";

const k = shared({
  page: refcount(2, 1), // page->_refcount: 1 is idle
  wq: wait_queue_head(), // of wake_up_var(&page->_refcount)
  mapped: bool.init(true), // in the page table of the process that pins
  truncated: bool,
});

const truncate = actor("truncate", {}, () => ({
  unmap: ["dax_layout_busy_page(): unmap_mapping_pages()", set(k.mapped, false)],
  wait: wait_event(k.wq, "page_ref_count(page) == 1", k.page.count.eq(1)),
  free: ["free the blocks of the file", set(k.truncated, true)],
})).as("ext4_break_layouts(), then truncate");

const pin = actor("pin", {}, () => ({
  pin: [
    "pin_user_pages_fast()",
    idle(),
    when(k.mapped.not(), [goto("done")]),
    set(k.page.count, k.page.count.plus(1)),
  ],
  dma: ["a device stores to the page", assert("dma_to_freed_block", k.truncated.not(), "too late")],
  unpin: [
    "gup_put_folio(): page_ref_sub_return() == 1: wake_up_var()",
    refcount_dec_and_test(k.page, []),
    when(k.page.count.eq(1), [wake_up(k.wq)]),
  ],
})).as("direct I/O");

export default spec({
  name: "fsdax-missed-wakeup",
  doc: "the last unpin of a DAX page and the truncate that waits for it",
  race: { year: 2022, subsystem: "mm/gup, fs/dax", class: "lost wake-up / wait for ever" },
  configs: { ci: {} },
  shared: k,
  actors: { truncate, pin },
  at_rest: {
    page_is_idle: k.page.count.eq(1),
  },
  reachable: {
    truncate_sleeps: some(truncate, (t) => t.at("wait.schedule")),
    pin_comes_too_late: k.truncated.and(every(pin, (p) => p.at("pin"))),
  },
  liveness: {
    truncate_ends: eventually(
      every(truncate, (t) => t.at("done")),
      "truncate gets on",
    ),
  },
  bugs: {
    put_wakes_nobody: {
      doc: "folio_put_refs() frees at 0 and does nothing at 1",
      from: "mm: fix missing wake-up event for FSDAX pages (Fixes d8ddc099c6b3)",
      breaks: "deadlock",
      order: ["pin.pin", "truncate.wait.prepare", "pin.unpin"],
      change: [
        replace(pin, "unpin", [
          "gup_put_folio(): folio_put_refs()",
          refcount_dec_and_test(k.page, []),
        ]),
      ],
    },
  },
  mutants: {
    wakes_before_the_put: {
      doc: "who is woken looks at the count before it goes down, and sleeps on",
      from: "kernel/sched/wait_bit.c: wake_up_var()",
      breaks: "deadlock",
      change: [
        insert_before(pin, "unpin", {
          wake: ["page_ref_count() == 2: wake_up_var()", wake_up(k.wq)],
        }),
        replace(pin, "unpin", ["page_ref_sub()", refcount_dec_and_test(k.page, [])]),
      ],
    },
    truncate_does_not_wait: {
      doc: "blocks are freed under a device that still stores to them",
      from: "fs/dax.c: dax_layout_busy_page()",
      breaks: "dma_to_freed_block",
      change: [remove(truncate, "wait.prepare"), remove(truncate, "wait.schedule")],
    },
  },
});
