import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ladder, type ReportRun, toReport, verdictOf } from "../../counterexamples/render/index.ts";
import type { Trace } from "../../model/ir/trace.ts";
import { describeWith } from "../support/oracle.ts";
import { abba, allTraces, lasso, long, nasty, stalePte } from "./traces.ts";

function runOf(trace: Trace, more: Partial<ReportRun> = {}): ReportRun {
  return {
    spec: trace.model,
    config: trace.config,
    variant: trace.variant,
    verdict: "violated",
    detail: trace.violation?.property ?? "",
    states: 12345,
    transitions: 67890,
    depth: trace.steps.length,
    coverage: [
      { actor: "gpu_fault", label: "map", fired: 3 },
      { actor: "gpu_fault", label: "again", fired: 0 },
    ],
    reachable: [{ name: "gpu_maps_a_page", reached: true }],
    findings: [],
    trace,
    tour: [],
    missed: [],
    asExpected: false,
    ...more,
  };
}

/** The same trace as a tour of a scheme that holds. */
function calm(trace: Trace): Trace {
  const { violation: _, why: __, ...rest } = trace;
  return rest;
}

const holding = runOf(abba, { verdict: "holds", detail: "", tour: [calm(abba)], variant: "" });
const { trace: _, ...passing } = holding;
const page = toReport({
  title: "mmrace: <b>all</b> & more",
  subtitle: "version 1 </script> <!-- x",
  runs: [
    runOf(stalePte, { asExpected: true }),
    runOf(nasty),
    runOf(long, { variant: "long" }),
    runOf(lasso, { variant: "lasso" }),
    runOf(abba, { variant: "abba" }),
    { ...passing, spec: "holds", findings: ["label never fired: <x>"] },
  ],
  links: { source: "https://git.example.org/{file}#n{line}" },
});

describe("the report", () => {
  it("is one file that may not reach for the network", () => {
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/<(?:script|link|img|iframe)[^>]*\b(?:src|href)=/i);
    expect(page).not.toMatch(/@import|url\(/);
  });

  it("escapes what specs say, also inside the data", () => {
    expect(page).toContain("mmrace: &lt;b&gt;all&lt;/b&gt; &amp; more");
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(page.match(/<\/script>/g)).toHaveLength(2);
  });

  it("is the same text every time", () => {
    const input = {
      title: "t",
      subtitle: "s",
      runs: Object.values(allTraces).map((t) => runOf(t)),
    };
    expect(toReport(input)).toBe(toReport(structuredClone(input)));
  });
});

describeWith("chromium", "the report in a browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "mmrace-report-"));
  const path = join(folder, "report.html");
  const address = pathToFileURL(path).href;
  const trouble: string[] = [];
  let browser: Browser;
  let tab: Page;

  const open = async (hash: string): Promise<void> => {
    await tab.goto("about:blank");
    await tab.goto(address + hash);
  };
  const text = (selector: string): Promise<string> => tab.locator(selector).innerText();
  const at = (name: string, step: number): string => `#${encodeURIComponent(name)}/step=${step}`;
  const stale = "svm-fault/small/pte_written_after_unlock";

  beforeAll(async () => {
    writeFileSync(path, page);
    browser = await chromium.launch({
      executablePath: "/usr/bin/chromium",
      args: ["--no-sandbox"],
    });
    const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    tab = await context.newPage();
    tab.on("console", (m) => trouble.push(m.text()));
    tab.on("pageerror", (e) => trouble.push(e.message));
    tab.on("request", (r) => {
      if (!/^(file|about):/.test(r.url())) trouble.push(r.url());
    });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("opens a deep link, moves by key, button, slider and click, and keeps the link", async () => {
    await open(at(stale, 3));
    expect(await text("#count")).toBe("step 3 of 14");
    await tab.keyboard.press("ArrowRight");
    expect(await text("#count")).toBe("step 4 of 14");
    await tab.keyboard.press("k");
    await tab.keyboard.press("k");
    expect(await text("#count")).toBe("step 2 of 14");
    await tab.keyboard.press("End");
    expect(await text("#count")).toBe("step 14 of 14");
    await tab.keyboard.press("Home");
    expect(await text("#count")).toBe("step 0 of 14");
    await tab.locator("#next").click();
    await tab.locator("#slider").fill("9");
    expect(await text("#count")).toBe("step 9 of 14");
    await tab.locator("#lanes-body tr").nth(12).click();
    expect(await tab.evaluate("location.hash")).toBe(at(stale, 13));
  });

  it("shows the step before and now, also for changed cells only and filtered", async () => {
    await open(at(stale, 13));
    expect(await text("#state tr.hot >> nth=0")).toMatch(/pfn\s+none\s+P1/);
    await tab.locator("#changed").check();
    expect(await tab.locator("#state tr:not(.group)").count()).toBe(2);
    await tab.locator("#filter").fill("valid");
    expect(await tab.locator("#state tr:not(.group)").count()).toBe(1);
    await tab.locator("#changed").uncheck();
    await tab.locator("#filter").fill("svm->lock");
    expect(await text("#state")).toMatch(/svm->lock.owner\s+none/);
  });

  it("agrees with the trace on every state", async () => {
    await open(at(stale, 0));
    const seen = await tab.evaluate("states.map((s) => [...s])");
    const states = [Object.fromEntries(stalePte.initial.map((c) => [c.name, c.value]))];
    for (const step of stalePte.steps) {
      const changes = step.changes.map((c) => [c.name, c.to]);
      states.push({ ...states.at(-1), ...Object.fromEntries(changes) });
    }
    expect((seen as [string, string][][]).map((s) => Object.fromEntries(s))).toEqual(states);
  });

  it("evaluates watch expressions at every step", async () => {
    await open(at(stale, 0));
    const watch = async (expression: string): Promise<string> => {
      await tab.locator("#watch").fill(expression);
      await tab.locator("#watch-form button").click();
      return text("#watches tr:last-child td:nth-child(2)");
    };
    expect(await watch("gpu_fault.seq + 1 == 1 && !(page[P1].owner != task_a)")).toBe("true");
    expect(await watch("gpu_pte[v0].valid => page[gpu_pte[v0].pfn].owner == task_a")).toBe("true");
    expect(await watch("gpu_fault.seq <= 3 ? gpu_pte[v0].pfn : page[P1].owner")).toBe("none");
    expect(await watch("gpu_fault.seq ==")).toMatch(/^\? the expression ends/);
    expect(await watch("gpu_fault.seq && true")).toMatch(/neither true nor false/);
    await tab.locator("#lanes-body tr").nth(13).click();
    const now = await tab.locator("#watches td:nth-child(2)").allInnerTexts();
    expect(now.slice(0, 3)).toEqual(["false", "false", "task_b"]);
    await tab.locator("#watches button").first().click();
    expect(await tab.locator("#watches tr").count()).toBe(4);
  });

  it("links a step to its line in the spec and to the kernel's functions", async () => {
    await open(at(stale, 3));
    const links = await tab
      .locator("#where a")
      .evaluateAll((all) => all.map((a) => [a.textContent, a.getAttribute("href")]));
    expect(links).toEqual([
      ["specs/example/spec.ts:12", "https://git.example.org/specs/example/spec.ts#n12"],
      ["mmap_read_lock", "https://elixir.bootlin.com/linux/latest/A/ident/mmap_read_lock"],
    ]);
  });

  it("copies the ladder", async () => {
    await open(at(stale, 3));
    await tab.locator("#copy").click();
    await tab.locator("#copied", { hasText: "copied" }).waitFor();
    expect(await tab.evaluate("navigator.clipboard.readText()")).toBe(ladder(stalePte));
  });

  it("shows all other traces as text, whatever is in them", async () => {
    await open(at('a<b>&"c"\\d|{e}/small/na\u00efve', 7));
    expect(await text("#lanes-body tr:nth-child(1)")).toContain('puts("\\n"); }');
    expect(await tab.locator("#viewer b", { hasText: "bold" }).count()).toBe(0);
    await open(at("example/small/lasso", 4));
    expect(await text("#lanes-body tr:nth-child(2)")).toContain("\u21bb 2");
    await open(at("abba/small/abba", 2));
    expect(await text("#lanes-body tr:last-child")).toContain("held by evict");
    await open(at("holds/small#1", 0));
    expect(await text("#verdict")).toBe("no violation");
    await open(at("example/small/long", 500));
    expect(await text("#verdict")).toContain(verdictOf(long).headline);
  });

  it("links every trace of the summary", async () => {
    await open("");
    const links = tab.locator("table.runs a");
    expect(await links.count()).toBe(6);
    for (let i = 0; i < 6; i++) {
      await links.nth(i).click();
      const chosen = tab.locator("tr[data-run].sel a").first();
      await expect.poll(() => chosen.innerText()).toBe(await links.nth(i).innerText());
      expect(await tab.locator("tr[data-run].sel").count()).toBe(1);
    }
  });

  it("fits the window without a sideways scroll, in both colour schemes and on paper", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      await tab.emulateMedia({ colorScheme });
      await open(at(stale, 13));
      const over = "document.documentElement.scrollWidth - innerWidth";
      expect(await tab.evaluate(over)).toBeLessThanOrEqual(0);
    }
    await tab.emulateMedia({ media: "print" });
    expect(await tab.locator("#slider").isVisible()).toBe(false);
    expect(await tab.locator("#lanes-body tr").last().isVisible()).toBe(true);
    await tab.emulateMedia({ media: "screen" });
  });

  it("never complained, and asked nobody for anything", () => {
    expect(trouble).toEqual([]);
  });
});
