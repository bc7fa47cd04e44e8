/** What the actors of the page-centric scheme share. */
import { array, bool, type Expr, none, shared, struct } from "mmrace";
import {
  device_mmu,
  Frame,
  type FrameOf,
  folio,
  MmId,
  type MmOf,
  mm_struct,
  mutex,
  Page,
  write_protected,
} from "mmrace/kernel";

/** page->zone_device_data as a reverse map: the one place where a GPU maps the device page. */
const gpu_rmap = struct("gpu_rmap", { mm: MmId, page: Page });

export const k = shared({
  mm: array(MmId, mm_struct(5)),
  folio: array(Frame, folio(7)),
  gpu: array(MmId, device_mmu()), // one GPU address space for each process
  gpu_read_only: array(MmId, array(Page, bool)), // the GPU entry, and what the TLB made of it
  pt_lock: array(MmId, mutex()), // the GPU's page-table lock
  rmap: array(Frame, gpu_rmap), // protected by the folio lock; only the scheme as first posted
  wrprotect: write_protected(),
  forked: bool,
});

/** The address spaces that exist. */
export function exists_now(m: Expr<MmOf>): Expr<boolean> {
  return m.is("parent").or(k.forked);
}

/** The page says where the GPU maps it, and the GPU's entry is there. */
export function gpu_mapped(f: Expr<FrameOf>): Expr<boolean> {
  const { mm, page } = k.rmap.at(f);
  return page.ne(none).and(k.gpu.at(mm).pte.at(page).eq(f));
}
