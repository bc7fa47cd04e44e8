/**
 * Two processes share an anonymous page after fork(). One breaks the sharing, and the other takes
 * the page for its own too early.
 *
 * Claim    No thread of one process sees what the other writes privately: the mapcount goes down
 *          only when no page-table entry and no TLB of the process leads to the page any more.
 * Source   "mm: fix race in COW logic" (2008), linux-mm <20080622153035.GA31114@wotan.suse.de> with
 *          the diagram that `order` repeats; mm/memory.c: do_wp_page (2.6.25), today wp_page_copy
 *          with a comment that tells the order; mm/swapfile.c: can_share_swap_page.
 * Omits    the page lock around can_share_swap_page(), held for one step only; swap; the page-table
 *          locks, of which each process has its own; what follows when both processes copy;
 *          barriers (the model is sequentially consistent); today's PG_anon_exclusive.
 */
import {
  actor,
  assert,
  bool,
  goto,
  idle,
  insert_after,
  move_before,
  oneOf,
  range,
  remove,
  replace,
  set,
  shared,
  some,
  spec,
  wait,
  when,
} from "mmrace";

const k = shared({
  mapcount: range(0, 2, 2), // page_mapcount(old_page)
  pte: oneOf("old_page", "none", "new_page"), // of the first process
  tlb: bool, // of the CPU where its other thread runs: leads to the old page
  private_write: bool, // the old page has what the second process wrote
});

const cow = actor("cow", {}, () => ({
  copy: ["do_wp_page(): mapcount is 2: cow_user_page()"],
  clear_flush: ["ptep_clear_flush()", set(k.pte, "none"), set(k.tlb, false)],
  set_pte: ["set_pte_at(new_page)", set(k.pte, "new_page")],
  remove_rmap: ["page_remove_rmap(old_page)", set(k.mapcount, k.mapcount.minus(1))],
})).as("process 1 writes");

const reader = actor("reader", {}, () => ({
  fill: [
    "the CPU caches the entry in its TLB",
    idle(),
    wait(k.pte.eq("old_page")),
    set(k.tlb, true),
  ],
  load: [
    "the other thread of process 1 reads",
    idle(),
    wait(k.tlb),
    assert("reads_what_another_process_wrote", k.private_write.not(), "private data of process 2"),
    goto("fill"),
  ],
})).as("process 1 reads");

const other = actor("other", {}, () => ({
  reuse: [
    "do_wp_page(): can_share_swap_page(): page_mapcount(page) == 1, or copy",
    when(k.mapcount.ne(1), [goto("done")]),
  ],
  store: ["ptep_set_access_flags(); the store", set(k.private_write, true)],
})).as("process 2 writes");

export default spec({
  name: "cow-rmap-drop-before-switch",
  doc: "a shared page is reused by one process while the other still reads it",
  race: {
    year: 2008,
    subsystem: "mm/memory do_wp_page",
    class: "isolation, ordering, wrong decision, spurious failure",
  },
  configs: { ci: {} },
  shared: k,
  actors: { cow, reader, other },
  reachable: {
    page_is_reused: k.private_write,
    page_is_copied_twice: k.mapcount.eq(2).and(some(other, (o) => o.at("done"))),
  },
  bugs: {
    mapcount_goes_down_first: {
      doc: "page_remove_rmap() comes before the entry is switched and flushed",
      from: "linux-mm 20080622153035.GA31114@wotan.suse.de",
      breaks: "reads_what_another_process_wrote",
      order: ["cow.remove_rmap", "other.reuse", "other.store", "reader.load"],
      change: [move_before(cow, "remove_rmap", "clear_flush")],
    },
  },
  mutants: {
    flushes_last: {
      doc: "the entry is switched in time, the TLB flushed after the mapcount has gone down",
      from: "wp_page_copy()",
      breaks: "reads_what_another_process_wrote",
      change: [
        replace(cow, "clear_flush", ["ptep_get_and_clear()", set(k.pte, "none")]),
        insert_after(cow, "remove_rmap", { flush: ["flush_tlb_page()", set(k.tlb, false)] }),
      ],
    },
    reused_without_looking: {
      doc: "a page that somebody else maps is written in place",
      from: "can_share_swap_page()",
      breaks: "reads_what_another_process_wrote",
      change: [remove(other, "reuse")],
    },
  },
});
