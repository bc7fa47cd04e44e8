/** The differences, for a terminal, for a comment on a pull request, for programs. */
import { version } from "../home.ts";
import { traceText } from "../pictures.ts";
import { CHANGES, type Change, type ChangeKind, type SchemeDiff } from "./change.ts";

export interface DiffReport {
  base: string;
  head: string;
  schemes: SchemeDiff[];
  forbidden: ChangeKind[];
}

export const DIFF_FORMAT = "mmrace-diff";
export const DIFF_VERSION = 1;

/** Lines of one kind that are shown; the rest is counted. */
const MOST = 12;

export function diffText({ base, head, schemes, forbidden }: DiffReport): string {
  const lines = [`${base} -> ${head}`];
  if (schemes.length === 0) lines.push("no difference");
  for (const { spec, config, changes } of schemes) {
    lines.push("", `${spec} (${config})`);
    for (const kind of kindsIn(changes)) {
      const mark = forbidden.includes(kind) ? "  forbidden" : "";
      lines.push(`  ${kind}: ${CHANGES[kind]}${mark}`);
      lines.push(...shown(changes, kind, (c) => changeLines(c).map((l) => `    ${l}`)));
    }
  }
  return `${lines.join("\n")}\n`;
}

function kindsIn(changes: Change[]): ChangeKind[] {
  return (Object.keys(CHANGES) as ChangeKind[]).filter((k) => changes.some((c) => c.kind === k));
}

function shown(changes: Change[], kind: ChangeKind, text: (c: Change) => string[]): string[] {
  const own = changes.filter((c) => c.kind === kind);
  const more = own.length - MOST;
  const lines = own.slice(0, MOST).flatMap(text);
  return more > 0 ? [...lines, `    ... and ${more} more`] : lines;
}

function changeLines(change: Change): string[] {
  const { subject, text, src, witness, trace } = change;
  const place = src ? `${src.file}:${src.line}: ` : "";
  const head = `${place}${subject}${text ? `: ${text}` : ""}`;
  const way = witness ? [`  ${lastOf(witness)}`] : [];
  const body = bodyLines(change).map((line) => `  ${line}`);
  return [
    head,
    ...body,
    ...way,
    ...(trace ? ["", ...traceText(trace).trimEnd().split("\n"), ""] : []),
  ];
}

/** As in a patch. */
function bodyLines({ before, after }: Change): string[] {
  const lines = (mark: string, body: string[] | undefined): string[] =>
    (body?.length === 0 ? ["(nothing)"] : (body ?? [])).map((line) => `${mark} ${line}`);
  return [...lines("-", before), ...lines("+", after)];
}

/** The end of a run, on one line. */
function lastOf(run: string[]): string {
  const last = run.slice(-6).join(" ");
  return run.length > 6 ? `after ${run.length - 6} steps: ${last}` : `run: ${last}`;
}

export function diffMarkdown({ base, head, schemes, forbidden }: DiffReport): string {
  const lines = [`### mmrace: ${code(base)} → ${code(head)}`, ""];
  if (schemes.length === 0) lines.push("No difference.");
  for (const { spec, config, changes } of schemes) {
    lines.push(`#### ${spec} (${config})`, "");
    for (const kind of kindsIn(changes)) {
      const mark = forbidden.includes(kind) ? " :x:" : "";
      lines.push(`**${kind}**${mark}: ${CHANGES[kind]}`, "");
      lines.push(...shown(changes, kind, markdownOf), "");
    }
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

function markdownOf(change: Change): string[] {
  const { subject, text, src, witness, trace } = change;
  const place = src ? ` (${src.file}:${src.line})` : "";
  const item = `- ${code(subject)}${text ? `: ${code(text)}` : ""}${place}`;
  const body = bodyLines(change);
  if (body.length > 0) return [item, "", ...fenced(body, "diff")];
  const hidden = trace ? traceText(trace).trimEnd() : witness?.join("\n");
  if (hidden === undefined) return [item];
  return [
    item,
    "",
    "  <details><summary>trace</summary>",
    "",
    ...fenced(hidden.split("\n"), "text"),
    "",
    "  </details>",
  ];
}

const code = (text: string): string => {
  const fence = text.includes("`") ? "``" : "`";
  return `${fence}${text.replace(/\s+/g, " ")}${fence}`;
};

function fenced(lines: string[], language: string): string[] {
  return [`  \`\`\`${language}`, ...lines.map((line) => `  ${line}`), "  ```"];
}

export function diffJson({ base, head, schemes, forbidden }: DiffReport): string {
  const report = {
    format: DIFF_FORMAT,
    version: DIFF_VERSION,
    mmrace: version(),
    base,
    head,
    forbidden,
    schemes: schemes.map(({ spec, config, changes }) => ({
      spec,
      config,
      changes: changes.map(({ trace, ...change }) => ({
        ...change,
        forbidden: forbidden.includes(change.kind),
        ...(trace
          ? { steps: trace.steps.map(({ process, label, text }) => ({ process, label, text })) }
          : {}),
      })),
    })),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
