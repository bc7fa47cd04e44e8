/** Our SVG is Graphviz's with less in it: everything that can be seen is still there. */
import { instance } from "@viz-js/viz";
import { describe, expect, it } from "vitest";
import { toDot } from "../../counterexamples/render/index.ts";
import { tidySvg } from "../../counterexamples/render/svg-tidy.ts";
import { allTraces, nasty, stalePte } from "./traces.ts";

const viz = await instance();

function count(svg: string, what: RegExp): number {
  return [...svg.matchAll(what)].length;
}

describe("a tidied SVG", () => {
  it("takes less than half, and keeps every text and every arrow", () => {
    for (const trace of Object.values(allTraces)) {
      const drawn = viz.renderString(toDot(trace), { format: "svg" });
      const tidy = tidySvg(drawn);
      expect(tidy.length).toBeLessThan(drawn.length / 2);
      expect(count(tidy, /<text/g)).toBe(count(drawn, /<text/g));
      expect(count(tidy, /<path/g)).toBe(count(drawn, /class="edge"/g));
    }
  });

  it("has balanced groups, and no name that leads nowhere", () => {
    for (const trace of [stalePte, nasty]) {
      const tidy = tidySvg(viz.renderString(toDot(trace), { format: "svg" }));
      expect(count(tidy, /<g[ >]/g)).toBe(count(tidy, /<\/g>/g));
      expect(tidy).not.toMatch(/xlink|<a |<!--|id="/);
      expect(tidy).toMatch(/^<svg [^>]*viewBox="[^>]*xmlns="http:\/\/www.w3.org\/2000\/svg">\n/);
    }
  });

  it("keeps tooltips", () => {
    const tidy = tidySvg(viz.renderString(toDot(stalePte), { format: "svg" }));
    expect(tidy).toContain("<g><title>gpu_fault.step_2 (specs/example/spec.ts:11)</title>\n<rect");
  });

  it("makes boxes of polygons and of round paths, and of nothing else", () => {
    const box = '<polygon fill="red" points="10,0 2,0 2,-8 10,-8 10,0"/>';
    const slanted = '<polygon fill="red" points="10,0 2,1 2,-8 10,-8 10,0"/>';
    const tidy = tidySvg(`<svg>\n${box}\n${slanted}\n</svg>`).split("\n");
    expect(tidy[1]).toBe('<rect fill="red" x="2" y="-8" width="8" height="8"/>');
    expect(tidy[2]).toBe(slanted);
  });
});
