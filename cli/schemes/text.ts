/** The table of schemes as Markdown: in brief as signs, in full with the searches behind them. */
import { dirname, join, relative } from "node:path";
import { type LockOrder, orderPairs } from "../../checker/index.ts";
import { SCHEME } from "../expect/format.ts";
import { table } from "../markdown.ts";
import { showCount } from "../progress.ts";
import { contradicts, type Judged, type Piece, type Verdict } from "./cell.ts";
import { COLUMNS, type Prediction } from "./format.ts";
import type { JudgedRow } from "./table.ts";

export interface Page {
  /** Where the text will lie: links start there. */
  file: string;
  gallery: string;
  /** Is there such a file? A picture that is not drawn yet has no link. */
  exists: (path: string) => boolean;
}

const SIGNS: Record<Verdict | Prediction, string> = {
  holds: "✓",
  violated: "✗",
  conditional: "~",
  na: "–",
  none: "",
  open: "?",
};

/** One line for each row: the verdicts, and in brackets what was predicted otherwise. */
export function schemesBrief(rows: JudgedRow[], details?: string): string {
  const head = ["scheme", ...COLUMNS.map((c) => (c === "P1" ? "P1, P12" : c))];
  const lines = rows.map(({ name, cells }) => {
    const shown = details === undefined ? name : `[${name}](${details}#${anchor(name)})`;
    return [shown, ...cells.map(sign)];
  });
  return `${table(head, lines)}\n${countsText(rows)}\n`;
}

/** The signs, then a table for each row. */
export function schemesText(rows: JudgedRow[], page: Page): string {
  const sections = rows.map((row) => {
    const head = ["claim", "verdict", "predicted", "why"];
    const lines = row.cells.map((judged, i) => [
      COLUMNS[i] === "P1" ? "P1, P12" : (COLUMNS[i] as string),
      verdictText(judged),
      predictedText(judged),
      whyText(judged, row.folder, page),
    ]);
    return `\n### ${row.name}\n\n${table(head, lines)}`;
  });
  return schemesBrief(rows, "") + sections.join("");
}

function sign({ cell, verdict }: Judged): string {
  const other = contradicts(verdict, cell.predicted);
  return SIGNS[verdict] + (other ? ` (${SIGNS[cell.predicted]})` : "");
}

function countsText(rows: JudgedRow[]): string {
  const cells = rows.flatMap((row) => row.cells);
  const count = (verdict: Verdict) => cells.filter((c) => c.verdict === verdict).length;
  const other = cells.filter((c) => contradicts(c.verdict, c.cell.predicted)).length;
  return [
    `${rows.length} rows: ${count("holds")} claims hold, ${count("violated")} are violated,`,
    `${count("conditional")} hold under a named assumption only, ${count("na")} say nothing about`,
    `the scheme, ${count("open")} are open. Verdicts that are not the predicted ones: ${other}.`,
  ].join("\n");
}

function verdictText({ verdict, pieces }: Judged): string {
  switch (verdict) {
    case "conditional": {
      const under = new Set(pieces.flatMap((p) => p.evidence.under ?? []));
      return `${SIGNS.conditional} holds only under: ${[...under].join("; ")}`;
    }
    case "na":
      return `${SIGNS.na} not applicable`;
    default:
      return `${SIGNS[verdict]} ${verdict}`;
  }
}

function predictedText({ cell }: Judged): string {
  return cell.predicted === "none" ? "" : SIGNS[cell.predicted];
}

function whyText({ cell, pieces }: Judged, folder: string, page: Page): string {
  const texts = [cell.na, cell.open, cell.note, cell.differs].flatMap((t) => (t ? [t] : []));
  return [
    ...pieces.map((piece) => pieceText(piece, page)),
    ...texts.map((text) => withLinks(text, folder, page)),
  ].join("; ");
}

/** `[xe-svm](...), ci, [dma_unmapped_before_the_flush](...)`: `claim`, 1,684,775 states. */
function pieceText({ evidence, spec, run, sizes, holds, lockOrder }: Piece, page: Page): string {
  const { config, variant, property } = evidence;
  const name = variant === SCHEME ? "" : `, ${variantText(evidence.spec, variant, holds, page)}`;
  const shown = Object.entries(sizes).filter(([, n]) => n > 0);
  const size = shown.map(([what, n]) => `${what} ${n}`).join(", ");
  const counted = lockOrder?.states ?? run.states;
  const states = holds ? `: ${showCount(counted)} states (${size || "one size"})` : "";
  const file = link(evidence.spec, join(spec.folder, spec.file), page);
  const orders = lockOrder ? ordersText(lockOrder) : "";
  const verdict = `${holds ? "holds" : "violated"}${states}${orders}`;
  return `${file}, ${config}${name}: \`${property}\` ${verdict}`;
}

/** How many locks were seen inside which; then the circles, each with what comes of it. */
function ordersText(lockOrder: LockOrder): string {
  const orders = orderPairs(lockOrder);
  const classes = new Set(orders.flatMap((order) => order.replace(/ \(\w+\)$/, "").split(" -> ")));
  const seen = `orders ${orders.length}, lock classes ${classes.size}`;
  const circles = Object.entries(lockOrder.cycles).map(([cycle, what]) => `\`${cycle}\` (${what})`);
  const all = [orders.length > 0 ? seen : "no lock is taken inside another one", ...circles];
  return `, ${all.join(", ")}`;
}

function variantText(spec: string, variant: string, holds: boolean, page: Page): string {
  const picture = join(page.gallery, `${spec}.${variant}.svg`);
  const shown = `\`${variant}\``;
  return holds || !page.exists(picture) ? shown : link(shown, picture, page);
}

function link(text: string, target: string, page: Page): string {
  return `[${text}](${relative(dirname(page.file), target)})`;
}

/** Links of a text start in the folder of its file; a bare NOTES.md is one, too. */
function withLinks(text: string, folder: string, page: Page): string {
  const linked = text.replace(/(?<![\w(/[])NOTES\.md(#[\w-]+)?/g, (all) => `[NOTES.md](${all})`);
  return linked.replace(/\]\((?!\w+:)([^)#]+)/g, (_, path: string) => {
    return `](${relative(dirname(page.file), join(folder, path))}`;
  });
}

/** As GitHub makes them of headings. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
}
