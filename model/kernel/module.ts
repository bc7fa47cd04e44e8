/**
 * struct module (kernel/module/main.c): its code is there until free_module(), which needs that
 * nobody holds a reference when delete_module() looks.
 *
 * Omits    loading; rmmod -f; other modules that depend on it; that rmmod may be called again after
 *          -EWOULDBLOCK.
 */
import {
  assert,
  bool,
  type Effect,
  type Effects,
  range,
  type SizeLike,
  type Struct,
  set,
  struct,
  when,
} from "../index.ts";

/** At most that many references at a time. */
export const module_struct = (references: SizeLike = 1) =>
  struct("module", {
    refcnt: range(0, references),
    /** MODULE_STATE_GOING: no new references. */
    going: bool,
    freed: bool,
  });
export type Module = Struct<ReturnType<typeof module_struct>>;

/** try_module_get(): fails from delete_module() on; one of the two lists of effects happens. */
export function try_module_get<L extends string = never>(
  mod: Module,
  got: Effects<L>,
  gone: Effects<L>,
): Effect<L> {
  return when<L>(mod.going.not(), [set(mod.refcnt, mod.refcnt.plus(1)), ...got]).otherwise<L>(gone);
}

/** module_put(). */
export function module_put(mod: Module): Effect {
  return set(mod.refcnt, mod.refcnt.minus(1));
}

/** try_stop_module() of delete_module(): `busy` (-EWOULDBLOCK) when it is referenced. */
export function try_stop_module<L extends string = never>(
  mod: Module,
  busy: Effects<L>,
): Effect<L> {
  return when<L>(mod.refcnt.gt(0), busy).otherwise([set(mod.going, true)]);
}

/** free_module(), after mod->exit(). */
export function free_module(mod: Module): Effect {
  return set(mod.freed, true);
}

/** A step runs code of the module. Finding `use_after_free` when it is gone. */
export function runs_code_of(mod: Module): Effect {
  return assert("use_after_free", mod.freed.not(), `code of ${mod.path} runs, and is freed`);
}
