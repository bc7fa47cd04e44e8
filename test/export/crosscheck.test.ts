/** The runner: missing tools, refusals, limits, and what counts as agreement. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type CrosscheckOptions, crosscheck, type Own } from "../../cli/crosscheck/crosscheck.ts";
import { contradicted, crosscheckTable } from "../../cli/crosscheck/table.ts";
import { TOOLS, type Tool } from "../../cli/crosscheck/tools.ts";
import { build as b } from "../../model/ir/index.ts";
import { independent, testAndSet } from "../support/classics.ts";
import { has, LIMITS } from "./support/check.ts";

const base: CrosscheckOptions = {
  tools: ["spin"],
  name: "model",
  header: [],
  limits: LIMITS,
  env: process.env,
};
const holds = (states: number, transitions: number): Own => ({
  verdict: "holds",
  states,
  transitions,
});

it("names missing tools and how to get them", async () => {
  const rows = await crosscheck(testAndSet(2), holds(12, 20), { ...base, tools: TOOLS, env: {} });
  expect(rows.map((row) => [row.tool, row.verdict, row.agree])).toEqual(
    TOOLS.map((tool) => [tool, "missing", undefined]),
  );
  for (const row of rows) expect(row.note).toMatch(/apt-get install|MMRACE_/);
  expect(contradicted(rows)).toBe(false);
  expect(crosscheckTable(holds(12, 20), rows)).toContain("missing");
});

describe("with programs that are not what they seem", () => {
  const folder = mkdtempSync(join(tmpdir(), "mmrace-broken-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const env = { PATH: folder, MMRACE_LTSMIN: folder, MMRACE_TLA2TOOLS: join(folder, "no.jar") };
  const program = (name: string, text: string): void => {
    writeFileSync(join(folder, name), text, { mode: 0o755 });
  };
  const ask = (tool: Tool) =>
    crosscheck(testAndSet(2), holds(12, 20), { ...base, tools: [tool], env });

  it("says what is not there", async () => {
    program("spin", "#!/bin/sh\n");
    expect((await ask("spin"))[0]?.note).toMatch(/^no gcc on PATH: apt-get install spin gcc/);
    program("java", "#!/bin/sh\n");
    expect((await ask("tlc"))[0]?.note).toMatch(/^no file .*no\.jar: set MMRACE_TLA2TOOLS/);
    program("gcc", "#!/bin/sh\n");
    expect((await ask("ltsmin"))[0]?.note).toMatch(/^no program .*prom2lts-mc: set MMRACE_LTSMIN/);
    const inside = { ...env, MMRACE_LTSMIN: join(folder, "gcc") };
    const options: CrosscheckOptions = { ...base, tools: ["ltsmin"], env: inside };
    expect(await crosscheck(testAndSet(2), holds(12, 20), options)).toMatchObject([
      { verdict: "missing" },
    ]);
  });

  it.each([
    ["cannot be started", "#!/nowhere/sh\n", "failed", /^spin: spawn .* ENOENT/],
    ["complains", "#!/bin/sh\necho boom >&2\nexit 3\n", "failed", /^spin: boom$/],
    ["crashes", "#!/bin/sh\nkill -SEGV $$\n", "failed", /^spin: SIGSEGV$/],
    [
      "has no disk",
      "#!/bin/sh\necho 'No space left on device'; exit 1",
      "incomplete",
      /^disk full/,
    ],
  ])("is no contradiction when one %s", async (_, text, verdict, note) => {
    program("spin", text);
    program("gcc", "#!/bin/sh\n");
    const rows = await ask("spin");
    expect(rows).toMatchObject([{ verdict, agree: undefined }]);
    expect(rows[0]?.note).toMatch(note);
    expect(contradicted(rows)).toBe(false);
  });

  it("is incomplete when the system kills the search", async () => {
    program("spin", "#!/bin/sh\nprintf '#!/bin/sh\\nkill -KILL $$\\n' > pan; /bin/chmod +x pan\n");
    program("gcc", "#!/bin/sh\n");
    const [row] = await ask("spin");
    expect(row).toMatchObject({ verdict: "incomplete", note: "killed: out of memory?" });
  });
});

/** What each tool prints about two clients of a test-and-set lock, and when it gives up. */
const SAID: Record<Tool, [holds: string, warning: string, note: RegExp]> = {
  spin: [
    "errors: 0\n 12 states, stored\n 21 transitions (= stored+matched)",
    "Warning: Search not completed",
    /search not completed/,
  ],
  rumur: [
    "Status:\n\n\tNo error found.\n\n\t12 states, 20 rules fired in 0s.",
    "failed to expand set: out of memory",
    /out of memory/,
  ],
  tlc: [
    `Finished computing initial states: 1 distinct state generated.
Model checking completed. No error has been found.
21 states generated, 12 distinct states found, 0 states left on queue.`,
    "Error: Java ran out of memory.",
    /out of memory/,
  ],
  ltsmin: [
    "prom2lts-mc: Explored 12 states 20 transitions, fanout: 1.667",
    "prom2lts-mc: Error: hash table full! Change -s/--ratio.",
    /hash table full/,
  ],
};

describe("a tool that says what it left out", () => {
  const folder = mkdtempSync(join(tmpdir(), "mmrace-said-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const env = { PATH: folder, MMRACE_LTSMIN: folder, MMRACE_TLA2TOOLS: join(folder, "java") };
  const program = (name: string, text: string): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  };
  /** All tools are there, and whatever is searched with says this. */
  const saying = (text: string): void => {
    program("said", `/bin/cat <<'END'\n${text}\nEND`);
    for (const name of ["spin", "rumur"]) {
      program(name, `for p in pan verifier; do /bin/cp ${folder}/said $p; done`);
    }
    program("gcc", "");
    for (const name of ["java", "prom2lts-mc"]) program(name, `exec ${folder}/said`);
  };
  const ask = (tool: Tool) =>
    crosscheck(testAndSet(2), holds(12, 20), { ...base, tools: [tool], env });

  it.each(TOOLS)("is incomplete, not in agreement: %s", async (tool) => {
    const [text, warning, note] = SAID[tool];
    saying(text);
    expect(await ask(tool)).toMatchObject([{ verdict: "holds", states: 12, agree: true }]);
    saying(`${warning}\n${text}`);
    const [row] = await ask(tool);
    expect(row).toMatchObject({ verdict: "incomplete", agree: undefined });
    expect(row?.note).toMatch(note);
  });
});

describe.skipIf(!has("spin"))("with SPIN", () => {
  it("says that counts differ", async () => {
    const rows = await crosscheck(testAndSet(2), holds(12, 21), base);
    expect(rows).toMatchObject([{ states: 12, transitions: 20, verdict: "holds", agree: false }]);
    expect(contradicted(rows)).toBe(true);
    expect(crosscheckTable(holds(12, 21), rows)).toMatch(/spin \S+ +safety +12 +20 +holds +NO/);
  });

  it("says that verdicts differ", async () => {
    const rows = await crosscheck(testAndSet(2), { ...holds(12, 20), verdict: "violated" }, base);
    expect(rows[0]?.agree).toBe(false);
  });

  it("compares nothing with an incomplete search", async () => {
    const own: Own = { ...holds(5, 5), verdict: "incomplete" };
    expect((await crosscheck(testAndSet(2), own, base))[0]?.agree).toBeUndefined();
  });

  it("is incomplete when SPIN's depth is too small for a path that long", async () => {
    // The room for the path follows from our own count of states; a wrong one is noticed.
    const [row] = await crosscheck(independent(6, 8), holds(10, 10), base);
    expect(row).toMatchObject({ verdict: "incomplete", agree: undefined });
    expect(row?.note).toContain("depth limit");
  });

  it("is incomplete when the time is over", async () => {
    const limits = { ...LIMITS, seconds: 0.01 };
    const [row] = await crosscheck(testAndSet(2), holds(12, 20), { ...base, limits });
    expect(row).toMatchObject({ verdict: "incomplete", agree: undefined });
  });

  it("passes on what the target can't say", async () => {
    const open = b.variable("x", b.range(0, 9), { kind: "any" }, b.range(0, 9));
    const model = b.model("open", [b.actor("a", [b.step("l", "l")])], { shared: [open] });
    const [row] = await crosscheck(model, holds(1, 1), base);
    expect(row).toMatchObject({ verdict: "refused", agree: undefined });
    expect(row?.note).toContain("more than 4096 initial states");
  });
});
