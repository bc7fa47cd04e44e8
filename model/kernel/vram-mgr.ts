/**
 * The allocator of VRAM blocks (drivers/gpu/drm/xe/xe_ttm_vram_mgr.c: xe_ttm_vram_mgr_new,
 * xe_ttm_vram_mgr_del; drivers/gpu/buddy.c: gpu_buddy_alloc_blocks, gpu_buddy_free_block): a block
 * that is freed goes to the next owner, whoever it is, and nothing tells the old one.
 *
 * Rules    Only the owner frees a block, and once (gpu_buddy_free_block() of a free block is a
 *          BUG), and only the owner uses it: access after the block was freed is a finding, whether
 *          or not it has a new owner already.
 * Omits    sizes, splitting and merging; requests that never fit (-E2BIG); placements, so that any
 *          free block will do; the part that the CPU can see; clearing; the manager's mutex (each
 *          call is one step); that TTM keeps a resource until its fences have signalled.
 */
import {
  assert,
  block,
  choose,
  type Effect,
  type Effects,
  type Expr,
  exists,
  none,
  type Ref,
  set,
  type Type,
  when,
} from "../index.ts";

/** All blocks, and whose each is: an array of the spec, none where a block is free. */
export interface VramMgr<B, O> {
  blocks: Type<B>;
  owner(block: Expr<B>): Ref<O>;
}

/** `none`, for owners of any kind. */
const nobody = <O>(): Expr<O> => none as unknown as Expr<O>;

/**
 * xe_ttm_vram_mgr_new(): any free block becomes the owner's, or `full` happens (-ENOSPC). First in
 * a step; `target` means nothing when it was full.
 */
export function vram_mgr_new<B, O, L extends string = never>(
  mgr: VramMgr<B, O>,
  owner: Expr<O>,
  target: Ref<B>,
  full: Effects<L>,
): Effect<L> {
  const is_free = (b: Expr<B>): Expr<boolean> => mgr.owner(b).eq(nobody<O>());
  const take = [set(mgr.owner(target), owner)];
  return block<L>(
    choose(target, is_free(target).or(exists(mgr.blocks, is_free).not())),
    when<L>(is_free(target), take).otherwise<L>(full),
  );
}

/** xe_ttm_vram_mgr_del(). Finding `vram_freed_by_stranger`, also when it is freed twice. */
export function vram_mgr_del<B, O>(mgr: VramMgr<B, O>, owner: Expr<O>, target: Expr<B>): Effect {
  return block(
    assert("vram_freed_by_stranger", mgr.owner(target).eq(owner), "a block of somebody else"),
    set(mgr.owner(target), nobody<O>()),
  );
}

/** The block is read or written for its owner. Finding `vram_of_another` after it was freed. */
export function vram_access<B, O>(mgr: VramMgr<B, O>, owner: Expr<O>, target: Expr<B>): Effect {
  return assert("vram_of_another", mgr.owner(target).eq(owner), "the block was freed, or reused");
}
