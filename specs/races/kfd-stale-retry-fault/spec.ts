/**
 * The GPU raises a retry fault, the page is unmapped, and the handler finds no VMA for a fault that
 * was in order when it was raised.
 *
 * Claim    No process is killed for an access that came before its munmap(): a fault without a VMA
 *          is stale, and is answered with success.
 * Source   commit 0cc53cb45066 "drm/amdkfd: handle VMA remove race"; "drm/amdkfd: restore pages
 *          race with vma remove", amd-gfx <20211109230432.3947-3-Philip.Yang@amd.com>;
 *          drivers/gpu/drm/amd/amdkfd/kfd_svm.c: svm_range_restore_pages, svm_range_unmap_from_cpu.
 * Omits    the draining of the fault ring on unmap, which came with it and makes such faults rare;
 *          svms->lock and the SVM range, which goes with the VMA; an access after munmap(), for
 *          which the process deserves to be told, and with the fix is not told here.
 */
import {
  actor,
  bool,
  claim,
  goto,
  idle,
  insert_after,
  replace,
  set,
  shared,
  some,
  spec,
  wait,
  when,
} from "mmrace";
import { down_read, down_write, mmap_lock, up_read, up_write } from "mmrace/kernel";

const k = shared({
  mmap_lock: mmap_lock(),
  vma: bool.init(true),
  gpu_pte: bool,
  retry_fault: bool, // in the interrupt ring
  killed: bool,
});

const gpu = actor("gpu", {}, () => ({
  access: [
    "the GPU accesses the page: a retry fault into the ring",
    idle(),
    wait(k.vma.and(k.gpu_pte.not())),
    set(k.retry_fault, true),
  ],
}));

const munmap = actor("munmap", {}, () => ({
  mmap_lock: down_write(k.mmap_lock),
  invalidate: ["svm_range_unmap_from_cpu(): zap the GPU PTE", set(k.gpu_pte, false)],
  remove_vma: ["the VMA leaves the tree", set(k.vma, false)],
  mmap_unlock: ["mmap_write_unlock(mm)", up_write(k.mmap_lock)],
}));

const restore = actor("restore", {}, () => ({
  fault: ["svm_range_restore_pages()", idle(), wait(k.retry_fault), set(k.retry_fault, false)],
  mmap_lock: ["mmap_read_lock(mm)", down_read(k.mmap_lock)],
  find_vma: [
    "if (!vma_lookup()) return 0: the fault is stale",
    when(k.vma.not(), [goto("mmap_unlock")]),
  ],
  map: ["svm_range_validate_and_map()", set(k.gpu_pte, true)],
  mmap_unlock: ["mmap_read_unlock(mm)", up_read(k.mmap_lock), goto("fault")],
})).as("interrupt worker");

export default spec({
  name: "kfd-stale-retry-fault",
  doc: "a retry fault of the GPU is handled after munmap()",
  race: {
    year: 2021,
    subsystem: "amdkfd SVM",
    class: "isolation, ordering, wrong decision, spurious failure",
  },
  configs: { ci: {} },
  shared: k,
  actors: { gpu, munmap, restore },
  always: {
    nobody_is_killed_for_a_good_access: claim(
      "no fatal fault is reported for an access that came before munmap()",
      k.killed.not(),
    ),
    gpu_maps_only_what_is_mapped: k.gpu_pte.implies(k.vma),
  },
  reachable: {
    stale_fault_is_handled: k.vma.not().and(some(restore, (r) => r.at("find_vma"))),
    gpu_maps_the_page: k.gpu_pte,
  },
  bugs: {
    fault_without_vma_is_fatal: {
      doc: "no VMA: -EFAULT, and the process gets a fatal GPU fault",
      from: "0cc53cb45066",
      breaks: "nobody_is_killed_for_a_good_access",
      order: ["gpu.access", "munmap.remove_vma", "restore.find_vma"],
      change: [
        replace(restore, "find_vma", [
          "if (!find_vma()) return -EFAULT: kfd_signal_vm_fault_event()",
          when(k.vma.not(), [set(k.killed, true), goto("mmap_unlock")]),
        ]),
      ],
    },
  },
  mutants: {
    vma_found_without_the_lock: {
      doc: "the VMA may be gone again when the page is mapped",
      from: "svm_range_restore_pages()",
      breaks: "gpu_maps_only_what_is_mapped",
      change: [
        insert_after(restore, "find_vma", {
          drop: ["mmap_read_unlock(mm)", up_read(k.mmap_lock)],
        }),
        replace(restore, "mmap_unlock", ["return", goto("fault")]),
        replace(restore, "find_vma", [
          "if (!vma_lookup()) return 0",
          when(k.vma.not(), [up_read(k.mmap_lock), goto("mmap_unlock")]),
        ]),
      ],
    },
  },
});
