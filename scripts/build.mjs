// Compiles the sources into dist/ and nothing else: `npm run build`.
//
// dist/ is removed first, because a file whose source was deleted would otherwise be packed.
// With --prepare (npm runs that after an install) a tree without the compiler is left alone:
// `npm install --omit=dev` has nothing to build with.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);

const compiler = "node_modules/typescript/bin/tsc";
if (process.argv.includes("--prepare") && !existsSync(compiler)) {
  console.error("mmrace: typescript is not installed here, dist/ is left as it is");
  process.exit(0);
}

rmSync("dist", { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], {
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);

// npm sets this bit when it installs a package; a checkout has only us.
if (existsSync("dist/cli/main.js")) chmodSync("dist/cli/main.js", 0o755);
