/**
 * The README runs: its example is checked as it stands, and what it says came out is what comes
 * out. `PROMOTE=1 npx vitest run test/docs` writes the answer anew; `npm run promote` does that and
 * the status table.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { CACHED, folderWith, run } from "../cli/mmrace.ts";

const readme = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "README.md");

const block = (name: string): RegExp =>
  new RegExp(`(<!-- ${name}:begin -->\n\`\`\`\\w+\n)([\\s\\S]*?)(\`\`\`)`);

/** What stands between two markers, without its fence. */
function fenced(text: string, name: string): string {
  const found = block(name).exec(text);
  if (!found) throw new Error(`README.md has no ${name}`);
  return found[2] as string;
}

it("shows an example that says what it says", () => {
  const text = readFileSync(readme, "utf8");
  const folder = folderWith({ "stale.spec.ts": fenced(text, "example") });
  const { code, out } = run(folder, ["check", "stale.spec.ts"]);
  expect(code).toBe(1);
  // Seconds are not the same on two machines.
  const answer = out.replace(/( +)\d+\.\d\d(?= {2}violated)/, (all) => "-".padStart(all.length));
  if (process.env.PROMOTE === "1") {
    const write = (_: string, before: string, __: string, after: string) => before + answer + after;
    writeFileSync(readme, text.replace(block("answer"), write));
  }
  expect(answer).toBe(fenced(readFileSync(readme, "utf8"), "answer"));
});

it("has a status table that comes from this tree", () => {
  const root = dirname(readme);
  const { code } = run(root, ["status", "--brief", "--write", "README.md", "--check"], CACHED);
  expect(code).toBe(0);
});
