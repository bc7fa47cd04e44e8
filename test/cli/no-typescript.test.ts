/** An installation without TypeScript (somebody pruned it): specs run all the same, with a note. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { folderWith, mmrace, run } from "./mmrace.ts";
import { race } from "./specs.ts";

const NOTE = "types were not checked, there is no TypeScript here";

describe("without TypeScript", () => {
  it("says once that types were not checked", () => {
    const home = folderWith({ "package.json": readFileSync("package.json", "utf8") });
    cpSync(dirname(dirname(mmrace)), join(home, "dist"), { recursive: true });
    mkdirSync(join(home, "node_modules"));
    for (const name of ["diff", "esbuild", "graphviz-wasm", "picocolors", "ts-pattern"]) {
      symlinkSync(resolve("node_modules", name), join(home, "node_modules", name));
    }
    const cwd = folderWith({ "race.spec.ts": race });
    const check = (...args: string[]) =>
      spawnSync(process.execPath, [join(home, "dist/cli/main.js"), "check", ".", ...args], {
        cwd,
        encoding: "utf8",
      });
    const { status, stdout, stderr } = check();
    expect(stdout).toContain("1 check: 1 as expected");
    expect(stderr.split(NOTE)).toHaveLength(2);
    expect(status).toBe(0);
    expect(check("--no-typecheck").stderr).toBe("");
  });

  it("is not how mmrace is installed", () => {
    const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(Object.keys(dependencies)).toContain("typescript");
    const { err } = run(folderWith({ "race.spec.ts": race }), ["check", "."]);
    expect(err).toBe("");
  });
});
