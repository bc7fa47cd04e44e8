/** The page that says what was asked and what came out. The same answers give the same bytes. */
import type { Row } from "../../../cli/crosscheck/crosscheck.ts";
import type { Tool } from "../../../cli/crosscheck/tools.ts";
import type { Answer } from "./answers.ts";
import { RULES } from "./items.ts";

const NAMES: Record<Tool, string> = {
  spin: "SPIN",
  rumur: "Rumur",
  tlc: "TLC",
  ltsmin: "LTSmin",
};

const OUTCOMES = [
  ["equal", "equal counts"],
  ["violated", "violated, too"],
  ["incomplete", "incomplete"],
  ["refused", "refused"],
  ["large", "too large"],
  ["unasked", "not asked yet"],
  ["different", "different"],
] as const;

type Outcome = (typeof OUTCOMES)[number][0];

function outcomeOf({ item, row }: Answer): Outcome {
  if (!row) return item.isTooLarge ? "large" : "unasked";
  // A tool that failed may have been given a wrong text.
  if (row.agree === false || row.verdict === "failed") return "different";
  if (row.agree) return item.subject.own.verdict === "holds" ? "equal" : "violated";
  return row.verdict === "refused" ? "refused" : "incomplete";
}

export function isDifferent(answer: Answer): boolean {
  return outcomeOf(answer) === "different";
}

export interface Made {
  /** `gcc 12.2.0`: what the verifiers are compiled with. */
  compilers: string[];
  /** Of the limits of one program. */
  limits: { processorSeconds: number; megabytes: number };
}

export function crosscheckPage(answers: Answer[], made: Made): string {
  const tools = [...new Set(answers.map((a) => a.item.tool))];
  const specs = answers.filter((a) => a.item.subject.spec !== "");
  const random = answers.filter((a) => a.item.subject.spec === "");
  const { processorSeconds, megabytes } = made.limits;
  return `${[
    "# Cross-check",
    "",
    "Every spec and every variant of it, and random programs, by this checker and by others. Where",
    "a model holds, the numbers of states and transitions are the same; where it does not, the",
    "other tool finds a violation, too. Claims about infinite runs are not asked here.",
    "`npm run crosscheck:all` repeats what has changed and writes this page.",
    "",
    `Tools: ${versionsOf(answers).join(", ")};`,
    `compilers: ${made.compilers.join(", ")}.`,
    `Each program had ${processorSeconds} seconds of processor time and ${megabytes} MB.`,
    "",
    ...tools.map(ruleOf),
    "",
    `| asked | tool | models | ${OUTCOMES.map(([, text]) => text).join(" | ")} |`,
    `| --- | --- | --: |${" --: |".repeat(OUTCOMES.length)}`,
    ...tools.map((tool) => totalRow("specs and variants", tool, specs)),
    ...tools
      .filter((tool) => !RULES[tool].schemesOnly)
      .map((tool) => totalRow("random programs", tool, random)),
    "",
    "## Specs",
    "",
    "States and transitions of the scheme in its first configuration, then how many of its models",
    "(the scheme in all configurations of the ci tier, and its variants) agree.",
    "",
    `| spec | states | transitions | models | ${tools.map((t) => NAMES[t]).join(" | ")} |`,
    `| --- | --: | --: | --: |${" --- |".repeat(tools.length)}`,
    ...[...new Set(specs.map((a) => a.item.subject.spec))].map((spec) =>
      specRow(
        specs.filter((a) => a.item.subject.spec === spec),
        tools,
      ),
    ),
    "",
    "## Without agreement",
    "",
    ...without(answers),
  ].join("\n")}\n`;
}

function versionsOf(answers: Answer[]): string[] {
  const all = answers.flatMap(({ item, row }) =>
    row?.version ? [`${NAMES[item.tool]} ${row.version}`] : [],
  );
  return [...new Set(all)];
}

/** What the tool is asked, as a list item. */
function ruleOf(tool: Tool): string {
  const { schemesOnly, mostStates, mostOfScheme } = RULES[tool];
  const upTo = (most: number): string =>
    Number.isFinite(most) ? ` up to ${count(most)} states` : "";
  const schemes = `the schemes in their first configuration${upTo(mostOfScheme)}`;
  const rest = `everything${upTo(mostStates)}`;
  const both = mostOfScheme === mostStates ? rest : `${schemes},\n  and ${rest}`;
  return `- ${NAMES[tool]} is asked about ${schemesOnly ? schemes : both}.`;
}

function countsOf(answers: Answer[]): Record<Outcome, number> {
  const counts = Object.fromEntries(OUTCOMES.map(([outcome]) => [outcome, 0]));
  for (const answer of answers) counts[outcomeOf(answer)] = (counts[outcomeOf(answer)] ?? 0) + 1;
  return counts as Record<Outcome, number>;
}

function totalRow(what: string, tool: Tool, answers: Answer[]): string {
  const of = answers.filter((a) => a.item.tool === tool);
  const counts = countsOf(of);
  const numbers = [of.length, ...OUTCOMES.map(([outcome]) => counts[outcome])];
  return `| ${[what, NAMES[tool], ...numbers.map(count)].join(" | ")} |`;
}

function specRow(answers: Answer[], tools: Tool[]): string {
  const [first] = answers;
  const scheme = answers.find((a) => a.item.subject.isScheme)?.item.subject.own;
  const titles = new Set(answers.map((a) => a.item.subject.title));
  const said = tools.map((tool) => summary(answers.filter((a) => a.item.tool === tool)));
  const holds = scheme?.verdict === "holds";
  const numbers = holds ? [count(scheme.states), count(scheme.transitions)] : ["", ""];
  return `| ${[first?.item.subject.spec, ...numbers, titles.size, ...said].join(" | ")} |`;
}

function summary(answers: Answer[]): string {
  if (answers.length === 0) return "-";
  const { equal, violated, incomplete, refused, large, unasked, different } = countsOf(answers);
  const agreed = equal + violated;
  const others: [number, string][] = [
    [incomplete, "incomplete"],
    [refused, "refused"],
    [large, "too large"],
    [unasked, "not asked yet"],
    [different, "**different**"],
  ];
  const rest = others.filter(([n]) => n > 0);
  if (answers.length === 1) return rest[0]?.[1] ?? "agrees";
  if (rest.length === 0) return `all ${agreed} agree`;
  const counted = rest.map(([n, what]) => `${n} ${what}`);
  return [`${agreed} agree${agreed === 1 ? "s" : ""}`, ...counted].join(", ");
}

/** One line for each answer that is none. */
function without(answers: Answer[]): string[] {
  const lines = answers.flatMap(({ item, row }): string[] => {
    const outcome = outcomeOf({ item, row });
    const isQuiet = ["equal", "violated", "large", "unasked"].includes(outcome);
    if (isQuiet || !row) return [];
    return [`- ${item.subject.title}, ${NAMES[item.tool]}: ${reasonFor(item, row, outcome)}`];
  });
  return lines.length > 0 ? lines : ["Nothing: all that was asked was answered alike."];
}

function reasonFor({ subject }: Answer["item"], row: Row, outcome: Outcome): string {
  const { own } = subject;
  if (outcome !== "different") return `${row.verdict}, ${row.note}`;
  const of = ({ verdict, states, transitions }: Pick<Row, "verdict" | keyof typeof own>): string =>
    `${verdict}, ${count(states ?? 0)} states, ${count(transitions ?? 0)} transitions`;
  return `**${of(row)}** ${row.claim ?? ""} ${row.note}; here ${of(own)}`;
}

function count(n: number): string {
  return n.toLocaleString("en");
}
