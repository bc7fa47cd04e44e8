/** A device that can't fault, and the driver that mirrors an address space for it. */
import { array, bool, range, shared, struct } from "mmrace";
import { Frame, folio, Job, job, mm_struct, mutex, Page } from "mmrace/kernel";

/** What the driver knows of a page. */
const entry = struct("mirror_entry", {
  /** New commands may use the page. */
  valid: bool,
  /** The device page table. */
  pte: Frame,
  /** Notifiers that have asked for the page since it was mapped (only a variant counts them). */
  evicted: range(0, 4),
});

export const k = shared({
  mm: mm_struct(3),
  folio: array(Frame, folio()),
  mirror: array(Page, entry),
  job: array(Job, job()),
  lock: mutex(), // driver->lock: the mirror, and what is recorded of commands that use it
});
