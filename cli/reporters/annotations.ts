/** Problems where a code host shows them: beside the lines of a change. */
import { countOf } from "../judge.ts";
import { traceText } from "../pictures.ts";
import { type Problem, problemsOf } from "./problems.ts";
import type { Report } from "./report.ts";

/** GitHub shows so many errors of one step, and says nothing about the others. */
const MOST = 10;

/** GitHub's workflow commands, one line each, for standard output. */
export function githubReport({ outcomes }: Report): string {
  const problems = problemsOf(outcomes);
  const shown = problems.slice(0, problems.length > MOST ? MOST - 1 : MOST);
  const left = problems.length - shown.length;
  const rest =
    left > 0 ? [`::error title=mmrace::${countOf(left, "more problem")}: see the log\n`] : [];
  return [...shown.map(githubLine), ...rest].join("");
}

function githubLine({ level, text, src, rule, trace }: Problem): string {
  const { file, line, column } = src;
  const place = { file, line, col: column, title: `mmrace ${rule}` };
  const parts = Object.entries(place).map(([k, v]) => `${k}=${property(String(v))}`);
  const body = trace ? `${text}\n\n${traceText(trace)}` : text;
  return `::${level} ${parts.join(",")}::${data(body)}\n`;
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** GitLab's code quality report. */
export function gitlabReport({ outcomes }: Report): string {
  const entries = problemsOf(outcomes).map(({ rule, level, text, src, fingerprint }) => {
    return {
      description: text,
      check_name: rule,
      fingerprint,
      severity: level === "error" ? "critical" : "major",
      location: { path: src.file, lines: { begin: src.line } },
    };
  });
  return `${JSON.stringify(entries, null, 2)}\n`;
}
