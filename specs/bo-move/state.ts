/** One buffer object of one page, which a process has mapped, and a GPU uses. */
import {
  all,
  any,
  bool,
  type Effect,
  type Expr,
  ite,
  oneOf,
  range,
  set,
  shared,
  size,
  struct,
  value,
  when,
} from "mmrace";
import { dma_fence_slot, dma_resv, rw_semaphore } from "mmrace/kernel";

/** Where the content is: write-combined in VRAM, or cached in system memory. */
export const Place = oneOf("none", "vram", "system");
export type PlaceOf = "none" | "vram" | "system";

const stores = size("stores");

export const k = shared({
  mmap_lock: rw_semaphore(),
  vma: bool.init(true),
  resv: dma_resv(), // bo->base.resv
  in_vram: bool.init(true), // bo->resource
  cpu_pte: Place,
  gpu_pte: Place, // none: the buffer object was moved, the next command writes the entry anew
  mr_pte: Place, // the entry of an importer that faults (dma-buf.spec.ts)
  /** What importers have mapped for DMA; a memory region, and a GPU that may keep both. */
  mr_dma: Place,
  gpu_dma: struct("sg_table", { vram: bool, system: bool }),
  pinned: range(0, 2), // dma_buf_pin(): by importers that cannot let go
  kernel: dma_fence_slot(), // DMA_RESV_USAGE_KERNEL: the copy of a move
  job: dma_fence_slot(), // DMA_RESV_USAGE_WRITE: a command that uses the buffer object
  job_behind_copy: bool, // the command depends on a copy that is not done
  copy_behind_job: bool, // the copy depends on a command that is not done
  copy_to: Place, // the copy engine has a copy to there
  /** Blocks that the buffer object has: during a move both, until the copy is done. */
  has: struct("has", { vram: bool.init(true), system: bool }),
  data: struct("data", { vram: range(0, stores), system: range(0, stores) }),
  last_write: range(0, stores),
});

/** A store of somebody whose entry leads there. */
export function store_at(place: Expr<PlaceOf>): Effect {
  return when(k.last_write.lt(stores), [
    set(k.last_write, k.last_write.plus(1)),
    when(place.eq("vram"), [set(k.data.vram, k.last_write)]),
    when(place.eq("system"), [set(k.data.system, k.last_write)]),
  ]);
}

/** Where the buffer object is. */
export const place: Expr<PlaceOf> = ite(k.in_vram, value(Place, "vram"), "system");

const is_current = (pte: Expr<PlaceOf>): Expr<boolean> => pte.eq("none").or(pte.eq(place));
export const cpu_pte_is_current = is_current(k.cpu_pte);
export const mr_pte_is_current = is_current(k.mr_pte);
export const gpu_pte_is_current = is_current(k.gpu_pte);

/** What was written last is where the buffer object is, or where it is being copied from. */
export const no_lost_store: Expr<boolean> = ite(
  any(k.copy_to.eq("system"), all(k.copy_to.eq("none"), k.in_vram)),
  k.data.vram.eq(k.last_write),
  k.data.system.eq(k.last_write),
);

/** The GPU of an importer has mapped the block of this entry for DMA. */
export function is_mapped(entry: Expr<PlaceOf>): Expr<boolean> {
  return any(entry.ne("vram"), k.gpu_dma.vram).and(any(entry.ne("system"), k.gpu_dma.system));
}

/** The buffer object still has the block of this entry. */
export function has(entry: Expr<PlaceOf>): Expr<boolean> {
  return any(entry.ne("vram"), k.has.vram).and(any(entry.ne("system"), k.has.system));
}
