/** Runs the built command line as its users do: in a process of its own, in a folder far away. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

export const mmrace = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
if (!existsSync(mmrace)) throw new Error("dist/ is missing: npm run build");

export interface Ran {
  code: number | null;
  out: string;
  err: string;
}

/** Nothing of the terminal that the tests run in, and nothing that was found before. */
const ENV = { PATH: process.env.PATH, HOME: process.env.HOME, XDG_CACHE_HOME: emptyFolder() };

/** Gone when this process ends. */
function emptyFolder(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "mmrace-test-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Where results of searches over the project's own specs are kept, if anywhere. */
export const CACHED: Record<string, string> = process.env.XDG_CACHE_HOME
  ? { XDG_CACHE_HOME: process.env.XDG_CACHE_HOME }
  : {};

/** In one place: a folder that is gone after the test. */
export function folderWith(files: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "mmrace-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

export function run(cwd: string, args: string[], env: Record<string, string> = {}): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [mmrace, ...args], {
    cwd,
    encoding: "utf8",
    env: { ...ENV, ...env },
  });
  return { code: status, out: stdout, err: stderr };
}

/** A `check` that searches, without the type checker, which costs more than everything else. */
export function check(cwd: string, ...args: string[]): Ran {
  return run(cwd, ["check", "--no-typecheck", "--no-cache", ...args]);
}

export interface Started {
  child: ChildProcess;
  ended: Promise<Ran>;
}

export function start(cwd: string, args: string[]): Started {
  const child = spawn(process.execPath, [mmrace, ...args], { cwd, env: ENV });
  const ran: Ran = { code: null, out: "", err: "" };
  child.stdout.on("data", (text) => {
    ran.out += text;
  });
  child.stderr.on("data", (text) => {
    ran.err += text;
  });
  const ended = new Promise<Ran>((resolve) => {
    child.on("close", (code) => resolve({ ...ran, code }));
  });
  return { child, ended };
}
