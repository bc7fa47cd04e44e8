/**
 * A lock-free reader looks at the exclusive fence, then at the shared ones, and finds the exclusive
 * fence unchanged: it is another one at the same address.
 *
 * Claim    Who finds no pending fence, and the sequence number unchanged, has seen an object that
 *          was idle at some time since. Comparing the pointer instead is not enough, because the
 *          memory of a fence may be used again even inside an RCU read section.
 * Source   "dma-buf: nuke reservation_object seq number" (5d344f58da76), taken back by "dma-buf:
 *          Restore seqlock around dma_resv updates" (b016cd6ed4b7); linaro-mm-sig
 *          <156502126144.28464.11399426968315988701@skylake-alporthouse-com> and the thread of
 *          <156580490488.2301.13016323606611473445@skylake-alporthouse-com>;
 *          drivers/dma-buf/dma-resv.c: dma_resv_add_excl_fence, dma_resv_wait_timeout_rcu,
 *          dma_resv_iter_first_unlocked (5.16: the scheme here; in 7.3 one list, and no seq).
 * Omits    waiting: who finds a pending fence says busy. Hence the references that a reader takes
 *          of pending fences; several shared fences; memory barriers, which are a point of the
 *          thread, too; that the list itself is replaced.
 */
import { claim, move_before, remove, some, spec } from "mmrace";
import { compare_pointers, device, idle_now, k, reader, writer } from "./scheme.ts";

export default spec({
  name: "dma-resv-seq-nuke-aba",
  doc: "an exclusive fence is replaced twice, and the second new one has the address of the first",
  race: {
    year: 2019,
    subsystem: "dma-buf dma_resv",
    class: "isolation, ordering, wrong decision, spurious failure",
  },
  configs: { ci: {} },
  shared: k,
  actors: { writer, device, reader },
  at_rest: {
    both_fences_signalled: claim("the object is idle", idle_now),
  },
  reachable: {
    same_address_another_number: some(reader, (r) =>
      r
        .at("retry")
        .and(k.seq.read.at(r.proc).eq("stale"), k.fence_excl.eq("a"), r.local.excl.eq("a")),
    ).and(k.a_pending),
    idle_object_is_found_idle: some(reader, (r) => r.at("idle")),
  },
  bugs: {
    pointer_compared_instead_of_the_number: {
      doc: "the reader tries again only if the exclusive fence is at another address",
      from: "5d344f58da76",
      breaks: "idle_while_busy",
      order: [
        ...["reader.excl", "reader.test_excl", "writer.store_f", "writer.init_g"],
        ...["writer.store_g", "reader.shared", "reader.retry", "reader.idle"],
      ],
      change: [compare_pointers],
    },
  },
  mutants: {
    number_not_compared_when_nothing_is_found: {
      doc: "dma_resv_wait_timeout_rcu(), which compares only if it has a fence to wait for",
      from: "drivers/dma-buf/dma-resv.c: dma_resv_wait_timeout_rcu()",
      breaks: "idle_while_busy",
      change: [remove(reader, "retry")],
    },
    stored_after_the_number: {
      doc: "the write section ends before the two stores",
      from: "dma_resv_add_excl_fence()",
      breaks: "idle_while_busy",
      change: [move_before(writer, "end_f", "store_f")],
    },
  },
});
