/** The other GPU: three ways to treat a page that is in the exporter's VRAM. */
import {
  actor,
  choose,
  either,
  goto,
  idle,
  none,
  progress,
  type Ref,
  type Routine,
  retry,
  routine,
  set,
  size,
  when,
} from "mmrace";
import {
  do_swap_page_device_private,
  down_read,
  Frame,
  type FrameOf,
  type HmmResult,
  hmm_range_fault,
  hmm_range_fault_other_owner,
  hmm_result,
  mmu_interval_read_begin,
  mmu_interval_read_end,
  mmu_interval_read_retry,
  mutex_lock,
  mutex_unlock,
  Page,
  type PageOf,
  up_read,
} from "mmrace/kernel";
import { migrate_to_ram } from "./exporter.ts";
import { k, needs_dma } from "./state.ts";

interface Locals {
  page: Ref<PageOf>;
  pfn: Ref<FrameOf>;
  /** The page that a fault inside the walk has locked. */
  frame: Ref<FrameOf>;
  err: Ref<HmmResult>;
}

const importer = (name: string, walk: (me: Locals) => Routine) =>
  actor(name, { page: Page, pfn: Frame, frame: Frame, err: hmm_result }, (me) => ({
    fault: [
      "the importer's GPU faults on a page",
      idle(),
      choose(me.page, k.peer.pte.at(me.page).eq(none).and(k.peer.tlb.at(me.page).eq(none))),
    ],
    again: mmu_interval_read_begin(k.peer_sub),
    mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mm.mmap_lock)],
    range_fault: walk(me),
    mmap_read_unlock: [
      "mmap_read_unlock(mm); -EBUSY: again; -EFAULT: return",
      up_read(k.mm.mmap_lock),
      when(me.err.eq("ebusy"), [retry(), goto("again")]),
      when(me.err.eq("efault"), [mmu_interval_read_end(k.peer_sub), goto("done")]),
    ],
    lock: ["down_read(&importer->notifier_lock)", mutex_lock(k.peer_lock)],
    read_retry: [
      "if (mmu_interval_read_retry(sub, seq)) goto again",
      when(mmu_interval_read_retry(k.peer_sub), [
        mutex_unlock(k.peer_lock),
        retry(),
        goto("again"),
      ]),
    ],
    dma_map: [
      "dpagemap->ops->device_map() or dma_map_page(): -EFAULT if it fails",
      either({ mapped: [], failed: [goto("unlock")] }),
      when(needs_dma(me.pfn), [set(k.dma_addr.at(me.page), me.pfn)]),
    ],
    map: ["write the PTE", set(k.peer.pte.at(me.page), me.pfn), progress()],
    unlock: [
      "up_read(&importer->notifier_lock)",
      mutex_unlock(k.peer_lock),
      mmu_interval_read_end(k.peer_sub),
    ],
  })).as("GPU fault of the importer");

/** The owner of the pagemap is the one that the importer names: the page is reported. */
export const importer_fault = importer("importer_fault", (me) =>
  hmm_range_fault(k.mm, k.folio, me.page, me.pfn, me.err, { notifier: k.peer_sub }),
).times(size("importer_faults"));

const swap = ({ page, frame }: Locals) =>
  do_swap_page_device_private(k.mm, k.folio, page, frame, migrate_to_ram({ page, frame }));

/** The owner is another one: the page is faulted, and the exporter's driver migrates it home. */
export const importer_fault_home = importer("importer_fault_home", (me) =>
  hmm_range_fault_other_owner(k.mm, k.folio, k.peer_sub, me.page, me.pfn, me.err, swap(me)),
).times(0);

/** get_dma_pfn_for_device(): from the page to its PCI address, or no. */
const get_dma_pfn = (pfn: Ref<FrameOf>) =>
  routine("get_dma_pfn_for_device", {}, () => ({
    ask: [
      "pgmap->ops->get_dma_pfn_for_device(page, &dma_pfn)",
      either({ address: [], refused: [set(pfn, none)] }),
    ],
  }));

/** The pagemap of the page is asked for a page that this device can map. */
export const importer_fault_p2p = importer("importer_fault_p2p", (me) =>
  hmm_range_fault_other_owner(k.mm, k.folio, k.peer_sub, me.page, me.pfn, me.err, swap(me), {
    get_dma_pfn: get_dma_pfn(me.pfn),
  }),
).times(0);
