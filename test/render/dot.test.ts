import { spawnSync } from "node:child_process";
import { instance } from "@viz-js/viz";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DrawingFailed, toDot, toSvg } from "../../counterexamples/render/index.ts";
import { describeWith } from "../support/oracle.ts";
import { anyTrace } from "./arbitrary.ts";
import { expectGolden } from "./golden.ts";
import { allTraces, nasty, stalePte } from "./traces.ts";

const viz = await instance();

interface PlacedText {
  x: number;
  y: number;
  text: string;
}

/**
 * Texts of an SVG with their place: what a reader sees, whoever drew it. Ordered by text and
 * place.
 */
function placedTexts(svg: string): PlacedText[] {
  const found = svg.matchAll(/<text [^>]*?x="([-\d.]+)" y="([-\d.]+)"[^>]*>([^<]*)</g);
  const texts = [...found].map(([, x, y, text]) => {
    const plain = (text as string)
      .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
      .replace(/&(lt|gt|quot|amp);/g, (_, name: string) => ENTITIES[name] as string);
    return { x: Number(x), y: Number(y), text: plain };
  });
  return texts.sort((a, b) => a.text.localeCompare(b.text) || b.y - a.y || a.x - b.x);
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", quot: '"', amp: "&" };

/** Text by text, the furthest distance between two drawings. */
function furthest(a: PlacedText[], b: PlacedText[]): number {
  expect(a.map((t) => t.text)).toEqual(b.map((t) => t.text));
  const apart = a.map((t, i) => Math.hypot(t.x - (b[i]?.x ?? 0), t.y - (b[i]?.y ?? 0)));
  return Math.max(0, ...apart);
}

/** Boxes, bars, lines and heads of arrows: whatever has a colour. */
function shapes(svg: string): number {
  const all = [...svg.matchAll(/<(?:polygon|path|ellipse|rect) [^>]*>/g)].map(([tag]) => tag);
  const unseen = /fill="(none|transparent)" (stroke="[^"]*" stroke-width="0"|stroke="transparent")/;
  return all.filter((tag) => !unseen.test(tag)).length;
}

describe("swim lanes", () => {
  for (const [name, trace] of Object.entries(allTraces)) {
    it(`of ${name} look as recorded and draw without a diagnostic`, () => {
      const dot = toDot(trace);
      expectGolden(`${name}.dot`, dot);
      expect(viz.render(dot, { engine: "nop2" })).toMatchObject({ status: "success", errors: [] });
    });
  }

  it("draw without a diagnostic for any text", () => {
    fc.assert(
      fc.property(anyTrace, (trace) => {
        expect(viz.render(toDot(trace)).errors).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it("are ASCII, in Courier only, without clusters", () => {
    const dot = toDot(nasty);
    expect(dot).toMatch(/^[\x20-\x7e\n]*$/);
    expect([...dot.matchAll(/fontname="([^"]*)"/g)].map((m) => m[1])).toEqual(["Courier"]);
    expect(dot).not.toContain("subgraph");
  });
});

describe("SVG", () => {
  it("is drawn by the worker and holds every text", async () => {
    const svg = await toSvg(toDot(stalePte));
    expect(svg).toContain("<svg");
    for (const text of ["gpu_pte[va] = P1 | VALID", "no_foreign_map violated at step 14"]) {
      expect(svg).toContain(text);
    }
  });

  it("has the same texts at the same places in old and new Graphviz", async () => {
    for (const trace of [stalePte, nasty]) {
      const dot = toDot(trace);
      const [own, other] = [await toSvg(dot), viz.renderString(dot, { format: "svg" })];
      expect(placedTexts(own).length).toBeGreaterThan(10);
      expect(furthest(placedTexts(own), placedTexts(other))).toBeLessThan(2);
      expect(shapes(own)).toBe(shapes(other));
    }
  });

  it("does not depend on what was drawn before, or is drawn meanwhile", async () => {
    const dots = [stalePte, nasty, stalePte].map(toDot);
    const together = await Promise.all(dots.map((dot) => toSvg(dot)));
    const inTurn = [];
    for (const dot of dots) inTurn.push(await toSvg(dot));
    expect(inTurn).toEqual(together);
  });

  it("fails with the reason for a syntax error, and goes on working", async () => {
    await expect(toSvg("digraph { a -> ]")).rejects.toThrow(/syntax error in line 1/);
    await expect(toSvg("")).rejects.toThrow(DrawingFailed);
    await expect(toSvg("digraph { a }")).resolves.toContain("<svg");
  });

  it("gives up at the time limit", async () => {
    const edges = Array.from({ length: 6000 }, (_, i) => `n${i % 2500} -> n${(i * 7919) % 2500}`);
    const started = performance.now();
    await expect(toSvg(`digraph { ${edges.join("; ")} }`, { timeLimit: 300 })).rejects.toThrow(
      "no picture after 300 ms",
    );
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describeWith("dot", "native dot", () => {
  it("draws the same picture", async () => {
    for (const trace of Object.values(allTraces)) {
      const dot = toDot(trace);
      const drawn = spawnSync("dot", ["-Tsvg"], { input: dot, encoding: "utf8" });
      expect(drawn.status).toBe(0);
      expect(drawn.stderr).toBe("");
      const own = await toSvg(dot);
      expect(shapes(drawn.stdout)).toBe(shapes(own));
      expect(furthest(placedTexts(drawn.stdout), placedTexts(own))).toBeLessThan(8);
    }
  });
});
