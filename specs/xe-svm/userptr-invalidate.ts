/**
 * The notifier of a userptr, in two passes (drivers/gpu/drm/xe/xe_userptr.c), in fault mode. One
 * step is not in the kernel: a second notifier waits for the flush that the first one has sent.
 */
import {
  bool,
  type Effect,
  type Expr,
  goto,
  none,
  type Ref,
  routine,
  set,
  wait,
  when,
} from "mmrace";
import {
  bind_jobs_wait,
  down_write,
  type Listeners,
  mmu_interval_set_seq,
  type PageOf,
  submit_tlb_flush,
  subscribers,
  type TwoPass,
  up_write,
  wait_tlb_flush,
  zap_device_pte,
} from "mmrace/kernel";
import { k } from "./userptr-state.ts";

const resv_wait = bind_jobs_wait([k.bind]);

/** xe_pt_zap_ptes(): what the tile has and nobody has invalidated; `flush` says that it had. */
function zap_ptes(page: Expr<PageOf>, flush: Ref<boolean>): Effect[] {
  const { tile_present, tile_invalidated } = k.uvma.at(page);
  const mapped = tile_present.and(tile_invalidated.not());
  return [
    set(flush, mapped),
    when(mapped, [zap_device_pte(k.gpu, page)]),
    set(tile_invalidated, true),
  ];
}

/** drm_gpusvm_unmap_pages(). */
export function dma_unmap(page: Expr<PageOf>): Effect[] {
  return [set(k.uvma.at(page).has_dma_mapping, false), set(k.uvma.at(page).dma_addr, none)];
}

/** xe_vma_userptr_invalidate_start() and xe_vma_userptr_invalidate_finish(). */
function two_pass(page: Expr<PageOf>): TwoPass {
  const uvma = k.uvma.at(page);
  return {
    kind: "two_pass",
    invalidate_start: (finish) =>
      routine("xe_vma_userptr_invalidate_start", { flush: bool }, (me) => ({
        notifier_lock: down_write(k.notifier_lock),
        set_seq: ["mmu_interval_set_seq()", mmu_interval_set_seq(k.mm.sub, k.notifier_lock)],
        pass1: [
          "if (!signaled && !finish_inuse) return &userptr->finish",
          when(k.bind.in_resv.and(uvma.finish_inuse.not()), [
            set(uvma.finish_inuse, true),
            set(finish, true),
            goto("unlock"),
          ]),
        ],
        resv_wait: ["do_inval(): dma_resv_wait_timeout(BOOKKEEP)", ...resv_wait],
        initial_bind: [
          "if (!userptr->initial_bind) there is nothing to zap",
          when(uvma.initial_bind.not(), [goto("dma_unmap")]),
          when(uvma.finish_inuse, [goto("invalidate")]),
        ],
        invalidate_submit: [
          "finish_inuse = tlb_inval_submitted = true; xe_vm_invalidate_vma_submit(): zap",
          set(uvma.finish_inuse, true),
          set(uvma.tlb_inval_submitted, true),
          ...zap_ptes(page, me.flush),
        ],
        submit: [
          "xe_tlb_inval_range_tilemask_submit(); return &userptr->finish",
          when(me.flush, [submit_tlb_flush(k.gpu)]),
          set(finish, true),
          goto("unlock"),
        ],
        invalidate: ["xe_vm_invalidate_vma(): zap", ...zap_ptes(page, me.flush)],
        join: [
          "xe_tlb_inval_batch_wait(&userptr->inval_batch) /* not in 7.3 */",
          wait(uvma.tlb_inval_submitted.not().or(k.gpu.flush_pending.not())),
        ],
        tlb_submit: [
          "xe_tlb_inval_range_tilemask_submit(tile_mask)",
          when(me.flush.not(), [goto("dma_unmap")]),
          submit_tlb_flush(k.gpu),
        ],
        tlb_wait: ["xe_tlb_inval_batch_wait()", wait_tlb_flush(k.gpu)],
        dma_unmap: ["drm_gpusvm_unmap_pages()", ...dma_unmap(page)],
        unlock: ["up_write(&gpusvm->notifier_lock)", up_write(k.notifier_lock)],
      })),
    invalidate_finish: routine("xe_vma_userptr_invalidate_finish", { flush: bool }, (me) => ({
      notifier_lock: down_write(k.notifier_lock),
      submitted: [
        "if (userptr->tlb_inval_submitted)",
        when(uvma.tlb_inval_submitted, [goto("batch_wait")]),
      ],
      resv_wait: ["do_inval(): dma_resv_wait_timeout(BOOKKEEP)", ...resv_wait],
      invalidate: [
        "if (initial_bind) xe_vm_invalidate_vma(): zap",
        when(uvma.initial_bind, zap_ptes(page, me.flush)).otherwise([set(me.flush, false)]),
        when(me.flush.not(), [goto("dma_unmap")]),
      ],
      tlb_submit: ["xe_tlb_inval_range_tilemask_submit()", submit_tlb_flush(k.gpu)],
      tlb_wait: ["xe_tlb_inval_batch_wait()", wait_tlb_flush(k.gpu), goto("dma_unmap")],
      batch_wait: [
        "xe_tlb_inval_batch_wait(&userptr->inval_batch); tlb_inval_submitted = false",
        wait_tlb_flush(k.gpu),
        set(uvma.tlb_inval_submitted, false),
      ],
      dma_unmap: [
        "finish_inuse = false; drm_gpusvm_unmap_pages()",
        set(uvma.finish_inuse, false),
        ...dma_unmap(page),
      ],
      unlock: ["up_write(&gpusvm->notifier_lock)", up_write(k.notifier_lock)],
    })),
  };
}

/** Who hears that something happens to the page. */
export function userptr_notifier(page: Expr<PageOf>): Listeners {
  const callback = () => two_pass(page);
  return subscribers(k.mm.subs, { intervals: [{ sub: k.mm.sub, callback }] });
}
