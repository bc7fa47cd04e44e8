/** The scheme that spec.ts speaks of: what is shared, and who does what to it. */
import {
  actor,
  assert,
  goto,
  oneOf,
  progress,
  range,
  retry,
  set,
  shared,
  wait,
  when,
} from "mmrace";
import {
  forget_mmu_seq,
  kvm_mmu,
  kvm_mmu_invalidate_range_end,
  kvm_mmu_invalidate_range_start,
  mmu_invalidate_retry,
  read_mmu_seq,
  srcu_read_lock,
  srcu_read_unlock,
  srcu_struct,
  synchronize_srcu,
} from "mmrace/kernel";

const Pte = oneOf("none", "old_page", "new_page");

export const k = shared({
  kvm: kvm_mmu(2),
  srcu: srcu_struct(), // kvm->srcu
  memslot: oneOf("valid", "invalid", "none"), // invalid ones are found by notifiers
  mn_active_invalidate_count: range(0, 2),
  cpu_pte: Pte.init("old_page"),
  spte: Pte,
});

export const active = k.mn_active_invalidate_count;
export const in_progress = k.kvm.mmu_invalidate_in_progress;
const zap = set(k.spte, "none");

export const start = kvm_mmu_invalidate_range_start(k.kvm, [zap]);
const never_negative = assert("count_underflows", in_progress.gt(0), "an end without a start");
export const end = [never_negative, kvm_mmu_invalidate_range_end(k.kvm)];

export const invalidate = actor("invalidate", {}, () => ({
  inc: ["invalidate_range_start(): mn_active_invalidate_count++", set(active, active.plus(1))],
  start: [
    "  kvm_handle_hva_range(): under mmu_lock, if there is a memslot",
    when(k.memslot.ne("none"), [start]),
  ],
  set_pte: ["the mm changes its entry", set(k.cpu_pte, "new_page")],
  end: [
    "invalidate_range_end(): kvm_handle_hva_range(): the same",
    when(k.memslot.ne("none"), end),
  ],
  dec: ["  --mn_active_invalidate_count; rcuwait_wake_up()", set(active, active.minus(1))],
}))
  .times(2)
  .as("mm: invalidation");

export const swap = (memslot: "valid" | "invalid" | "none") => set(k.memslot, memslot);

export const update = actor("update", {}, () => ({
  invalid: [
    "kvm_invalidate_memslot(): kvm_swap_active_memslots(): wait, rcu_assign_pointer()",
    wait(active.eq(0)),
    swap("invalid"),
  ],
  synchronize: synchronize_srcu(k.srcu),
  flush: ["kvm_arch_flush_shadow_memslot()", zap],
  delete: [
    "kvm_delete_memslot(): kvm_swap_active_memslots(): wait, rcu_assign_pointer()",
    wait(active.eq(0)),
    swap("none"),
  ],
  create: [
    "kvm_create_memslot(): kvm_swap_active_memslots(): wait, rcu_assign_pointer()",
    wait(active.eq(0)),
    swap("valid"),
  ],
})).as("KVM_SET_USER_MEMORY_REGION");

export const vcpu = actor("vcpu", { page: Pte }, (me) => ({
  srcu_lock: ["vcpu_run(): kvm_vcpu_srcu_read_lock()", srcu_read_lock(k.srcu)],
  read_seq: ["kvm_mmu_faultin_pfn(): mmu_seq = mmu_invalidate_seq", read_mmu_seq(k.kvm)],
  find_slot: [
    "  kvm_vcpu_gfn_to_memslot(): a valid memslot, or no page",
    when(k.memslot.ne("valid"), [goto("again")]),
  ],
  get_pfn: ["  hva_to_pfn()", set(me.page, k.cpu_pte)],
  map: [
    "under mmu_lock: mmu_invalidate_retry(), or write the SPTE",
    when(mmu_invalidate_retry(k.kvm), [goto("again")]),
    set(k.spte, me.page),
    forget_mmu_seq(k.kvm),
    progress(),
    goto("srcu_unlock"),
  ],
  srcu_unlock: ["kvm_vcpu_srcu_read_unlock()", srcu_read_unlock(k.srcu), goto("done")],
  again: [
    "RET_PF_RETRY, or MMIO without a memslot: kvm_vcpu_srcu_read_unlock(); the guest tries again",
    srcu_read_unlock(k.srcu),
    forget_mmu_seq(k.kvm),
    retry(),
    goto("srcu_lock"),
  ],
})).as("vCPU");
