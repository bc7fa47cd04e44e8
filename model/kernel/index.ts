/**
 * Kernel objects, one per file, with the kernel's names. Specs import them from `mmrace/kernel`.
 */
export * from "./device.ts";
export * from "./device-hardware.ts";
export * from "./dma-fence.ts";
export * from "./dma-resv.ts";
export * from "./fault.ts";
export * from "./folio.ts";
export * from "./folio-lock.ts";
export * from "./hmm.ts";
export * from "./migrate.ts";
export * from "./mm.ts";
export * from "./mmu-interval-notifier.ts";
export * from "./mutex.ts";
export * from "./refcount.ts";
export * from "./rwsem.ts";
export * from "./zap.ts";
