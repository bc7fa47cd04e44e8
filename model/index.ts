/** The language: what a spec imports. Kernel objects are in `mmrace/kernel`. */
export {
  type Actor,
  actor,
  type Instance,
  type Routine,
  routine,
  type StepOf,
  type Steps,
} from "./dsl/actor.ts";
export {
  assert,
  assert_holds_none,
  block,
  choose,
  type Effect,
  type Effects,
  each,
  either,
  goto,
  idle,
  lockEvent,
  may_fail,
  progress,
  rare,
  ret,
  retry,
  set,
  wait,
  when,
} from "./dsl/effect.ts";
export {
  all,
  any,
  type Claim,
  claim,
  count,
  type Expr,
  exists,
  forall,
  int,
  ite,
  not,
  type Ref,
  self,
  type_of,
  type Value,
  value,
} from "./dsl/expr.ts";
export { type Frame, type Locate, SpecError } from "./dsl/frames.ts";
export { every, some } from "./dsl/instance.ts";
export {
  type Change,
  count_of,
  insert_after,
  insert_before,
  local_of,
  move_after,
  move_before,
  remove,
  replace,
  schedule_of,
  swap,
} from "./dsl/mutate.ts";
export { rarely } from "./dsl/rarely.ts";
export {
  type Access,
  type ArrayRef,
  array,
  type Fields,
  type Struct,
  type StructType,
  shared,
  struct,
} from "./dsl/shared.ts";
export { type Size, type SizeLike, size } from "./dsl/size.ts";
export {
  type Bug,
  type BuildOptions,
  type Config,
  type Mutant,
  type RaceClass,
  type RaceInfo,
  type Spec,
  type SpecInput,
  spec,
  type Variant,
  type VariantInfo,
} from "./dsl/spec.ts";
export { always_eventually, eventually, leads_to, ltl, type Temporal } from "./dsl/temporal.ts";
export {
  bool,
  type Member,
  type None,
  none,
  oneOf,
  type Proc,
  proc,
  range,
  type Scalarset,
  scalarset,
  type Type,
} from "./dsl/type.ts";
