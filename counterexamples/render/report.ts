/**
 * The report: one self-contained page with all verdicts, coverage, lock orders, and every
 * counterexample to step through. It may not reach for the network (Content-Security-Policy), and
 * everything that came from a spec stands in it as text.
 */
import type { Trace } from "../../model/ir/trace.ts";
import { type LinkTemplates, type PageTrace, pageTrace } from "./report-data.ts";
import { REPORT_SCRIPT } from "./report-script.ts";
import { REPORT_STYLE } from "./report-style.ts";

export interface ReportRun {
  spec: string;
  config: string;
  /** Empty for the scheme itself. */
  variant: string;
  verdict: "holds" | "violated" | "incomplete";
  /** A scheme that holds, a mutant that violates what it must: shown as good. */
  asExpected: boolean;
  /** What was violated or should have been, or which limit was met. */
  detail: string;
  states: number;
  transitions: number;
  depth: number;
  coverage: { actor: string; label: string; fired: number }[];
  reachable: { name: string; reached: boolean }[];
  findings: string[];
  /** The counterexample. */
  trace?: Trace;
  /** For a scheme that holds: the few runs that together take every step. */
  tour: Trace[];
  /** `actor.label` of the steps that none of them takes. */
  missed: string[];
  /** Lock orders as SVG, drawn by Graphviz. */
  lockGraph?: string;
}

export interface ReportInput {
  title: string;
  /** One line below the title: version, revision, options. */
  subtitle: string;
  runs: ReportRun[];
  /** Text of source files, by the name that steps use for them; shown beside the step. */
  sources?: Record<string, string>;
  links?: Partial<LinkTemplates>;
}

const LINKS: LinkTemplates = {
  source: "",
  kernel: "https://elixir.bootlin.com/linux/latest/A/ident/{name}",
};

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/** The page's HTML. */
export function toReport(input: ReportInput): string {
  const links = { ...LINKS, ...input.links };
  const traces: Record<string, PageTrace> = {};
  for (const run of input.runs) {
    const name = runName(run);
    if (run.trace) traces[name] = pageTrace(run.trace, name, links);
    run.tour.forEach((tour, i) => {
      traces[`${name}#${i + 1}`] = pageTrace(tour, `${name}: tour ${i + 1}`, links);
    });
  }
  const data = { traces, sources: input.sources ?? {}, first: firstOf(input.runs) };
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    `<title>${html(input.title)}</title><style>${REPORT_STYLE}</style></head><body>`,
    `<h1>${html(input.title)}</h1><p class="lead">${html(input.subtitle)}</p>`,
    summary(input.runs),
    VIEWER,
    ...input.runs.map(details),
    `<script type="application/json" id="data">${json(data)}</script>`,
    `<script>${REPORT_SCRIPT}</script></body></html>\n`,
  ].join("\n");
}

/** The trace to begin with: a surprise, if there is one. */
function firstOf(runs: ReportRun[]): string {
  const traced = runs.filter((run) => run.trace || run.tour.length > 0);
  const run = traced.find((r) => !r.asExpected) ?? traced.find((r) => r.trace) ?? traced[0];
  if (!run) return "";
  return run.trace ? runName(run) : `${runName(run)}#1`;
}

function runName(run: ReportRun): string {
  return [run.spec, run.config, run.variant].filter((part) => part !== "").join("/");
}

function html(text: string): string {
  return text
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;");
}

/** JSON that cannot end the script element it stands in. */
function json(value: unknown): string {
  return JSON.stringify(value)
    .replace(/</g, "\\u003c")
    .replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`);
}

function summary(runs: ReportRun[]): string {
  const heads = ["spec", "configuration", "variant", "verdict", "", "states", "transitions"];
  const head = [...heads, "depth", "traces"].map((h) => `<th>${h}</th>`).join("");
  const rows = runs.map((run) => {
    const name = runName(run);
    const cells = [run.spec, run.config, run.variant || "-"].map((t) => `<td>${html(t)}</td>`);
    const counts = [run.states, run.transitions, run.depth].map(
      (n) => `<td class="n">${n.toLocaleString("en-US")}</td>`,
    );
    const verdict = `<td>${badge(run)}</td><td>${html(run.detail)}</td>`;
    const row = [...cells, verdict, ...counts, `<td class="t">${traceLinks(run)}</td>`].join("");
    return `<tr data-run="${html(name)}">${row}</tr>`;
  });
  return (
    `<nav class="scroll"><table class="runs"><thead><tr>${head}</tr></thead>` +
    `<tbody>${rows.join("\n")}</tbody></table></nav>`
  );
}

function badge({ verdict, asExpected }: ReportRun): string {
  const kind = verdict === "incomplete" ? "warn" : asExpected ? "ok" : "bad";
  const note = verdict === "violated" && asExpected ? ", as it must" : "";
  return `<span class="badge ${kind}">${verdict}${note}</span>`;
}

function traceLinks(run: ReportRun): string {
  const name = runName(run);
  const to = (key: string, steps: number, text: string): string =>
    `<a href="#${encodeURIComponent(key)}/step=${steps}">${text}</a>`;
  const links = run.tour.map((t, i) =>
    to(`${name}#${i + 1}`, 0, `tour ${i + 1} (${t.steps.length})`),
  );
  if (run.trace) {
    const steps = run.trace.steps.length;
    links.unshift(to(name, steps, `${steps} steps`));
  }
  return links.join(" ");
}

function details(run: ReportRun): string {
  const parts = [
    ...run.findings.map((f) => `<p class="miss">${html(f)}</p>`),
    missed(run),
    coverage(run),
    run.lockGraph ? `<h3>lock orders seen</h3><div class="svg">${svg(run.lockGraph)}</div>` : "",
  ].filter((part) => part !== "");
  if (parts.length === 0) return "";
  const head = `<summary>${html(runName(run))}: coverage and locks</summary>`;
  return `<details>${head}${parts.join("\n")}</details>`;
}

function missed(run: ReportRun): string {
  if (run.missed.length === 0) return "";
  return `<p>steps that the tours do not take: ${html(run.missed.join(", "))}</p>`;
}

/** Without the XML head, which has no place inside HTML. */
function svg(text: string): string {
  return text.slice(text.indexOf("<svg"));
}

function coverage(run: ReportRun): string {
  const facts = run.reachable.map(({ name, reached }) =>
    reached
      ? `<li>${html(name)}: reached</li>`
      : `<li class="miss">${html(name)}: not reached</li>`,
  );
  const actors = [...new Set(run.coverage.map((c) => c.actor))];
  const rows = actors.map((actor) => {
    const labels = run.coverage.filter((c) => c.actor === actor);
    const never = labels.filter((c) => c.fired === 0).map((c) => html(c.label));
    const missed = never.length > 0 ? ` <span class="never">never: ${never.join(", ")}</span>` : "";
    const fired = labels.length - never.length;
    return `<tr><td>${html(actor)}</td><td>${fired} of ${labels.length} steps${missed}</td></tr>`;
  });
  const list = facts.length > 0 ? `<h3>facts</h3><ul>${facts.join("")}</ul>` : "";
  if (rows.length === 0) return list;
  return `<h3>steps taken</h3><table>${rows.join("")}</table>${list}`;
}

const VIEWER = `<section id="viewer" hidden aria-label="trace">
<div class="bar"><h2 id="title"></h2><div id="verdict" class="verdict"></div>
<div class="ctl"><button id="prev" aria-label="previous step">&#9664;</button>
<input id="slider" type="range" min="0" aria-label="step">
<button id="next" aria-label="next step">&#9654;</button>
<output id="count" aria-live="polite"></output><span id="where"></span>
<button id="copy">copy as ladder</button><span id="copied" aria-live="polite"></span></div></div>
<div class="cols"><div class="lanes"><table><thead id="lanes-head"></thead>
<tbody id="lanes-body"></tbody></table><div id="legend"></div></div>
<aside><div id="source-pane" hidden><h3 id="source-name"></h3>
<div id="source" tabindex="0" aria-label="source of the step"></div></div>
<h3>watch</h3><table><tbody id="watches"></tbody></table>
<form id="watch-form" class="ctl"><input id="watch" type="text" aria-label="expression to watch"
placeholder="gpu.pte[page0] == none"><button>add</button></form>
<h3>state</h3><div class="ctl"><input id="filter" type="search" placeholder="filter"
aria-label="filter cells"><label><input id="changed" type="checkbox"> changed only</label></div>
<table><thead><tr><th>cell</th><th>before</th><th>now</th></tr></thead>
<tbody id="state"></tbody></table>
</aside></div>
<details id="ladder-box"><summary>ladder for a commit message</summary>
<pre id="ladder"></pre></details>
</section>`;
