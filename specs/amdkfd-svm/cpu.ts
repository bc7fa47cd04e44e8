/** What the CPU does to the pages: it faults on them, and two system calls take them away. */
import { goto, type Ref, type Routine, routine, size, when } from "mmrace";
import {
  type CpuFault,
  compaction_actor,
  cpu_fault_actor,
  dontneed_actor,
  type Listeners,
  munmap_actor,
  mutex_lock,
  mutex_unlock,
  type PageOf,
} from "mmrace/kernel";
import { xnack_on } from "./invalidate.ts";
import { vram_to_ram } from "./migrate.ts";
import { k } from "./state.ts";

/** svm_migrate_to_ram(), the dev_pagemap callback: mmap_lock and the folio lock are held. */
function migrate_to_ram({ page, frame: fault_page }: CpuFault): Routine {
  const range = k.range.at(page);
  return routine("svm_migrate_to_ram", {}, () => ({
    svms_lock: ["mutex_lock(&p->svms.lock)", mutex_lock(k.svms_lock)],
    from_addr: [
      "prange = svm_range_from_addr(); SIGBUS if there is none",
      when(range.in_svms.not(), [goto("svms_unlock")]),
    ],
    migrate_lock: ["mutex_lock(&prange->migrate_mutex)", mutex_lock(range.migrate_mutex)],
    migrate: vram_to_ram(page, xnack_on(page), fault_page),
    migrate_unlock: ["mutex_unlock(&prange->migrate_mutex)", mutex_unlock(range.migrate_mutex)],
    svms_unlock: ["mutex_unlock(&p->svms.lock)", mutex_unlock(k.svms_lock)],
  }));
}

export const cpu_fault = cpu_fault_actor(k.mm, k.folio, migrate_to_ram)
  .times(size("cpu_faults"))
  .as("do_swap_page()");

type Mode = (page: Ref<PageOf>) => Listeners;

export const munmap = (mode: Mode) => munmap_actor(k.mm, k.folio, mode).times(size("munmaps"));

export const dontneed = (mode: Mode) =>
  dontneed_actor(k.mm, k.folio, mode).times(size("dontneeds"));

export const compaction = (mode: Mode) =>
  compaction_actor(k.mm, k.folio, mode).times(size("compactions"));
