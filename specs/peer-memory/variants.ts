/** The other two ways, what they need, and what was said against each. */
import {
  actor,
  assert,
  type Change,
  choose,
  count_of,
  goto,
  idle,
  insert_after,
  range,
  remove,
  replace,
  retry,
  set,
  size,
  type Variant,
  when,
} from "mmrace";
import {
  Frame,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mutex_lock,
  mutex_unlock,
  up_read,
  versions,
} from "mmrace/kernel";
import { exporter_fault } from "./exporter.ts";
import { importer_fault, importer_fault_home, importer_fault_p2p } from "./importer.ts";
import { k } from "./state.ts";

/** A buffer object of the exporter is moved, and its block goes to somebody who clears it. */
export const bo_move = actor(
  "bo_move",
  { src: Frame, dst: Frame, buffer: range(0, versions) },
  (me) => ({
    pick: [
      "ttm_bo_handle_move_mem(): to another block, no CPU entry is looked at",
      idle(),
      choose(me.src, me.src.is("vram").and(k.folio.at(me.src).ref.count.gt(0))),
    ],
    copy: ["copy the block", set(me.buffer, k.folio.at(me.src).data)],
    free: ["the next owner clears the old block", set(k.folio.at(me.src).data, 0)],
  }),
)
  .times(0)
  .as("a buffer object moves");

const importer_is = (other: typeof importer_fault): Change[] => [
  count_of(importer_fault, 0),
  count_of(other, size("importer_faults")),
];

const brings_home = importer_is(importer_fault_home);
const asks_the_pagemap = importer_is(importer_fault_p2p);

/** The exporter's GPU cannot do without VRAM: a fault that lost a race migrates again. */
const { err } = exporter_fault.me;
const strict: Change[] = [
  replace(exporter_fault, "mmap_read_unlock", [
    "mmap_read_unlock(mm); -EBUSY: migrate again; -EFAULT: return",
    up_read(k.mm.mmap_lock),
    when(err.eq("ebusy"), [retry(), goto("populate")]),
    when(err.eq("efault"), [mmu_interval_read_end(k.mm.sub), goto("done")]),
    when(exporter_fault.me.pfn.is("sys"), [retry(), goto("populate")]),
  ]),
  replace(exporter_fault, "read_retry", [
    "if (mmu_interval_read_retry(sub, seq)) migrate again",
    when(mmu_interval_read_retry(k.mm.sub), [mutex_unlock(k.gpu_lock), retry(), goto("populate")]),
  ]),
];

const home = importer_fault_home.me;
const walks_under_its_lock: Change[] = [
  remove(importer_fault_home, "lock"),
  insert_after(importer_fault_home, "mmap_read_lock", {
    early_lock: ["down_read(&importer->notifier_lock) /* too early */", mutex_lock(k.peer_lock)],
  }),
  replace(importer_fault_home, "mmap_read_unlock", [
    "mmap_read_unlock(mm); on errors up_read(&importer->notifier_lock)",
    up_read(k.mm.mmap_lock),
    when(home.err.ne("ok"), [mutex_unlock(k.peer_lock)]),
    when(home.err.eq("ebusy"), [retry(), goto("again")]),
    when(home.err.eq("efault"), [mmu_interval_read_end(k.peer_sub), goto("done")]),
  ]),
];

export const variants: Record<string, Variant> = {
  in_place_and_strict: {
    doc: "the exporter's GPU insists on VRAM: who maps in place does not move the page",
    from: "S10, S25",
    config: "two_faults",
    change: strict,
  },
  brings_home: {
    doc: "the importer names another owner: the fault inside its walk migrates the page home",
    from: "S09",
    change: brings_home,
  },
  brings_home_touched: {
    doc: "and the CPU faults on it, too: each fault's reference makes the other's migration fail",
    from: "S09, 15 (P5c)",
    config: "touched",
    breaks: "starvation",
    change: brings_home,
  },
  brings_home_unmapped: {
    doc: "and it is unmapped",
    from: "S09, 15 (P1)",
    config: "unmapped",
    change: brings_home,
  },
  brings_home_and_strict: {
    doc: "the exporter's GPU insists on VRAM, the importer on system memory",
    from: "S09, 15 (P5g)",
    config: "two_faults",
    breaks: "starvation",
    change: [...brings_home, ...strict],
  },
  brings_home_under_a_lock: {
    doc: "the importer walks with its notifier lock, and the other driver's callback needs it",
    from: "S09, 15 (P4); C3",
    breaks: "recursive_lock",
    change: [...brings_home, ...walks_under_its_lock],
  },
  asks_the_pagemap: {
    doc: "the page's driver gives an address for the importer's device, or refuses",
    from: "S08, S11",
    change: asks_the_pagemap,
  },
  asks_the_pagemap_touched: {
    doc: "and the CPU faults on the page, as in brings_home_touched when the driver refuses",
    from: "S11, 15 (P5c)",
    config: "touched",
    breaks: "starvation",
    change: asks_the_pagemap,
  },
  asks_the_pagemap_unmapped: {
    doc: "and it is unmapped",
    from: "S11, 15 (P1)",
    config: "unmapped",
    change: asks_the_pagemap,
  },
  asks_the_pagemap_about_the_page: {
    doc: "the callback looks into the page, of which the walk has no reference",
    from: "S11, 15 (P7)",
    breaks: "callback_of_a_free_page",
    change: [
      ...asks_the_pagemap,
      replace(importer_fault_p2p, "range_fault.get_dma_pfn.ask", [
        "zdd = page->zone_device_data; dma_pfn = zdd->devmem_allocation ...",
        assert(
          "callback_of_a_free_page",
          k.folio.at(importer_fault_p2p.me.pfn).ref.count.gt(0),
          "the page was freed after the walk has seen its entry",
        ),
      ]),
    ],
  },
  asks_the_pagemap_while_a_bo_moves: {
    doc: "the exporter moves VRAM as buffer objects, behind core mm's back",
    from: "S11, 15 (P2)",
    breaks: "no_lost_page",
    change: [...asks_the_pagemap, count_of(bo_move, 1)],
  },
};
