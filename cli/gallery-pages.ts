/**
 * What people read of the gallery: an index of all races without their pictures, which stays short,
 * and for each scheme a page that shows them. Documented upstream races share one page.
 */
import { verdictOf } from "../counterexamples/render/index.ts";
import type { Trace } from "../model/ir/index.ts";
import { explained, type Seen } from "./explained.ts";
import { countOf } from "./judge.ts";
import { table } from "./markdown.ts";

const INDEX = "README.md";
/** What is shown of a scheme that declares what it breaks without any mistake. */
const ITSELF = "the scheme itself";

/** On every page but the index: by this a page of a scheme that is gone is known as ours. */
export const BACK = `[All races](${INDEX})`;

/** Races that are shown together. */
interface Page {
  file: string;
  title: string;
  about: string;
  races: Shown[];
}

interface Shown {
  outcome: Seen;
  trace: Trace;
  /** Heading on its page. */
  name: string;
}

/** Markdown by file name. */
export function galleryPages(outcomes: Seen[]): Map<string, string> {
  const pages = pagesOf(outcomes);
  const texts = pages.map((page): [string, string] => [page.file, pageText(page)]);
  return new Map([[INDEX, indexText(pages)], ...texts]);
}

function pagesOf(outcomes: Seen[]): Page[] {
  const pages = new Map<string, Page>();
  for (const outcome of outcomes) {
    const trace = explained(outcome);
    if (!trace) continue;
    const { spec, variant } = outcome.task;
    const upstream = spec.race !== undefined;
    const file = upstream ? "races.md" : `${spec.name}.md`;
    const title = upstream ? "Upstream races" : spec.name;
    const about = upstream ? "Bugs that were found and fixed in Linux, as they were." : spec.doc;
    const page = pages.get(file) ?? { file, title, about, races: [] };
    const mistake = variant || ITSELF;
    const name = upstream ? `${spec.name}: ${mistake}` : mistake;
    page.races.push({ outcome, trace, name });
    pages.set(file, page);
  }
  const all = [...pages.values()];
  const isLast = (page: Page): boolean => page.file === "races.md";
  return [...all.filter((p) => !isLast(p)), ...all.filter(isLast)];
}

function indexText(pages: Page[]): string {
  const sections = pages.map(({ file, title, races }) => {
    const rows = races.map((race) => [
      `[\`${race.name}\`](${file}#${anchor(race.name)})`,
      `\`${race.outcome.task.breaks}\``,
      sizeOf(race.trace),
      escapeText(docOf(race)),
    ]);
    return `\n## [${title}](${file})\n\n${table(["race", "breaks", "size", "mistake"], rows)}`;
  });
  const count = pages.reduce((sum, page) => sum + page.races.length, 0);
  return [
    "# Gallery\n\n",
    `The shortest counterexamples of ${countOf(count, "known mistake")}: what somebody could get\n`,
    "wrong, and the race that it opens. Each scheme has a page with the pictures. Beside every\n",
    "`.svg` stand `.txt`, a ladder for a commit message; `.dot`, the picture for Graphviz; and\n",
    "`.json`, which `mmrace replay` takes again. `mmrace gallery` writes these files.\n",
    ...sections,
  ].join("");
}

function pageText({ title, about, races }: Page): string {
  const sections = races.map((race) => {
    const { stem, breaks, config } = race.outcome.task;
    const { headline, lines } = verdictOf(race.trace);
    const doc = docOf(race);
    const links = ["txt", "dot", "json"].map((e) => `[${e}](${stem}.${e})`).join(" ");
    return [
      `## ${race.name}`,
      `Breaks \`${breaks}\`${doc ? `: ${escapeText(doc)}` : ""}.`,
      `[![${escapeText(headline)}](${stem}.svg)](${stem}.svg)`,
      `\`\`\`text\n${[headline, ...lines].join("\n")}\n\`\`\``,
      `${sizeOf(race.trace)} in configuration ${config}; ${links}`,
    ].join("\n\n");
  });
  const head = [`# ${title}`, ...(about ? [escapeText(about)] : []), BACK];
  return `${[...head, ...sections].join("\n\n")}\n`;
}

function docOf({ outcome: { task } }: Shown): string {
  return task.spec.variants.find((v) => v.name === task.variant)?.doc?.replace(/\.$/, "") ?? "";
}

/** `25 steps of 3 processes`. */
function sizeOf({ steps }: Trace): string {
  const processes = new Set(steps.map((s) => s.pid)).size;
  return `${countOf(steps.length, "step")} of ${processes} process${processes === 1 ? "" : "es"}`;
}

/** The anchor that Markdown viewers give to a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^a-z0-9_ -]/g, "")
    .replace(/ /g, "-");
}

function escapeText(text: string): string {
  return text
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/[\\`*_[\]]/g, "\\$&");
}
