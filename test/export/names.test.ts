/** Names survive the target languages, and the two ways in which they once did not. */
import { describe, expect, it } from "vitest";
import { exportModel, TARGETS } from "../../model/export/index.ts";
import { commentText, createNamer, quotedText } from "../../model/export/names.ts";
import { build as b, type Model } from "../../model/ir/index.ts";
import { hostileNames } from "./support/hostile.ts";

describe("the namer", () => {
  it("keeps a name that is free", () => {
    expect(createNamer(["end"]).take("cpu_pte")).toBe("cpu_pte");
  });

  it.each([
    ["a reserved word", ["end", "step"], ["end", "step"], ["end_2", "x_step_2"]],
    ["one of a family", [], ["step_0", "step_x"], ["x_step_0", "step_x"]],
    ["no other case", ["Init"], ["init"], ["init"]],
    ["the same wish twice", [], ["pc", "pc", "pc"], ["pc", "pc_2", "pc_3"]],
    ["a wish that looks like a made-up name", [], ["pc", "pc_2", "pc"], ["pc", "pc_2", "pc_3"]],
    ["dots and arrows", [], ["fault.take_lock", "mm->seq"], ["fault_take_lock", "mm_seq"]],
    ["names that meet after mangling", [], ["a.b", "a_b"], ["a_b", "a_b_2"]],
    ["a leading underscore or digit", [], ["_pid", "2nd"], ["pid", "x2nd"]],
  ])("changes %s", (_, reserved, wishes, names) => {
    const namer = createNamer(reserved, /^step_\d+$/);
    expect(wishes.map((wish) => namer.take(wish))).toEqual(names);
  });

  it("frees inner names again", () => {
    const namer = createNamer([]);
    expect(namer.inner().take("p")).toBe("p");
    expect(namer.inner().take("p")).toBe("p");
    expect(namer.take("p")).toBe("p");
    expect(namer.inner().take("p")).toBe("p_2");
  });
});

describe("text from the model", () => {
  it("can't end a comment or a string", () => {
    expect(commentText("a */ b (* c *) \n d é")).toBe("a * / b ( * c * ) d ?");
    expect(quotedText('say "x" \\ 50%')).toBe("\"say 'x' / 50percent\"");
  });
});

describe("every target", () => {
  it.each(TARGETS)("%s takes hostile names without refusing", (target) => {
    const { files, refusals } = exportModel(hostileNames(), target, { name: "m", header: [] });
    expect(refusals).toEqual([]);
    expect(files.length).toBeGreaterThan(0);
  });
});

/**
 * Two steps, of which the first jumps back: were both one atomic step, a state would be missing.
 */
function jumping(label: string): Model {
  const steps = [
    b.step(label, "goto", b.set(b.shared("x"), b.int(1)), b.goto("other")),
    b.step("skipped", "never"),
    b.step("other", "after the jump", b.set(b.shared("x"), b.int(0)), b.goto(label)),
  ];
  return b.model(
    "jumping",
    [b.actor("a", steps)],
    { shared: [b.variable("x", b.range(0, 1))] },
    { always: { trivial: b.TRUE } },
  );
}

describe("Promela", () => {
  const text = (model: Model): string =>
    exportModel(model, "promela", { name: "m", header: [] }).files[0]?.text ?? "";

  it("has neither goto nor atomic: a jump out of atomic keeps the atomicity", () => {
    const code = text(jumping("start")).replace(/\/\*[\s\S]*?\*\//g, "");
    expect(code).not.toMatch(/\bgoto\b|\batomic\b/);
    expect(code).toContain("a_pc = a__other");
  });

  it("keeps a label `end` of the model apart from its own `end:`", () => {
    const code = text(jumping("end"));
    expect(code).toContain("#define a__end 0");
    expect(code.match(/^end:$/gm)).toHaveLength(2);
  });
});
