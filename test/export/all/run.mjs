// Bundles the cross-check of everything, which is TypeScript, and runs it:
// `node test/export/all/run.mjs [options]`. Specs are loaded with the language in dist/.
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../../..", import.meta.url));
// Two levels below the root, like dist/cli: that is where the code looks for the package.
const folder = `${root}/.crosscheck/${process.pid}`;
await build({
  entryPoints: [fileURLToPath(new URL("main.ts", import.meta.url))],
  outfile: `${folder}/main.mjs`,
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  sourcemap: "inline",
  logLevel: "warning",
});
const child = spawn(process.execPath, [`${folder}/main.mjs`, ...process.argv.slice(2)], {
  stdio: "inherit",
});
// The child ends itself on Ctrl-C; what it left here has to go all the same.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (status) => {
  rmSync(folder, { recursive: true, force: true });
  process.exitCode = status ?? 70;
});
