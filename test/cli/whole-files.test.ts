/** A report is whole, or what was there before; what could not be written is said. */
import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeText } from "../../cli/files.ts";
import { repositoryFiles } from "../support/repository.ts";
import { folderWith, mmrace, run } from "./mmrace.ts";
import { race } from "./specs.ts";

const NAMES = ["a.json", "b.xml", "c.sarif", "d.json"];
const REPORTS = ["json=a.json", "junit=b.xml", "sarif=c.sarif", "gitlab=d.json"];
const CHECK = [
  ...["check", ".", "--no-typecheck", "--no-cache", "--mutants"],
  ...REPORTS.flatMap((r) => ["--reporter", r]),
];

/** mmrace, in which the half of a file that has `name` is written, and then this happens. */
function interruptedAt(name: string, what: string): Record<string, string> {
  const script = `
    import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    const write = fs.writeFileSync;
    fs.writeFileSync = (file, text, ...rest) => {
      if (!String(file).includes(${JSON.stringify(name)})) return write(file, text, ...rest);
      write(file, text.slice(0, text.length / 2));
      ${what}
    };
    syncBuiltinESMExports();`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` };
}

const withOld = () => ({
  "race.spec.ts": race,
  ...Object.fromEntries(NAMES.map((n) => [n, "old"])),
});
const read = (folder: string) => NAMES.map((name) => readFileSync(join(folder, name), "utf8"));

describe("reports of a run", () => {
  it("that is killed while it writes one are whole, or the old ones", () => {
    const folder = folderWith(withOld());
    const { code } = run(folder, CHECK, interruptedAt("c.sarif", "process.kill(process.pid, 9);"));
    expect(code).toBe(null);
    const [json = "", junit, sarif, gitlab] = read(folder);
    expect(JSON.parse(json)).toMatchObject({ format: "mmrace-report", planned: 2 });
    expect(junit).toMatch(/<\/testsuites>\n$/);
    expect([sarif, gitlab]).toEqual(["old", "old"]);
  });

  it("on a full disk: the others are written, what is missing is said", () => {
    const folder = folderWith(withOld());
    const full = 'throw Object.assign(new Error("write"), { code: "ENOSPC" });';
    const { code, out, err } = run(folder, CHECK, interruptedAt("b.xml", full));
    expect(err).toBe("b.xml: error: cannot write it: no space left on the device\n");
    expect(out).toContain("2 checks: 2 as expected");
    expect(code).toBe(2);
    const [, junit, sarif = "", gitlab] = read(folder);
    expect(junit).toBe("old");
    expect(JSON.parse(sarif).version).toBe("2.1.0");
    expect(gitlab).toBe("[]\n");
    expect(readdirSync(folder).sort()).toEqual([...NAMES, "race.spec.ts"]);
  });

  it.skipIf(!existsSync("/dev/full"))("are written where standard output takes no more", () => {
    const folder = folderWith(withOld());
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(
      process.execPath,
      [mmrace, ...CHECK, "--reporter", "human"],
      {
        cwd: folder,
        encoding: "utf8",
        stdio: ["ignore", full, "pipe"],
      },
    );
    closeSync(full);
    expect(stderr).toBe(
      "mmrace: error: cannot write to standard output: no space left on the device\n",
    );
    expect(status).toBe(2);
    expect(read(folder)).not.toContain("old");
  });
});

it("a device is written to, a link stays a link", () => {
  const folder = folderWith({ "real.json": "old" });
  const link = join(folder, "link.json");
  symlinkSync("real.json", link);
  writeText(link, "new");
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(folder, "real.json"), "utf8")).toBe("new");
  writeFileSync(link, "");
  writeText("/dev/null", "gone");
  expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
  expect(() => writeText(folder, "text")).toThrow(/cannot write it: it is a folder/);
});

it("whatever users read is written in one place", () => {
  const own = /\bwriteFileSync\(|\bcreateWriteStream\(/;
  const writers = repositoryFiles(/^cli\/.*\.ts$/).filter(({ text }) => own.test(text));
  // A checkpoint has a record that is renamed; the loader writes into a folder of its own.
  expect(writers.map(({ path }) => path)).toEqual([
    "cli/checkpoint-dir.ts",
    "cli/files.ts",
    "cli/loader/load.ts",
    "cli/loader/typecheck.ts",
  ]);
});
