/**
 * Kernel objects, one per file, with the kernel's names. Specs import them from `mmrace/kernel`.
 */
export * from "./device.ts";
export * from "./device-hardware.ts";
export * from "./dma-fence.ts";
export * from "./dma-resv.ts";
export * from "./fault.ts";
export * from "./fault-6-1.ts";
export * from "./folio.ts";
export * from "./folio-lock.ts";
export * from "./fork.ts";
export * from "./hmm.ts";
export * from "./hmm-dma.ts";
export * from "./migrate.ts";
export * from "./mm.ts";
export * from "./mms.ts";
export * from "./mmu-interval-notifier.ts";
export * from "./mmu-interval-tree.ts";
export * from "./mremap.ts";
export * from "./mutex.ts";
export * from "./refcount.ts";
export * from "./rmap.ts";
export * from "./rwsem.ts";
export * from "./zap.ts";
