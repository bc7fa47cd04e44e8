/** Who moves the buffer object, and who uses it where it is. */
import {
  actor,
  all,
  bool,
  type Effect,
  goto,
  idle,
  none,
  progress,
  type Routine,
  rarely,
  retry,
  routine,
  set,
  size,
  wait,
  when,
} from "mmrace";
import {
  dma_fence_signal,
  dma_fence_wait,
  dma_resv_add_fence,
  dma_resv_lock,
  dma_resv_set_locked,
  dma_resv_unlock,
  down_read,
  down_write,
  up_read,
  up_write,
} from "mmrace/kernel";
import { k, Place, place, store_at } from "./state.ts";

/** bdev->funcs->move() tells the GPU: its entry is out of date, the next command writes it anew. */
export const gpu_entry_is_out_of_date = (): Routine =>
  routine("move_notify", {}, () => ({
    gpu: ["driver's move_notify(): the GPU's entry is out of date", set(k.gpu_pte, "none")],
  }));

/**
 * ttm_bo_handle_move_mem(), with the reservation held: CPU entries, GPU entries, and a copy that is
 * only submitted. The old block is given back when the copy is done.
 */
export const move_mem = (notify: Routine): Routine =>
  routine("ttm_bo_handle_move_mem", { to_vram: bool }, (me) => ({
    idle: ["one copy at a time: dma_resv_wait_timeout(KERNEL)", dma_fence_wait(k.kernel)],
    unmap_virtual: ["ttm_bo_unmap_virtual(): zap all CPU entries", set(k.cpu_pte, "none")],
    notify,
    push_copy: [
      "  reserve the new block, push the copy",
      set(me.to_vram, k.in_vram.not()),
      when(k.in_vram, [set(k.copy_to, "system"), set(k.has.system, true)]).otherwise([
        set(k.copy_to, "vram"),
        set(k.has.vram, true),
      ]),
      set(k.copy_behind_job, k.job.pending),
      dma_resv_add_fence(k.kernel),
    ],
    assign: ["  ttm_bo_assign_mem()", set(k.in_vram, me.to_vram)],
  }));

export const evict = actor("evict", {}, () => ({
  start: ["the buffer object must move", idle()],
  lock: ["dma_resv_lock(bo->base.resv)", dma_resv_lock(k.resv)],
  move: move_mem(gpu_entry_is_out_of_date()),
  unlock: ["dma_resv_unlock(bo->base.resv)", dma_resv_unlock(k.resv)],
}))
  .times(size("moves"))
  .as("eviction, or validation")
  .finite();

/** The copy engine: a copy depends on all commands that were there when it was pushed. */
export const copy_engine = actor("copy_engine", {}, () => ({
  start: [
    "the copy starts when the commands before it are done",
    idle(),
    wait(all(k.copy_to.ne("none"), k.copy_behind_job.not())),
  ],
  copy: [
    "the content is copied",
    when(k.copy_to.eq("system"), [set(k.data.system, k.data.vram)]).otherwise([
      set(k.data.vram, k.data.system),
    ]),
  ],
  free: [
    "ttm_bo_move_accel_cleanup(): the old block goes back",
    when(k.copy_to.eq("system"), [set(k.has.vram, false)]).otherwise([set(k.has.system, false)]),
    set(k.copy_to, "none"),
  ],
  signal: [
    "dma_fence_signal(copy)",
    dma_fence_signal(k.kernel),
    set(k.job_behind_copy, false),
    goto("start"),
  ],
}));

/** A thread that stores to the mapping, and faults as often as it must. */
const fault = (name: string, fault_reserve_notify: Routine) =>
  actor(name, { first: bool }, (me) => ({
    access: [
      "the CPU stores through its entry, or faults",
      when(k.cpu_pte.ne("none"), [store_at(k.cpu_pte), progress(), goto("done")]),
      set(me.first, true),
    ],
    mmap_read_lock: ["mmap_read_lock(mm)", down_read(k.mmap_lock)],
    find_vma: [
      "find_vma(): SIGSEGV if there is none",
      when(k.vma.not(), [up_read(k.mmap_lock), goto("done")]),
    ],
    reserve: [
      "ttm_bo_vm_reserve(): if (!dma_resv_trylock(resv))",
      when(k.resv.owner.eq(none), [dma_resv_set_locked(k.resv), goto("notify")]),
    ],
    reserve_busy: [
      "  if (fault_flag_allow_retry_first()) mmap_read_unlock(mm)",
      when(me.first.not(), [goto("reserve_wait")]),
      up_read(k.mmap_lock),
      set(me.first, false),
    ],
    retry_lock: ["  dma_resv_lock_interruptible(resv)", dma_resv_lock(k.resv)],
    retry_unlock: [
      "  dma_resv_unlock(resv); return VM_FAULT_RETRY",
      dma_resv_unlock(k.resv),
      retry(),
      goto("mmap_read_lock"),
    ],
    reserve_wait: ["  second try: dma_resv_lock_interruptible(resv)", dma_resv_lock(k.resv)],
    notify: fault_reserve_notify,
    fault_idle: [
      "ttm_bo_vm_fault_idle(): dma_resv_test_signaled(KERNEL)?",
      when(k.kernel.pending.not(), [goto("insert")]),
      when(me.first.not(), [goto("idle_wait")]),
      up_read(k.mmap_lock),
      set(me.first, false),
    ],
    retry_wait: ["  mmap_read_unlock(mm); dma_resv_wait_timeout()", dma_fence_wait(k.kernel)],
    retry_idle: [
      "  dma_resv_unlock(resv); return VM_FAULT_RETRY",
      dma_resv_unlock(k.resv),
      retry(),
      goto("mmap_read_lock"),
    ],
    idle_wait: ["  second try: dma_resv_wait_timeout()", dma_fence_wait(k.kernel)],
    insert: ["vmf_insert_pfn_prot(vma, address, pfn, ttm_io_prot())", set(k.cpu_pte, place)],
    unreserve: ["dma_resv_unlock(resv); return VM_FAULT_NOPAGE", dma_resv_unlock(k.resv)],
    mmap_read_unlock: [
      "mmap_read_unlock(mm): try the store again",
      up_read(k.mmap_lock),
      retry(),
      goto("access"),
    ],
  })).as("CPU fault on the mapping");

export const cpu_fault = fault(
  "cpu_fault",
  routine("fault_reserve_notify", {}, () => ({})),
).times(size("cpu_faults"));

/** amdgpu_bo_fault_reserve_notify(): what the CPU cannot use well is moved before it is mapped. */
export const cpu_fault_home = fault(
  "cpu_fault_home",
  routine("fault_reserve_notify", {}, () => ({
    in_vram: ["if (bo is in VRAM)", when(k.in_vram.not(), [goto("stay")])],
    validate: rarely(move_mem(gpu_entry_is_out_of_date())),
    stay: ["ttm_bo_validate() returns"],
  })),
).times(0);

/**
 * A command: the buffer object is used where it is, and the command is behind its copy.
 *
 * @param lines those that each driver has in its own words
 * @param more what the driver does in these steps beside that
 */
export const commands = (
  name: string,
  lines: Record<"lock" | "bind" | "unlock" | "store", string>,
  more: { bind: Effect[]; signal: Effect[] } = { bind: [], signal: [] },
) =>
  actor(name, { entry: Place }, (me) => ({
    ioctl: ["user space submits a command", idle()],
    lock: [lines.lock, dma_resv_lock(k.resv)],
    bind: [
      lines.bind,
      when(k.gpu_pte.eq("none"), [set(k.gpu_pte, place), ...more.bind]),
      set(me.entry, k.gpu_pte),
      set(k.job_behind_copy, k.kernel.pending),
    ],
    add_fence: ["dma_resv_add_fence(resv, job, DMA_RESV_USAGE_WRITE)", dma_resv_add_fence(k.job)],
    unlock: [lines.unlock, dma_resv_unlock(k.resv)],
    run: ["the GPU starts the command when the copy is done", wait(k.job_behind_copy.not())],
    store: [lines.store, store_at(me.entry)],
    signal: [
      "dma_fence_signal(job)",
      dma_fence_signal(k.job),
      set(k.copy_behind_job, false),
      ...more.signal,
    ],
  })).times(size("commands"));

export const exec = commands("exec", {
  lock: "dma_resv_lock(bo->base.resv)",
  bind: "if (bo_va->evicted) write the GPU's entry",
  unlock: "dma_resv_unlock(bo->base.resv)",
  store: "the GPU stores through its entry",
}).as("command");

export const munmap = actor("munmap", {}, () => ({
  call: ["munmap()", idle()],
  mmap_write_lock: down_write(k.mmap_lock),
  zap: ["unmap_region(): zap, the VMA is gone", set(k.vma, false), set(k.cpu_pte, "none")],
  mmap_write_unlock: ["mmap_write_unlock(mm)", up_write(k.mmap_lock)],
}))
  .times(size("munmaps"))
  .as("munmap()");
