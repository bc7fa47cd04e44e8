/** The page that says what was asked and what came out. The same answers give the same bytes. */
import type { Tool } from "../../../cli/crosscheck/tools.ts";
import type { Answer } from "./answers.ts";

const NAMES: Record<Tool, string> = {
  spin: "SPIN",
  rumur: "Rumur",
  tlc: "TLC",
  ltsmin: "LTSmin",
};

type Outcome = "equal" | "violated" | "different" | "incomplete" | "refused" | "unasked";

function outcomeOf({ item, row }: Answer): Outcome {
  if (!row) return "unasked";
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
    `Tools: ${[...versionsOf(answers), ...made.compilers].join(", ")}.`,
    `Each program had ${processorSeconds} seconds of processor time and ${megabytes} MB.`,
    ...(tools.some((tool) => tool === "tlc" || tool === "ltsmin")
      ? ["TLC and LTSmin are asked about schemes of up to 300,000 states."]
      : ["TLC and LTSmin were not asked."]),
    "",
    "| asked | tool | models | equal counts | violated, too | incomplete | refused |" +
      " not asked yet | different |",
    "| --- | --- | --: | --: | --: | --: | --: | --: | --: |",
    ...tools.map((tool) => totalRow("specs and variants", tool, specs)),
    ...tools.map((tool) => totalRow("random programs", tool, random)),
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

function countsOf(answers: Answer[]): Record<Outcome, number> {
  const counts = { equal: 0, violated: 0, incomplete: 0, refused: 0, unasked: 0, different: 0 };
  for (const answer of answers) counts[outcomeOf(answer)]++;
  return counts;
}

function totalRow(what: string, tool: Tool, answers: Answer[]): string {
  const of = answers.filter((a) => a.item.tool === tool);
  const { equal, violated, incomplete, refused, unasked, different } = countsOf(of);
  const numbers = [of.length, equal, violated, incomplete, refused, unasked, different];
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
  const { equal, violated, incomplete, refused, unasked, different } = countsOf(answers);
  const agreed = equal + violated;
  const rest: [number, string][] = [
    [incomplete, "incomplete"],
    [refused, "refused"],
    [unasked, "not asked yet"],
    [different, "**different**"],
  ];
  const some = rest.filter(([n]) => n > 0).map(([n, what]) => `${n} ${what}`);
  if (some.length === 0) return answers.length === 1 ? "agrees" : `all ${agreed} agree`;
  return [`${agreed} agree${agreed === 1 ? "s" : ""}`, ...some].join(", ");
}

/** One line each, but for random programs that nobody has come to yet. */
function without(answers: Answer[]): string[] {
  const lines = answers.flatMap((a): string[] => {
    const outcome = outcomeOf(a);
    const { subject, tool } = a.item;
    const isQuiet = outcome === "unasked" && subject.spec === "";
    if (outcome === "equal" || outcome === "violated" || isQuiet) return [];
    return [`- ${subject.title}, ${NAMES[tool]}: ${reasonFor(a, outcome)}`];
  });
  return lines.length > 0 ? lines : ["Nothing: all that was asked was answered alike."];
}

function reasonFor({ item, row }: Answer, outcome: Outcome): string {
  if (!row) return "not asked yet";
  const { own } = item.subject;
  if (outcome !== "different") return `${row.verdict}, ${row.note}`;
  const of = ({ verdict, states, transitions }: Partial<typeof row>): string =>
    `${verdict}, ${count(states ?? 0)} states, ${count(transitions ?? 0)} transitions`;
  return `**${of(row)}** ${row.claim ?? ""} ${row.note}; here ${of(own)}`;
}

function count(n: number): string {
  return n.toLocaleString("en");
}
