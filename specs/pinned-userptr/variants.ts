/** Known mistakes, and what pinning cannot do. */
import { count_of, goto, none, remove, replace, retry, set, when } from "mmrace";
import { compaction, dontneed, fork } from "./mm.ts";
import { alloc_frame, k } from "./state.ts";
import { gem_close, submit } from "./submit.ts";

/** copy_present_ptes() before there were pins: a reference is a reference. */
const fork_knows_no_pins = replace(fork, "copy_pte", [
  "copy_one_pte(): both read-only",
  alloc_frame(fork.me.copy),
  when(k.parent.frame.eq(none), [goto("end")]),
  set(k.parent.write, false),
  set(k.child, k.parent.frame),
  set(k.written.at(k.child), false),
]);

export const variants = {
  dontneed_while_it_runs: {
    doc: "madvise() after the submission: the process has a new page, the command the old one",
    from: "9.4; S13; 15 (P2)",
    breaks: "stores_reach_the_process",
    change: [count_of(dontneed, 1), count_of(fork, 0)],
  },
  page_stays_pinned: {
    doc: "compaction comes again until the page has moved; the object is not used any more",
    from: "9.4; S13; 15 (P5e)",
    breaks: "starvation",
    config: "moved",
    change: [
      count_of(fork, 0),
      count_of(gem_close, 0),
      replace(compaction, "isolate", [
        "isolate_migratepages_block(): more references than mappings: again",
        when(k.pins.at(compaction.me.src).gt(0), [retry(), goto("isolate")]),
      ]),
    ],
  },
  references_instead_of_pins: {
    doc: "get_user_pages(), as in 2016: fork() does not know that the GPU has the page",
    from: "S13; 15 (P6)",
    breaks: "child_sees_no_later_store",
    change: [fork_knows_no_pins],
  },
};

export const mutants = {
  unpinned_before_the_requests_end: {
    doc: "the pages of stale entries are given back while a request uses them",
    from: "9.4.2",
    breaks: "mapped_for_dma",
    config: "two_submits",
    change: [remove(submit, "unbind.sync"), remove(submit, "unbind.clear")],
  },
  dma_unmapped_before_the_unbind: {
    doc: "put_pages() before i915_vma_unbind()",
    from: "15 (P3)",
    breaks: "mapped_for_dma",
    config: "two_submits",
    change: [
      replace(submit, "unbind.sync", [
        "i915_gem_gtt_finish_pages(); then wait for the requests",
        when(k.obj.pages.ne(none), [set(k.dma.at(k.obj.pages), false)]),
      ]),
    ],
  },
  pin_leaked_on_eagain: {
    doc: "the pages that were pinned in vain stay pinned",
    from: "9.4.4",
    breaks: "no_leaked_pin",
    change: [
      replace(submit, "unpin", [
        "-EAGAIN, without unpin_user_pages()",
        when(submit.me.page.ne(none), [set(submit.me.page, none), retry(), goto("ioctl")]),
      ]),
    ],
  },
};
