/** Results as JUnit XML, in the form that GitLab, Jenkins and GitHub actions read. */
import { EXIT } from "../exit-codes.ts";
import { countOf, type Outcome } from "../judge.ts";
import { traceText } from "../pictures.ts";
import { nameOf, problemsOf } from "./problems.ts";
import type { Report } from "./report.ts";

/** One suite for each spec, one case for each search; a search without a verdict is an error. */
export function junitReport({ outcomes, planned }: Report): string {
  const specs = [...new Set(outcomes.map((o) => o.task.spec))];
  const suites = specs.map((spec) =>
    suite(
      spec.name,
      outcomes.filter((o) => o.task.spec === spec),
    ),
  );
  const missing = planned - outcomes.length;
  const text = `the run was interrupted: ${countOf(missing, "search")} not done`;
  const rest = missing > 0 ? [unfinished(text)] : [];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="mmrace">\n${[
    ...suites,
    ...rest,
  ].join("")}</testsuites>\n`;
}

function unfinished(text: string): string {
  const error = `<error message="${escapeXml(text)}" type="incomplete"></error>`;
  return [
    '  <testsuite name="mmrace" tests="1" failures="0" errors="1" skipped="0" time="0">\n',
    `    <testcase name="all searches" classname="mmrace">${error}</testcase>\n`,
    "  </testsuite>\n",
  ].join("");
}

function suite(name: string, outcomes: Outcome[]): string {
  const failures = outcomes.filter((o) => o.code === EXIT.violation).length;
  const errors = outcomes.filter((o) => o.code !== EXIT.ok).length - failures;
  const attributes = {
    name,
    tests: outcomes.length,
    failures,
    errors,
    skipped: 0,
    time: seconds(outcomes.reduce((sum, o) => sum + o.result.elapsed, 0)),
  };
  const cases = outcomes.map(testCase).join("");
  return `  <testsuite ${shown(attributes)}>\n${cases}  </testsuite>\n`;
}

function testCase(outcome: Outcome): string {
  const { spec } = outcome.task;
  const time = seconds(outcome.result.elapsed);
  const head = shown({ name: nameOf(outcome), classname: spec.name, file: spec.file, time });
  if (outcome.code === EXIT.ok) return `    <testcase ${head}></testcase>\n`;
  const problems = problemsOf([outcome]);
  const texts = problems.map(({ text, src, trace }) => {
    const place = `${src.file}:${src.line}:${src.column}: ${text}`;
    return trace ? `${place}\n\n${traceText(trace)}` : place;
  });
  const tag = outcome.code === EXIT.violation ? "failure" : "error";
  const about = shown({ message: outcome.verdict, type: problems[0]?.rule ?? "failed" });
  const body = escapeXml(texts.join("\n"));
  return `    <testcase ${head}>\n      <${tag} ${about}>${body}</${tag}>\n    </testcase>\n`;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}

function shown(attributes: Record<string, string | number>): string {
  const pairs = Object.entries(attributes);
  return pairs.map(([name, value]) => `${name}="${escapeXml(String(value))}"`).join(" ");
}

/** Characters that XML 1.0 has no way to write are left out. */
export function escapeXml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
  );
}
