/** Claims about infinite runs, fairness and marks as specs write them. */
import {
  actor,
  always_eventually,
  bool,
  eventually,
  every,
  goto,
  idle,
  leads_to,
  progress,
  retry,
  type SpecInput,
  schedule_of,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import { type Model, validate } from "mmrace/ir";
import { describe, expect, it } from "vitest";

const k = shared({ busy: bool });

const client = actor("client", {}, () => ({
  ask: ["ask", idle(), when(k.busy, [retry(), goto("ask")])],
  serve: ["serve", progress(), set(k.busy, false), goto("ask")],
}))
  .fair("strong")
  .finite()
  .times(2);

function built(change: Partial<SpecInput> = {}, variant?: string): Model {
  const always = { calm: k.busy.not() };
  const input = { name: "tiny", configs: { ci: {} }, shared: k, actors: [client], always };
  const model = spec({ ...input, ...change }).build(variant ? { variant } : {});
  expect(validate(model)).toEqual([]);
  return model;
}

describe("marks", () => {
  it("in a branch are on the jump that ends it, at the top on the step", () => {
    const [ask, serve] = built().actors[0]?.steps ?? [];
    expect(ask?.mark).toBeUndefined();
    expect(ask?.body).toMatchObject([{ kind: "when", then: [{ kind: "goto", mark: "retry" }] }]);
    expect(serve?.mark).toBe("progress");
    expect(serve?.body.at(-1)).not.toHaveProperty("mark");
  });

  it("in a branch that does not jump are refused", () => {
    const odd = actor("odd", {}, () => ({ go: ["go", when(k.busy, [retry()])] }));
    expect(() => built({ actors: [odd] })).toThrow("retry() is misplaced");
    const lazy = actor("lazy", {}, () => ({ go: ["go", when(k.busy, [idle(), goto("go")])] }));
    expect(() => built({ actors: [lazy] })).toThrow("idle() is misplaced");
  });
});

describe("schedules", () => {
  const of = (model: Model) => {
    const [{ fairness, finite, count } = { fairness: "?", finite: "?", count: 0 }] = model.actors;
    return { fairness, finite, count };
  };

  it("are declared on the actor and survive times()", () => {
    expect(of(built())).toEqual({ fairness: "strong", finite: true, count: 2 });
  });

  it("are changed by a variant", () => {
    const variants = {
      endless: { change: [schedule_of(client, { finite: false })] },
      unfair: { change: [schedule_of(client, { fairness: "none" })] },
    };
    const { finite: _, ...endless } = of(built({ variants }, "endless"));
    expect(endless).toEqual({ fairness: "strong", count: 2 });
    expect(built({ variants }, "endless").actors[0]).not.toHaveProperty("finite");
    expect(of(built({ variants }, "unfair"))).toMatchObject({ fairness: "none", finite: true });
  });
});

describe("claims", () => {
  it("are lowered with their sentence", () => {
    const asked = some(client, (c) => c.at("ask"));
    const served = every(client, (c) => c.at("serve"));
    const liveness = {
      once: eventually(served),
      again: always_eventually(served, "served again and again"),
      answered: leads_to(asked, served),
    };
    expect(built({ liveness }).liveness).toMatchObject([
      { kind: "eventually", name: "once" },
      { kind: "always_eventually", name: "again", doc: "served again and again" },
      { kind: "leads_to", name: "answered", from: { op: "exists" }, expr: { op: "forall" } },
    ]);
    expect(built()).not.toHaveProperty("liveness");
  });
});
