/** A migration of many pages that needs all CPUs while it holds the lock of this one. */
import { actor, goto, idle, lockEvent, none, set, size, wait, when } from "mmrace";
import { folio_trylock, folio_unlock } from "mmrace/kernel";
import { get_page, k, put_page } from "./state.ts";

export const migrate = actor("migrate", {}, () => ({
  collect: [
    "migrate_vma_collect_pmd(): folio_trylock()",
    when(k.pte.eq("present"), [goto("done")]),
    folio_trylock(k.page.lock, [get_page], [goto("done")]),
  ],
  drain: ["migrate_device_unmap(): lru_add_drain_all()", set(k.drain, "queued")],
  flush_work: [
    "  flush_work() of every CPU",
    lockEvent({ op: "wait", mode: "exclusive", lock: "wait", class: "lru_add_drain", index: [] }),
    wait(k.drain.eq("idle")),
  ],
  unlock: ["restore: the page stays; folio_unlock()", folio_unlock(k.page.lock)],
  put: ["folio_put()", put_page],
}))
  .times(size("migrates"))
  .as("migrate_vma_setup() of a mixed batch");

export const kworker = actor("kworker", {}, () => ({
  run: [
    "lru_add_drain_per_cpu(), when the CPU is free",
    idle(),
    wait(k.drain.eq("queued")),
    wait(k.cpu.eq(none)),
    set(k.drain, "idle"),
    goto("run"),
  ],
}))
  .times(size("migrates"))
  .as("mm_percpu_wq");
