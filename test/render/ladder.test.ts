import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ladder, ladderWide } from "../../counterexamples/render/index.ts";
import { anyTrace } from "./arbitrary.ts";
import { expectGolden } from "./golden.ts";
import { allTraces, crowd, long, stalePte } from "./traces.ts";

/** What a commit message asks of every line. */
function badLines(text: string): string[] {
  return text
    .slice(0, -1)
    .split("\n")
    .filter((line) => line !== "" && !/^ (?=[\x20-\x7e]{0,74}$).*[\x21-\x7e]$/.test(line));
}

describe("ladder", () => {
  for (const [name, trace] of Object.entries(allTraces)) {
    it(`of ${name} looks as recorded`, () => {
      expectGolden(`${name}.ladder.txt`, ladder(trace));
    });
    it(`of ${name} in the wide form looks as recorded`, () => {
      expectGolden(`${name}.wide.txt`, ladderWide(trace));
    });
  }

  it("keeps to 75 columns, ASCII, indented, for any text", () => {
    fc.assert(
      fc.property(anyTrace, (trace) => {
        expect(badLines(ladder(trace))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("keeps to a narrower width", () => {
    const lines = ladder(stalePte, { width: 50 }).split("\n");
    expect(Math.max(...lines.map((l) => l.length))).toBeLessThanOrEqual(50);
  });

  it("numbers every step of a short trace once, in order", () => {
    const numbers = [...ladder(stalePte).matchAll(/^ +(\d+) /gm)].map((m) => Number(m[1]));
    expect(numbers).toEqual(stalePte.steps.map((s) => s.number));
  });

  it("folds a long trace without losing count of its steps", () => {
    const text = ladder(long);
    const shown = [...text.matchAll(/^ +(\d+) /gm)].length;
    const folded = [...text.matchAll(/\.\.\. (\d+) steps of/g)].map((m) => Number(m[1]));
    expect(shown + folded.reduce((a, b) => a + b, 0)).toBe(500);
    expect(text.split("\n").length).toBeLessThan(60);
    expect(text).toMatch(/^ 251 +count\+\+$/m);
  });

  it("gives at most six columns and names the processes that share one", () => {
    expect(ladder(crowd)).toContain("others");
    expect(ladder(crowd)).toContain("migrate_worker[11]:");
  });
});

describe("a commit message with a ladder", () => {
  it("survives commit, format-patch and am", () => {
    const folder = mkdtempSync(join(tmpdir(), "mmrace-am-"));
    const run = (args: string[], input?: string): string =>
      execFileSync("git", args, {
        cwd: folder,
        input: input ?? "",
        encoding: "utf8",
        env: {
          PATH: process.env.PATH,
          HOME: folder,
          GIT_CONFIG_NOSYSTEM: "1",
          GIT_AUTHOR_NAME: "A",
          GIT_AUTHOR_EMAIL: "a@example.org",
          GIT_COMMITTER_NAME: "A",
          GIT_COMMITTER_EMAIL: "a@example.org",
        },
      });
    try {
      run(["init", "-q", "-b", "main"]);
      writeFileSync(join(folder, "file"), "one\n");
      run(["add", "file"]);
      run(["commit", "-q", "-m", "base"]);
      for (const [name, trace] of Object.entries(allTraces)) {
        const message = `mm: ${name}\n\n${ladder(trace)}\nSigned-off-by: A <a@example.org>\n`;
        writeFileSync(join(folder, "file"), `${name}\n`);
        // --cleanup=strip is what the editor does: it drops comment lines and trailing blanks.
        run(["commit", "-q", "-a", "--cleanup=strip", "-F", "-"], message);
        run(["format-patch", "-q", "-1", "-o", "out"]);
        const patch = readFileSync(join(folder, "out", `0001-mm-${name}.patch`), "utf8");
        run(["reset", "-q", "--hard", "HEAD~1"]);
        run(["am", "-q"], patch);
        const body = run(["log", "-1", "--format=%B"]);
        expect(body.trimEnd()).toBe(message.replace(/\n{3,}/g, "\n\n").trimEnd());
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
