/**
 * A process exits while a device still has its PASID: the PASID goes to another process before the
 * device has let go of it.
 *
 * Claim    A PASID that a device uses belongs to the mm that it was bound to, because it is freed
 *          with the last reference of the mm_struct, and each binding holds one.
 * Source   "iommu/sva: Fix PASID use-after-free issue" (Fixes 701fac40384f), iommu
 *          <20220428180041.806809-1-fenghua.yu@intel.com>; kernel/fork.c: __mmput, __mmdrop,
 *          mm_pasid_drop; drivers/iommu/iommu-sva.c: iommu_sva_unbind_device.
 * Omits    the release callback of the notifier, which takes the page table away from the device;
 *          several devices and PASIDs; who closes the file of the device (exit_files() of the same
 *          process, or another one that has it, too).
 */
import {
  actor,
  assert,
  idle,
  insert_after,
  insert_before,
  move_after,
  oneOf,
  remove,
  ret,
  routine,
  set,
  shared,
  spec,
  wait,
  when,
} from "mmrace";
import { refcount, refcount_dec_and_test } from "mmrace/kernel";

const k = shared({
  mm_users: refcount(1, 1),
  mm_count: refcount(2, 2), // of all mm_users together, and of the binding
  pasid: oneOf("of_this_mm", "free", "of_another_mm"),
});

const mm_pasid_drop = set(k.pasid, "free");

const mmdrop = () =>
  routine("mmdrop", {}, () => ({
    put: [
      "mmdrop(): atomic_dec_and_test(&mm->mm_count)",
      refcount_dec_and_test(k.mm_count, []),
      when(k.mm_count.count.gt(0), [ret()]),
    ],
    free: ["  __mmdrop(): mm_pasid_drop(mm); free_mm(mm)", mm_pasid_drop],
  }));

const exit = actor("exit", {}, () => ({
  mmput: ["exit_mm(): mmput()", refcount_dec_and_test(k.mm_users, [])],
  exit_mmap: ["  __mmput(): exit_mmap(mm)"],
  mmdrop: mmdrop(),
})).as("the process exits");

const release = actor("release", {}, () => ({
  drain: [
    "iommu_sva_unbind_device(): drain the page requests of the PASID",
    assert("pasid_use_after_free", k.pasid.eq("of_this_mm"), "the PASID belongs to somebody else"),
  ],
  mmdrop: mmdrop(),
})).as("the file of the device is closed");

const other = actor("other", {}, () => ({
  bind: [
    "iommu_sva_alloc_pasid() of another process",
    idle(),
    wait(k.pasid.eq("free")),
    set(k.pasid, "of_another_mm"),
  ],
}));

export default spec({
  name: "pasid-freed-before-unbind",
  doc: "the PASID of a process that exits is free before the device has let go of it",
  race: { year: 2022, subsystem: "iommu/sva", class: "use-after-free / lifetime" },
  configs: { ci: {} },
  shared: k,
  actors: { exit, release, other },
  at_rest: {
    pasid_is_freed: k.pasid.ne("of_this_mm"),
  },
  reachable: {
    process_is_gone_first: k.mm_users.count.eq(0).and(k.mm_count.count.eq(1)),
    pasid_is_used_again: k.pasid.eq("of_another_mm"),
  },
  bugs: {
    pasid_freed_with_the_last_user: {
      doc: "__mmput() drops the PASID, although bindings do not count as users",
      from: "iommu/sva: Fix PASID use-after-free issue (Fixes 701fac40384f)",
      breaks: "pasid_use_after_free",
      order: ["exit.mmput", "exit.pasid_drop", "release.drain"],
      change: [
        insert_after(exit, "exit_mmap", {
          pasid_drop: ["  __mmput(): mm_pasid_drop(mm)", mm_pasid_drop],
        }),
        remove(exit, "mmdrop.free"),
        remove(release, "mmdrop.free"),
      ],
    },
  },
  mutants: {
    binding_holds_no_reference: {
      doc: "the mm_struct, and its PASID with it, may be gone before the device lets go",
      from: "iommu_sva_bind_device()",
      breaks: "pasid_use_after_free",
      change: [
        insert_before(exit, "mmput", {
          no_grab: ["(nobody has called mmgrab())", refcount_dec_and_test(k.mm_count, [])],
        }),
        remove(release, "mmdrop.put"),
        remove(release, "mmdrop.free"),
      ],
    },
    drained_after_the_reference_is_put: {
      doc: "mmdrop() first, then the PASID is drained",
      from: "iommu_sva_unbind_device()",
      breaks: "pasid_use_after_free",
      change: [move_after(release, "drain", "mmdrop.free")],
    },
  },
});
