/**
 * The fault queue of a device that replays (drivers/gpu/drm/xe/xe_pagefault.c, and the fault
 * buffers of others): an access without a translation stops and is queued; a worker serves it; the
 * acknowledgement lets the access go on. What still has no translation then, faults again.
 *
 * Omits    the order of the queue; faults that are merged into one; permissions; a full queue; the
 *          several accesses that one page may have.
 */
import {
  actor,
  array,
  choose,
  type Effect,
  goto,
  idle,
  none,
  oneOf,
  type Ref,
  type Struct,
  set,
  struct,
} from "../index.ts";
import type { DeviceMmu } from "./device.ts";
import { Page, type PageOf } from "./folio.ts";

/** For each page: nobody waits, its fault is queued, it is being served, it failed for good. */
export const fault_queue = () =>
  struct("fault_queue", { fault: array(Page, oneOf("none", "queued", "served", "failed")) });
export type FaultQueue = Struct<ReturnType<typeof fault_queue>>;

/** The device touches a page that neither TLB nor page table know. */
export const gpu_access = (gpu: DeviceMmu, q: FaultQueue) =>
  actor("gpu_access", { page: Page }, (me) => ({
    access: [
      "the GPU touches a page, and faults",
      idle(),
      choose(
        me.page,
        q.fault
          .at(me.page)
          .eq("none")
          .and(gpu.pte.at(me.page).eq(none), gpu.tlb.at(me.page).eq(none)),
      ),
      set(q.fault.at(me.page), "queued"),
      goto("access"),
    ],
  }));

/** xe_pagefault_queue_pop(): any fault that is queued. First in a step. */
export function fault_queue_pop(q: FaultQueue, page: Ref<PageOf>): Effect[] {
  return [choose(page, q.fault.at(page).eq("queued")), set(q.fault.at(page), "served")];
}

/** The acknowledgement: the access is replayed, or with an error it ends. */
export function fault_ack(q: FaultQueue, page: Ref<PageOf>, ok: boolean): Effect {
  return set(q.fault.at(page), ok ? "none" : "failed");
}
