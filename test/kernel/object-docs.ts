/**
 * `docs/kernel-objects.md` from the sources in `model/kernel/`: the header of each file, the
 * docstrings of what it exports, and the rules that it enforces.
 */
import { type RepositoryFile, repositoryFiles } from "../support/repository.ts";
import { splitSource } from "../support/source-text.ts";
import { vocabulary, type Word } from "./vocabulary.ts";

interface Operation {
  name: string;
  parameters: string;
  text: string;
}

interface KernelObject {
  file: string;
  /** The header's paragraphs, each on one line. */
  header: Paragraph[];
  operations: Operation[];
  rules: string[];
  /** It has variables of its own. */
  hasState: boolean;
}

/** A paragraph, a list with its line breaks, or one with a name in the margin: Omits, Rules. */
type Paragraph =
  | { kind: "text"; text: string }
  | { kind: "verbatim"; lines: string[] }
  | { kind: "margin"; name: string; text: string };

/** The files that `mmrace/kernel` exports, in the order of their names. */
function exported(): RepositoryFile[] {
  const files = repositoryFiles(/^model\/kernel\/[a-z0-9-]+\.ts$/);
  const index = files.find((f) => f.path.endsWith("/index.ts"))?.text ?? "";
  const names = [...index.matchAll(/^export \* from "\.\/(.*)";$/gm)].map((m) => m[1]);
  return names.sort().map((name) => {
    const file = files.find((f) => f.path === `model/kernel/${name}`);
    if (!file) throw new Error(`model/kernel/index.ts exports ${name}, which is not there`);
    return file;
  });
}

/** The lines of a comment without stars. */
function linesOf(comment: string): string[] {
  const inner = comment.replace(/^\/\*\*|\*\/$/g, "");
  const lines = inner.split("\n").map((line) => line.replace(/^\s*\* ?/, "").trimEnd());
  while (lines[0]?.trim() === "") lines.shift();
  while (lines.at(-1)?.trim() === "") lines.pop();
  return lines;
}

const join = (lines: string[]) => lines.map((l) => l.trim()).join(" ");

function paragraphsOf(comment: string): Paragraph[] {
  const blocks = linesOf(comment)
    .join("\n")
    .split(/\n\s*\n/);
  return blocks.flatMap((block): Paragraph[] => {
    const lines = block.split("\n");
    const margin = /^([A-Z][a-z]+) {2,}(.*)$/.exec(lines[0] ?? "");
    if (margin) {
      const parts = block.split(/\n(?=[A-Z][a-z]+ {2,})/);
      return parts.map((part) => {
        const [, name = "", first = ""] = /^([A-Z][a-z]+) {2,}([\s\S]*)$/.exec(part) ?? [];
        return { kind: "margin", name, text: join(first.split("\n")) };
      });
    }
    if (lines.every((l) => l.startsWith("  "))) {
      const indent = Math.min(...lines.map((l) => l.search(/\S/)));
      return [{ kind: "verbatim", lines: lines.map((l) => l.slice(indent)) }];
    }
    return [{ kind: "text", text: join(lines) }];
  });
}

const docstring = /(?:(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\n)?/.source;
const declaration = /export (?:function|const) (\w+)([^\n]*(?:\n {2}[^\n]*)*)/.source;
const exportedName = new RegExp(`^${docstring}${declaration}`, "gm");

/** Functions and declarations; types speak for themselves. */
function operationsOf(text: string): Operation[] {
  return [...text.matchAll(exportedName)].map(([, comment, name = "", rest = ""]) => {
    const called = /^(?:<[^(]*>)?\(/.test(rest);
    const arrow = /^ = (?:<[^(]*>)?(\([\s\S]*)/.exec(rest)?.[1] ?? "";
    const says = comment ? join(linesOf(comment)) : "declares one";
    return { name, parameters: parametersOf(called ? rest : arrow), text: says };
  });
}

/** `(sem, got, busy)`: the names in a parameter list; empty for what is not a function. */
function parametersOf(text: string): string {
  const start = text.indexOf("(");
  if (start < 0) return "";
  const names: string[] = [];
  let depth = 0;
  let word = "";
  for (const char of splitSource(text.slice(start)).code) {
    if ("([{<".includes(char)) depth += 1;
    if (")]}>".includes(char)) depth -= 1;
    if (depth === 0 || (depth === 1 && char === ",")) {
      names.push(word);
      word = "";
      if (depth === 0) break;
    } else if (!(depth === 1 && char === "(")) word += char;
  }
  const clean = names.map((n) => /^\s*(\{[^}]*\}|\w+)/.exec(n)?.[1] ?? "").filter((n) => n !== "");
  return `(${clean.join(", ")})`;
}

/** Rules that a file enforces by calling one of these. */
const callers: [RegExp, string][] = [
  [/\b(?:might_sleep|synchronize)\(/, "sleep_in_atomic"],
  [/\bnot_under_folio_lock\(/, "mmap_lock_under_folio_lock"],
  [/\bnot_under_page_table_lock\(/, "page_table_lock_across_notifier"],
  [/\blockdep_assert_held\(/, "lock_not_held"],
  [/\bread_sections\(|=>\s+\w+\.\w+\.(?:eq|at)\(self\)/, "lock_held_on_exit"],
  [/\bleave_section\(/, "unlock_by_stranger"],
];

function rulesOf(text: string): string[] {
  const named = [...text.matchAll(/\bassert(?:_holds_none)?\(\s*"(\w+)"/g)].map((m) => m[1] ?? "");
  const called = callers
    .filter(([call]) => call.test(splitSource(text).code))
    .map(([, rule]) => rule);
  return [...new Set([...named, ...called])].sort();
}

export function kernelObjects(): KernelObject[] {
  return exported().map(({ path, text }) => {
    const header = /^\/\*\*[\s\S]*?\*\//.exec(text)?.[0] ?? "";
    return {
      file: path,
      header: paragraphsOf(header),
      operations: operationsOf(text),
      rules: rulesOf(text),
      hasState: /\bstruct\(/.test(splitSource(text).code),
    };
  });
}

function wrap(text: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.trim().split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > 98) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line].join("\n");
}

function printParagraph(p: Paragraph): string {
  switch (p.kind) {
    case "text":
      return wrap(p.text);
    case "verbatim":
      return ["```text", ...p.lines, "```"].join("\n");
    case "margin":
      return wrap(`**${p.name}** ${p.text}`);
  }
}

const cell = (text: string) => text.replaceAll("|", "\\|");

function printObject({ file, header, operations, rules }: KernelObject): string {
  const rows = operations.map((o) => `| \`${o.name}${o.parameters}\` | ${cell(o.text)} |`);
  const table = ["| operation | what it is |", "|---|---|", ...rows].join("\n");
  const enforced = rules.map((r) => `\`${r}\``).join(", ");
  return [
    `## ${file.replace(/^model\/kernel\/|\.ts$/g, "")}`,
    `\`${file}\``,
    ...header.map(printParagraph),
    ...(rows.length > 0 ? [table] : []),
    ...(rules.length > 0 ? [wrap(`Findings: ${enforced}.`)] : []),
  ].join("\n\n");
}

function printRules(objects: KernelObject[]): string {
  const rules = [...new Set(objects.flatMap((o) => o.rules))].sort();
  const link = (o: KernelObject) => o.file.replace(/^model\/kernel\/|\.ts$/g, "");
  const rows = rules.map((rule) => {
    const where = objects.filter((o) => o.rules.includes(rule)).map(link);
    return `| \`${rule}\` | ${where.join(", ")} |`;
  });
  return ["| finding | objects |", "|---|---|", ...rows].join("\n");
}

const about = `
  What \`mmrace/kernel\` offers: each object with the kernel functions it stands for, its
  operations, the findings it can raise, and what it leaves out. This page is made from the headers
  and docstrings of the sources; \`PROMOTE=1 npx vitest run test/kernel/docs.test.ts\` writes it.`;

const aboutFindings = `
  Besides deadlocks and the claims of a spec, the objects themselves raise these. Sleeping in atomic
  context is found for spinlocks, RCU sections and disabled preemption that the spec declares. A
  page-table lock is normally no lock at all: a section under it is one step, and holding it across
  a notifier can't be written. Where a section must be several steps, declare a
  \`page_table_lock()\`, and it is found.`;

const aboutWords = `
Where to find what: the operations, the test that counts the states of it, and the test (in
test/kernel, otherwise a mutant of a spec) in which its misuse is found.`;

function printWords(words: readonly Word[]): string {
  const shown = (s: string) => s.replaceAll("|", "\\|");
  const rows = words.map(({ word, where, counted, misused, but }) => {
    const names = where.map((name) => `\`${name}\``).join(", ");
    return `| ${word} | ${names}${but ? `; ${but}` : ""} | ${shown(counted)} | ${shown(misused)} |`;
  });
  return ["| word | operations | counted by | misused in |", "|---|---|---|---|", ...rows].join(
    "\n",
  );
}

/** The whole page. */
export function kernelObjectsPage(): string {
  const objects = kernelObjects();
  const intro = [
    "# Kernel objects",
    wrap(about),
    "## Words",
    wrap(aboutWords),
    ...vocabulary.map(([name, words]) => `### ${name}\n\n${printWords(words)}`),
    "## Findings",
    wrap(aboutFindings),
    printRules(objects),
  ];
  return `${[...intro, ...objects.map(printObject)].join("\n\n")}\n`;
}
