/** What the language refuses by type. Never run: the type checker is the test. */
import {
  actor,
  array,
  goto,
  none,
  oneOf,
  proc,
  range,
  scalarset,
  self,
  set,
  shared,
  wait,
  when,
} from "mmrace";
import { test } from "vitest";

const Page = scalarset("Page", 2);
const Frame = scalarset("Frame", { sys: 2, vram: 1 });
const k = shared({
  pte: array(Page, oneOf("present", "none")),
  frame: array(Page, Frame),
  owner: proc,
  seq: range(0, 3),
});

test("values of another type", () => {
  // @ts-expect-error no such name in the enumeration
  set(k.pte.at(none), "mapped");
  // @ts-expect-error a page is not a frame
  set(k.frame.at(none), actor("x", { p: Page }, () => ({})).me.p);
  // @ts-expect-error an integer is not a process
  set(k.owner, 1);
  // @ts-expect-error not a condition
  wait(k.seq);
});

test("host operators", () => {
  // @ts-expect-error an expression is never equal to a literal
  if (k.seq === 3) return;
  // @ts-expect-error no arithmetic on expressions
  return k.seq + 1;
});

test("order of things that have none", () => {
  // @ts-expect-error processes have no order
  k.owner.lt(self);
  // @ts-expect-error pages have no arithmetic
  k.frame.at(none).plus(1);
});

test("labels", () => {
  actor("ok", {}, () => ({
    a: ["a", goto("b"), when(k.owner.eq(none), [goto("a")]).otherwise([goto("done")])],
    b: ["b", goto("a")],
  }));
  actor("top", {}, () => ({
    // @ts-expect-error no such label
    a: ["a", goto("nowhere")],
  }));
  actor("inside", {}, () => ({
    // @ts-expect-error no such label, inside a when
    a: ["a", when(k.owner.eq(none), [goto("nowhere")])],
  }));
});
