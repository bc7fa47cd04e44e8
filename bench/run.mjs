// Bundles the benchmark, which is TypeScript, and runs it: `node bench/run.mjs [options]`.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = fileURLToPath(new URL("../.bench", import.meta.url));
const source = (name) => fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
await build({
  entryPoints: [source("main"), source("child")],
  outdir: folder,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  logLevel: "warning",
});
const { status } = spawnSync(process.execPath, [`${folder}/main.mjs`, ...process.argv.slice(2)], {
  stdio: "inherit",
});
rmSync(folder, { recursive: true });
process.exit(status ?? 1);
