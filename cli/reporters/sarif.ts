/**
 * Results as SARIF 2.1.0 (OASIS Standard, 27 March 2020), within what GitHub accepts and shows
 * ("SARIF support for code scanning": 5,000 results, 1,000 locations of a thread flow).
 */
import type { Trace } from "../../model/ir/index.ts";
import { version } from "../home.ts";
import { fromRoot, type Problem, problemsOf } from "./problems.ts";
import type { Report } from "./report.ts";
import { RULES } from "./rules.ts";

const MOST_RESULTS = 5000;
const MOST_LOCATIONS = 1000;
const SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json";

export function sarifReport({ outcomes, code }: Report): string {
  const problems = problemsOf(outcomes).slice(0, MOST_RESULTS);
  const ids = Object.keys(RULES);
  const driver = {
    name: "mmrace",
    semanticVersion: version(),
    rules: Object.entries(RULES).map(([id, text]) => {
      return { id, name: id, shortDescription: { text }, fullDescription: { text } };
    }),
  };
  const run = {
    tool: { driver },
    columnKind: "utf16CodeUnits",
    invocations: [{ executionSuccessful: code === 0 || code === 1, exitCode: code }],
    results: problems.map((p) => resultOf(p, ids.indexOf(p.rule))),
  };
  return `${JSON.stringify({ $schema: SCHEMA, version: "2.1.0", runs: [run] }, null, 2)}\n`;
}

function resultOf(problem: Problem, ruleIndex: number) {
  const { rule, level, text, src, fingerprint, trace } = problem;
  return {
    ruleId: rule,
    ruleIndex,
    level,
    message: { text },
    locations: [{ physicalLocation: placeOf(src) }],
    partialFingerprints: { "mmrace/v1": fingerprint },
    ...(trace ? { codeFlows: [codeFlow(trace, placeOf(src))] } : {}),
  };
}

type Place = ReturnType<typeof placeOf>;

function placeOf({ file, line, column }: { file: string; line: number; column: number }) {
  return {
    artifactLocation: { uri: encodeURI(file), uriBaseId: "%SRCROOT%" },
    region: { startLine: line, startColumn: column },
  };
}

/** One thread flow with the steps of all actors in order: what is shown is the first one alone. */
function codeFlow(trace: Trace, end: Place) {
  const first = Math.max(0, trace.steps.length - (MOST_LOCATIONS - 2));
  const left = first > 0 ? [{ location: at(end, `${first} steps before are left out`) }] : [];
  const steps = trace.steps.slice(first).map(({ process, text, src, number }) => {
    const place = src ? placeOf({ ...src, file: fromRoot(src.file) }) : end;
    return { location: at(place, `${process}: ${text}`), executionOrder: number };
  });
  const property = trace.violation?.property ?? "";
  const last = { location: at(end, `${property} is violated`) };
  const number = trace.steps.length;
  const message = { text: `${number} steps` };
  return { message, threadFlows: [{ locations: [...left, ...steps, last] }] };
}

function at(physicalLocation: Place, text: string) {
  return { physicalLocation, message: { text } };
}
