/**
 * The gate from end to end, in a repository that is thrown away: a spec is promoted, a branch
 * breaks it, every report says what broke, where, and by which steps; reverted, all is green.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { escapeXml } from "../../cli/reporters/junit.ts";
import { RULES } from "../../cli/reporters/rules.ts";
import { check, folderWith, run } from "./mmrace.ts";
import { lineOf, race } from "./specs.ts";

const SPEC = "specs/race/spec.ts";
const RECHECK = 'when(k.invalidated.at(me.page), [goto("drop_lock")]),';
const REPORTS = ["json=r/out.json", "junit=r/out.xml", "sarif=r/out.sarif", "gitlab=r/gl.json"];

function repository(): { folder: string; git: (...args: string[]) => void } {
  const folder = folderWith({ [SPEC]: race });
  const git = (...args: string[]): void => {
    const who = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
    execFileSync("git", [...who, ...args], { cwd: folder, stdio: "pipe" });
  };
  git("init", "-q", "-b", "main");
  return { folder, git };
}

function gate(folder: string) {
  const reporters = [...REPORTS, "github", "human"].flatMap((r) => ["--reporter", r]);
  const ran = check(folder, "--mutants", "--expect", ...reporters);
  const read = (name: string) => readFileSync(join(folder, "r", name), "utf8");
  return { ...ran, read, json: (name: string) => JSON.parse(read(name)) };
}

const diff = (folder: string) =>
  run(folder, ["diff", "main", "--forbid", "new-violation,step-removed,property-removed"]);

it("a bug on a branch is told by every report; reverted, all are green", () => {
  const { folder, git } = repository();
  expect(run(folder, ["promote", "--no-typecheck"]).code).toBe(0);
  git("add", "-A");
  git("commit", "-q", "-m", "The scheme");

  git("checkout", "-q", "-b", "bug");
  writeFileSync(join(folder, SPEC), race.replace(RECHECK, ""));
  git("commit", "-q", "-a", "-m", "One check less");
  const broken = gate(folder);
  expect(broken.code).toBe(1);
  const line = lineOf(race.replace(RECHECK, ""), "no_stale_gpu_pte: forall");
  expect(broken.out).toMatch(/^FAIL +race +ci +- .* violated no_stale_gpu_pte, \d findings?$/m);
  sarifSays(broken.json("out.sarif"), line);
  expect(broken.out).toMatch(
    new RegExp(`^::error file=${SPEC},line=${line},col=\\d+,title=[^:]+::race \\(ci\\): no_`, "m"),
  );
  gitlabSays(broken.json("gl.json"), line);
  junitSays(broken.read("out.xml"));
  expect(broken.json("out.json")).toMatchObject({ exitCode: 1, planned: 2 });
  diffSays(diff(folder), line);

  git("revert", "--no-edit", "HEAD");
  expect(diff(folder)).toMatchObject({ code: 0, out: expect.stringContaining("no difference\n") });
  const green = gate(folder);
  expect(green.code, green.out).toBe(0);
  expect(green.out).not.toContain("::error");
  expect(green.json("out.sarif").runs[0].results).toEqual([]);
  expect(green.json("gl.json")).toEqual([]);
  expect(green.read("out.xml")).toContain('tests="2" failures="0" errors="0"');
});

/** The claim with its place and the run that breaks it, and the step that lost its check. */
function diffSays({ code, out }: ReturnType<typeof run>, line: number): void {
  expect(out).toMatch(/^main -> the files as they are$/m);
  expect(out).toContain("new-violation: is violated now  forbidden");
  expect(out).toContain(`${SPEC}:${line}: no_stale_gpu_pte: forall page`);
  expect(out).toMatch(/gpu_fault +munmap|munmap +gpu_fault/);
  expect(out).toMatch(/\*\*\* no_stale_gpu_pte violated at step \d+ \*\*\*/);
  expect(out).toMatch(
    /step-changed.*\n.*spec\.ts:\d+: gpu_fault\.recheck: if \(range->invalidated\)/,
  );
  expect(code).toBe(1);
}

interface Located {
  physicalLocation: {
    artifactLocation: { uri: string };
    region: { startLine: number; startColumn: number };
  };
  message?: { text: string };
}

interface Sarif {
  version: string;
  runs: {
    tool: { driver: { name: string; rules: { id: string }[] } };
    results: {
      ruleId: string;
      ruleIndex: number;
      level: string;
      message: { text: string };
      locations: [Located];
      partialFingerprints: Record<string, string>;
      codeFlows?: [{ threadFlows: [{ locations: { location: Located }[] }] }];
    }[];
  }[];
}

/** What SARIF 2.1.0 demands (3.13, 3.14, 3.27, 3.30) and what GitHub reads. */
function sarifSays(sarif: Sarif, line: number): void {
  expect(sarif.version).toBe("2.1.0");
  const [{ tool, results }] = sarif.runs as [Sarif["runs"][0]];
  const ids = tool.driver.rules.map((r) => r.id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(results.map((r) => r.partialFingerprints["mmrace/v1"])).size).toBe(results.length);
  for (const result of results) {
    expect(ids[result.ruleIndex]).toBe(result.ruleId);
    expect(["error", "warning"]).toContain(result.level);
    expect(result.message.text).toMatch(/^race.* \(ci\): \S/);
    const { artifactLocation, region } = result.locations[0].physicalLocation;
    expect(artifactLocation.uri).toMatch(/^specs\/race\/(spec\.ts|expect\.json)$/);
    expect(region.startLine).toBeGreaterThan(0);
    expect(region.startColumn).toBeGreaterThan(0);
  }
  const violated = results.find((r) => r.ruleId === "property_violated");
  expect(violated?.locations[0].physicalLocation.region.startLine).toBe(line);
  const steps = violated?.codeFlows?.[0].threadFlows[0].locations ?? [];
  expect(steps.length).toBeGreaterThan(8);
  const texts = steps.map(({ location }) => location.message?.text);
  expect(texts).toContain("gpu_fault: write the device PTE");
  expect(texts.at(-1)).toBe("no_stale_gpu_pte is violated");
}

/** GitLab, "Code quality report format". */
function gitlabSays(entries: Record<string, unknown>[], line: number): void {
  for (const entry of entries) {
    const keys = ["description", "check_name", "fingerprint", "severity", "location"];
    expect(Object.keys(entry).sort()).toEqual(keys.sort());
    expect(["info", "minor", "major", "critical", "blocker"]).toContain(entry.severity);
  }
  const location = { path: SPEC, lines: { begin: line } };
  expect(entries).toContainEqual(expect.objectContaining({ location }));
}

function junitSays(xml: string): void {
  expect(xml).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites name="mmrace">/);
  expect(xml).toContain('<failure message="violated no_stale_gpu_pte');
  expect(xml).toContain("*** no_stale_gpu_pte violated at step");
  // Every tag that is opened is closed, innermost first.
  const open: string[] = [];
  for (const [, end, name] of xml.matchAll(/<(\/?)([a-z]+)[^>]*>/g)) {
    if (end) expect(open.pop()).toBe(name);
    else open.push(name as string);
  }
  expect(open).toEqual([]);
}

it("shards are parts of the whole, and a wrong one is refused", () => {
  const folder = folderWith({ "race.spec.ts": race });
  const rows = (shard: string) => {
    const { code, out, err } = check(folder, ".", "--mutants", "--shard", shard);
    return { code, err, rows: [...out.matchAll(/^ok +race +ci +(\S+)/gm)].map(([, name]) => name) };
  };
  expect(rows("1/2").rows).toEqual(["-"]);
  expect(rows("2/2").rows).toEqual(["no_recheck_under_lock"]);
  expect(rows("3/3")).toMatchObject({ code: 0, rows: [] });
  for (const wrong of ["3/2", "0/2", "1", "a/b"]) {
    expect(rows(wrong)).toMatchObject({ code: 2, err: expect.stringContaining("like 1/4") });
  }
});

describe("reports", () => {
  it("know a text for every rule", () => {
    for (const text of Object.values(RULES)) expect(text).toMatch(/^[A-Z].*\.$/);
  });

  it("of XML leave out what XML cannot say", () => {
    expect(escapeXml('a\u0000\u001b[1m<b> & "c"\n')).toBe("a[1m&lt;b&gt; &amp; &quot;c&quot;\n");
  });

  it.each([
    [["--reporter", "sarf"], /did you mean sarif\?/],
    [["--reporter", "sarif="], /no file name/],
    [["--reporter", "sarif", "--json"], /cannot share standard output/],
    [["--reporter", "json", "--reporter", "human"], /cannot share standard output/],
  ])("are refused: %j", (args, says) => {
    const { code, out, err } = check(folderWith({ "race.spec.ts": race }), ".", ...args);
    expect(err).toMatch(says);
    expect([code, out]).toEqual([2, ""]);
  });
});
