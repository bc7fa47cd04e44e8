/** `new`, `print`, `replay`, `draw`, `gallery`, `status`, and help. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commands } from "../../cli/commands/index.ts";
import { check, folderWith, run } from "./mmrace.ts";
import { race } from "./specs.ts";

const STEM = "race.no_recheck_under_lock";

function drawnRace(): string {
  const folder = folderWith({ "race.spec.ts": race });
  expect(check(folder, ".", "--mutants", "--draw").code).toBe(0);
  return folder;
}

describe("help", () => {
  it("is there for every command, on standard output", async () => {
    const folder = folderWith();
    for (const { name, load } of commands) {
      const { name: own, options } = await load();
      expect(own).toBe(name);
      const { code, out, err } = run(folder, [name, "--help"]);
      expect(out).toContain(`usage: mmrace ${name}`);
      for (const option of Object.keys(options)) expect(out).toContain(`--${option}`);
      expect([code, err]).toEqual([0, ""]);
      expect(run(folder, ["help", name]).out).toBe(out);
      expect(run(folder, ["--help"]).out).toContain(`  ${name} `);
    }
  });

  it("and the version", () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(run(folderWith(), ["--version"])).toEqual({ code: 0, out: `${version}\n`, err: "" });
  });

  it("fits a terminal of 100 columns", () => {
    const folder = folderWith();
    const texts = commands.map(({ name }) => run(folder, [name, "--help"]).out);
    for (const line of texts.flatMap((t) => t.split("\n"))) {
      expect(line.length, line).toBeLessThanOrEqual(100);
    }
  });
});

describe("new", () => {
  it("writes a spec that type-checks, holds, and whose mutant is caught", () => {
    const folder = folderWith();
    expect(run(folder, ["new", "my-race"]).code).toBe(0);
    expect(readdirSync(folder)).toEqual(["my-race.spec.ts"]);
    for (const tier of ["ci", "deep"]) {
      const ran = run(folder, ["check", "my-race.spec.ts", "--mutants", "--tier", tier]);
      expect([ran.code, ran.err], ran.out).toEqual([0, ""]);
    }
  });
});

describe("print", () => {
  it("shows the model as C-like text", () => {
    const { out } = run(folderWith({ "race.spec.ts": race }), ["print", "race.spec.ts"]);
    expect(out).toContain("take_lock: /* mutex_lock(&driver->lock) */");
    expect(out).toContain("recheck:");
  });

  it("of a mutant", () => {
    const folder = folderWith({ "race.spec.ts": race });
    const { out } = run(folder, ["print", ".", "--variant", "no_recheck_under_lock"]);
    expect(out).not.toContain("recheck:");
  });
});

describe("replay and draw", () => {
  it("shows the ladder and what each step changes", () => {
    const folder = drawnRace();
    const { code, out, err } = run(folder, ["replay", `out/${STEM}.json`]);
    const ladder = readFileSync(join(folder, `out/${STEM}.txt`), "utf8");
    expect(out.startsWith(ladder)).toBe(true);
    expect(out).toMatch(/^8\. gpu_fault map: write the device PTE {2}race\.spec\.ts:\d+$/m);
    expect(out).toMatch(/^ {5}gpu_pte\[page0\]: none -> mapped$/m);
    expect([code, err]).toEqual([0, ""]);
    expect(run(folder, ["replay", `out/${STEM}.json`, "--brief"]).out).toBe(ladder);
  });

  it("says why", () => {
    const folder = drawnRace();
    const ladder = readFileSync(join(folder, `out/${STEM}.txt`), "utf8");
    const why = "false for page = page0: page[page0] == in_use";
    expect(ladder).toContain(why);
    const broken = race.replace('breaks: "no_stale_gpu_pte"', 'breaks: "deadlock"');
    writeFileSync(join(folder, "race.spec.ts"), broken);
    const args = [".", "--variant", "no_recheck_under_lock"];
    const { code, out } = check(folder, ...args);
    expect(out).toContain(why);
    expect(code).toBe(1);
    const json = JSON.parse(check(folder, ...args, "--json").out);
    expect(json.results[0].why).toMatchObject({ failed: why.slice(10), turn: 6 });
  });

  it("draws the files that check drew", () => {
    const folder = drawnRace();
    for (const ending of ["svg", "dot", "txt"]) {
      const to = `again.${ending}`;
      expect(run(folder, ["draw", `out/${STEM}.json`, "-o", to]).code).toBe(0);
      const [one, two] = [to, `out/${STEM}.${ending}`].map((f) => readFileSync(join(folder, f)));
      expect(one).toEqual(two);
    }
    for (const ending of ["puml", "mmd", "itf.json", "perfetto.json"]) {
      expect(run(folder, ["draw", `out/${STEM}.json`, "-o", `p.${ending}`]).code).toBe(0);
      expect(readFileSync(join(folder, `p.${ending}`), "utf8")).toContain("munmap");
    }
    expect(run(folder, ["draw", `out/${STEM}.json`]).out).toContain("violated at step 10");
  });

  it("finds the spec of a file that was moved", () => {
    const folder = drawnRace();
    mkdirSync(join(folder, "far/away"), { recursive: true });
    renameSync(join(folder, `out/${STEM}.json`), join(folder, "far/away/f.json"));
    expect(run(folder, ["replay", "far/away/f.json"]).code).toBe(0);
  });

  it("says so when the spec has changed, as long as the schedule works", () => {
    const folder = drawnRace();
    const spec = join(folder, "race.spec.ts");
    writeFileSync(
      spec,
      race
        .replace("ptep_clear_flush()", "clear the PTE")
        .replace("choose(me.page)],\n  take", "choose(me.page)],\n  take"),
    );
    const file = `out/${STEM}.json`;
    const { code } = run(folder, ["replay", file]);
    expect(code).toBe(0);
    const extra = 'always: {\n    more: forall(Page, (p) => k.page.at(p).eq("in_use").or(true)),';
    writeFileSync(spec, race.replace("always: {", extra));
    const changed = run(folder, ["replay", file]);
    expect(changed.err).toContain("the spec has changed since, but the schedule still works");
    expect(changed.code).toBe(0);
  });

  it("refuses when the schedule no longer works", () => {
    const folder = drawnRace();
    const spec = join(folder, "race.spec.ts");
    writeFileSync(spec, race.replace('remove(gpu_fault, "recheck")', ""));
    const { code, out, err } = run(folder, ["replay", `out/${STEM}.json`]);
    expect(err).toContain(
      "race.spec.ts has changed, and the schedule no longer works on it: step 8:",
    );
    expect([code, out]).toEqual([2, ""]);
  });
});

describe("gallery", () => {
  const gallery = (folder: string, ...args: string[]) =>
    run(folder, ["gallery", ".", "--out", "gallery", ...args]);

  it("writes the counterexamples of all mutants, the same bytes every time", () => {
    const folder = folderWith({ "race.spec.ts": race });
    expect(gallery(folder).code).toBe(0);
    const at = join(folder, "gallery");
    const pictures = ["dot", "json", "svg", "txt"].map((e) => `${STEM}.${e}`);
    const names = ["README.md", "race.md", ...pictures];
    expect(readdirSync(at).sort()).toEqual(names);
    const index = readFileSync(join(at, "README.md"), "utf8");
    expect(index).toContain("[`no_recheck_under_lock`](race.md#no_recheck_under_lock)");
    expect(index).toContain("| `no_stale_gpu_pte` | 10 steps of 2 processes |");
    const page = readFileSync(join(at, "race.md"), "utf8");
    expect(page).toContain("\n## no_recheck_under_lock\n\nBreaks `no_stale_gpu_pte`");
    expect(page).toContain(`](${STEM}.svg)](${STEM}.svg)`);
    expect(page).toContain(`[txt](${STEM}.txt)`);
    expect(page).toContain("```text\nno_stale_gpu_pte violated at step 10\n");
    expect(gallery(folder).out).toContain("0 files changed");
  });

  it("has a heading for what a scheme breaks by itself", () => {
    const broken = race
      .replace('when(k.invalidated.at(me.page), [goto("drop_lock")]),', "")
      .replace(/ {2}mutants: [\s\S]*/, '  breaks: { ci: "no_stale_gpu_pte" },\n});\n');
    const folder = folderWith({ "race.spec.ts": broken });
    expect(gallery(folder).code).toBe(0);
    const page = readFileSync(join(folder, "gallery/race.md"), "utf8");
    expect(page).toContain("\n## the scheme itself\n\nBreaks `no_stale_gpu_pte`");
    const index = readFileSync(join(folder, "gallery/README.md"), "utf8");
    expect(index).toContain("[`the scheme itself`](race.md#the-scheme-itself)");
  });

  it("shows upstream races together, and removes pages that are no longer made", () => {
    const upstream = race
      .replace(
        'name: "race"',
        'name: "old-bug", race: { year: 2025, subsystem: "mm", class: "deadlock" }',
      )
      .replace("mutants:", "bugs:")
      .replace('breaks: "', 'from: "a commit", breaks: "');
    const folder = folderWith({
      "a.spec.ts": race,
      "old-bug.spec.ts": upstream,
      "gallery/gone.md": "# gone\n\n[All races](README.md)\n",
      "gallery/notes.md": "mine",
    });
    expect(gallery(folder).code).toBe(0);
    const at = join(folder, "gallery");
    const pages = readdirSync(at).filter((name) => name.endsWith(".md"));
    expect(pages.sort()).toEqual(["README.md", "notes.md", "race.md", "races.md"]);
    const index = readFileSync(join(at, "README.md"), "utf8");
    expect(index.match(/^## .*/gm)).toEqual([
      "## [race](race.md)",
      "## [Upstream races](races.md)",
    ]);
    const link = "races.md#old-bug-no_recheck_under_lock";
    expect(index).toContain(`[\`old-bug: no_recheck_under_lock\`](${link})`);
    expect(readFileSync(join(at, "races.md"), "utf8")).toContain("\n## old-bug: no_recheck_");
  });

  it("--check names what is not up to date and changes nothing", () => {
    const folder = folderWith({ "race.spec.ts": race });
    gallery(folder);
    expect(gallery(folder, "--check")).toEqual({ code: 0, out: "", err: "" });
    writeFileSync(join(folder, "gallery/old.svg"), "");
    writeFileSync(join(folder, `gallery/${STEM}.txt`), "other");
    rmSync(join(folder, "gallery/README.md"));
    const { code, err } = gallery(folder, "--check");
    const stale = ["README.md", "old.svg", `${STEM}.txt`];
    expect(err).toBe(stale.map((name) => `gallery/${name}: not up to date\n`).join(""));
    expect(code).toBe(1);
    expect(gallery(folder).code).toBe(0);
    expect(gallery(folder, "--check").code).toBe(0);
  });

  it("--check searches where a model has changed, and does not trust a file", () => {
    const folder = folderWith({ "race.spec.ts": race });
    gallery(folder);
    const file = join(folder, `gallery/${STEM}.json`);
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace(/\n {4}\{"process":"munmap".*/, ""));
    const stale = gallery(folder, "--check");
    expect([stale.code, stale.err]).toEqual([1, `gallery/${STEM}.json: not up to date\n`]);
    writeFileSync(file, text);
    const changed = race.replace('remove(gpu_fault, "recheck")', "");
    writeFileSync(join(folder, "race.spec.ts"), changed);
    const survived = gallery(folder, "--check");
    expect(survived.out).toContain("holds, but must violate no_stale_gpu_pte");
    expect(survived.code).toBe(1);
  });

  it("writes nothing when a mutant survives", () => {
    const text = race.replace('remove(gpu_fault, "recheck")', "");
    const folder = folderWith({ "race.spec.ts": text });
    const { code, out } = gallery(folder);
    expect(out).toContain("holds, but must violate no_stale_gpu_pte");
    expect(code).toBe(1);
    expect(readdirSync(join(folder, "gallery"))).toEqual([]);
  });
});

describe("status", () => {
  it("has a table of upstream races, with links from the page", () => {
    const info = 'race: { year: 2025, subsystem: "mm", class: "deadlock" },';
    const text = race
      .replace("mutants: {", `${info} bugs: {`)
      .replace("breaks:", 'from: "x", breaks:');
    const page = "docs/races.md";
    const folder = folderWith({
      "race.spec.ts": text,
      [page]: "<!-- races:begin -->\n<!-- races:end -->\n",
    });
    expect(run(folder, ["status", ".", "--races", "--write", page])).toMatchObject({ code: 0 });
    const row = readFileSync(join(folder, page), "utf8").split("\n")[3];
    expect(row).toContain(
      "| [race](../race.spec.ts) | 2025 | mm | deadlock | `no_stale_gpu_pte` |",
    );
    expect(row).toContain(`[ladder](../counterexamples/gallery/${STEM}.txt)`);
    expect(run(folder, ["status", ".", "--brief"]).out).not.toContain("race");
  });

  it("--brief has a row for each scheme", () => {
    const { code, out } = run(folderWith({ "race.spec.ts": race }), ["status", ".", "--brief"]);
    expect(out.trim().split("\n")).toHaveLength(3);
    expect(out).toMatch(/^\| race \| .* \| 40 \| holds \| 1 \| 0 \|$/m);
    expect(code).toBe(0);
  });

  const page = "# Title\n\n<!-- status:begin -->\nold\n<!-- status:end -->\n\nMore.\n";

  it("prints the tables", () => {
    const { code, out } = run(folderWith({ "race.spec.ts": race }), ["status", "."]);
    expect(out).toContain("| race | ci: pages 1 | 40 | 62 | 10 | holds |");
    expect(out).toContain("| race | `no_recheck_under_lock` | 10 | violated no_stale_gpu_pte,");
    expect(code).toBe(0);
  });

  it("keeps a file up to date", () => {
    const folder = folderWith({ "race.spec.ts": race, "page.md": page });
    const status = (...args: string[]) =>
      run(folder, ["status", ".", "--write", "page.md", ...args]);
    expect(status("--check").code).toBe(1);
    expect(readFileSync(join(folder, "page.md"), "utf8")).toBe(page);
    expect(status().code).toBe(0);
    const text = readFileSync(join(folder, "page.md"), "utf8");
    expect(text).toMatch(
      /^# Title\n\n<!-- status:begin -->\n\| spec [\s\S]*\|\n<!-- status:end -->\n\nMore\.\n$/,
    );
    expect(status("--check").code).toBe(0);
  });

  it("refuses a file without markers", () => {
    const folder = folderWith({ "race.spec.ts": race, "page.md": "# Title\n" });
    const { code, err } = run(folder, ["status", ".", "--write", "page.md"]);
    expect(err).toContain("page.md: error: it has no <!-- status:begin -->");
    expect(code).toBe(2);
  });
});
