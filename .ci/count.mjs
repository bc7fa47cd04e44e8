// Prints what vitest's JSON report counted; the last line is `N passed, N failed`.
import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";

const path = process.argv[2];
if (path === undefined || !existsSync(path)) {
  console.log("vitest wrote no report: no test was run");
  process.exit(1);
}
const report = JSON.parse(readFileSync(path, "utf8"));
const skipped = report.numPendingTests + report.numTodoTests;

// Where the minutes go: the whole run has twenty.
const seconds = ({ startTime, endTime }) => Math.round((endTime - startTime) / 1000);
const longest = report.testResults.toSorted((a, b) => seconds(b) - seconds(a)).slice(0, 15);
for (const file of longest) console.log(`${seconds(file)} s: ${relative(".", file.name)}`);

// A file that does not load has no tests to fail: it counts as one failure.
const broken = report.testResults.filter(
  (file) => file.status === "failed" && !file.assertionResults.some((t) => t.status === "failed"),
);
for (const file of broken) console.log(`failed to load: ${file.name}`);
if (skipped > 0) console.log(`skipped tests: ${skipped}`);
console.log(`${report.numPassedTests} passed, ${report.numFailedTests + broken.length} failed`);
