/** `report` and `graph`. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderWith, run } from "./mmrace.ts";
import { deadlock, race, walkers } from "./specs.ts";

interface Page {
  traces: Record<string, { steps: { label: string; source: unknown }[]; headline: string }>;
  sources: Record<string, string>;
  first: string;
}

function dataOf(page: string): Page {
  const json = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)?.[1];
  return JSON.parse(json ?? "");
}

describe("report", () => {
  it("has every check, every counterexample, a tour, and the sources", () => {
    const folder = folderWith({ "race.spec.ts": race });
    const { code, out, err } = run(folder, ["report", ".", "-o", "pages/all.html"]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("2 checks: 2 as expected\npages/all.html written\n");
    const page = readFileSync(join(folder, "pages/all.html"), "utf8");
    expect(page).toContain("2 checks, all as expected");
    expect(page).toContain("violated, as it must");
    const { traces, sources, first } = dataOf(page);
    const broken = "race/ci/no_recheck_under_lock";
    expect(first).toBe(broken);
    expect(traces[broken]?.headline).toBe("no_stale_gpu_pte violated at step 10");
    expect(sources).toEqual({ "race.spec.ts": race });
    const place = { file: "race.spec.ts", line: expect.any(Number), href: "" };
    expect(traces[broken]?.steps[0]?.source).toEqual(place);
    const toured = Object.entries(traces).filter(([name]) => name.startsWith("race/ci#"));
    const labels = new Set(toured.flatMap(([, t]) => t.steps.map((s) => s.label)));
    expect(labels).toContain("recheck");
    expect(page).not.toContain("steps that the tours do not take");
  });

  it("is the same bytes every time", () => {
    const folder = folderWith({ "race.spec.ts": race });
    const texts = ["a.html", "b.html"].map((name) => {
      run(folder, ["report", ".", "-o", name]);
      return readFileSync(join(folder, name), "utf8");
    });
    expect(texts[0]).toBe(texts[1]);
  });

  it("begins with a surprise, and says so to the shell", () => {
    const folder = folderWith({ "a.spec.ts": race, "b.spec.ts": deadlock });
    const { code, out } = run(folder, ["report", "."]);
    expect(code).toBe(1);
    expect(out).toContain("deadlock after step 2");
    const page = readFileSync(join(folder, "report.html"), "utf8");
    expect(dataOf(page).first).toBe("deadlock/ci");
    expect(page).toContain("3 checks, 1 not as expected");
    expect(page).toContain("lock orders seen");
    expect(page).toContain('<span class="badge bad">violated</span>');
  });

  it("says which limit was hit", () => {
    const folder = folderWith({ "w.spec.ts": walkers });
    const { code } = run(folder, ["report", ".", "--config", "wide", "--max-states", "100"]);
    expect(code).toBe(3);
    const page = readFileSync(join(folder, "report.html"), "utf8");
    expect(page).toContain('<span class="badge warn">incomplete</span></td><td>--max-states');
  });

  it("leaves mutants out when told, and links to where sources are kept", () => {
    const folder = folderWith({ "race.spec.ts": race });
    const link = "https://git.example.org/{file}#n{line}";
    run(folder, ["report", ".", "--no-mutants", "--source-link", link, "--title", "a <b>"]);
    const page = readFileSync(join(folder, "report.html"), "utf8");
    const { traces } = dataOf(page);
    expect(Object.keys(traces).every((name) => name.startsWith("race/ci#"))).toBe(true);
    expect(page).toContain("https://git.example.org/race.spec.ts#n");
    expect(page).toContain("<h1>a &lt;b&gt;</h1>");
  });

  it.each([
    [["-o", "report.pdf"], "report.pdf: not a page"],
    [["--source-link", "https://x/"], "--source-link https://x/: no {file} in it"],
    [["--source-link", "javascript:{file}"], "not a link"],
    [["--variant", "x", "--no-mutants"], "--variant and --no-mutants exclude each other"],
    [["--outptu", "x"], "unknown option --outptu"],
  ])("refuses %j", (args, message) => {
    const folder = folderWith({ "race.spec.ts": race });
    const { code, out, err } = run(folder, ["report", ".", ...args]);
    expect(err).toContain(message);
    expect([code, out]).toEqual([2, ""]);
    expect(readdirSync(folder)).toEqual(["race.spec.ts"]);
  });
});

describe("graph", () => {
  const graph = (text: string, ...args: string[]) =>
    run(folderWith({ "x.spec.ts": text }), ["graph", "x.spec.ts", ...args]);

  it("has the states that check counts", () => {
    const { code, out, err } = graph(race);
    expect(out).toContain('label="race: 40 states, 62 transitions"');
    expect([code, err]).toEqual([0, ""]);
    expect(out).not.toContain("penwidth=2.4");
  });

  it("marks the counterexample's path", () => {
    const { out } = graph(race, "--variant", "no_recheck_under_lock");
    expect(out.match(/penwidth=2.4/g)).toHaveLength(10);
    expect(out).toContain("violates no_stale_gpu_pte");
  });

  it("names the limit that cuts it off, and keeps the path", () => {
    const args = ["--variant", "no_recheck_under_lock", "--max-states", "3"];
    const { code, out, err } = graph(race, ...args);
    expect(err).toContain("the model is larger: 12 of its states are drawn (--max-states 3)");
    expect(out.match(/penwidth=2.4/g)).toHaveLength(10);
    expect(code).toBe(0);
  });

  it("draws SVG", () => {
    const folder = folderWith({ "x.spec.ts": deadlock });
    const { code, err } = run(folder, ["graph", ".", "-o", "g.svg"]);
    expect([code, err]).toEqual([0, ""]);
    expect(readFileSync(join(folder, "g.svg"), "utf8")).toContain("violates deadlock");
  });

  it("refuses other pictures and other specs", () => {
    expect(graph(race, "-o", "g.png").err).toContain("end the name with .dot or .svg");
    expect(graph(race, "--variant", "nope").err).toContain("no variant is called nope");
    expect(graph(race, "--limit", "3").err).toContain("unknown option --limit");
    const folder = folderWith({ "a.spec.ts": race });
    writeFileSync(join(folder, "b.spec.ts"), deadlock);
    const several = run(folder, ["graph", "."]);
    expect(several.err).toContain("holds several specs");
    expect(several.code).toBe(2);
  });
});
