import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    // Exact matches: "mmrace" must not swallow "mmrace/kernel".
    alias: [
      { find: /^mmrace$/, replacement: source("./model/index.ts") },
      { find: /^mmrace\/kernel$/, replacement: source("./model/kernel/index.ts") },
      { find: /^mmrace\/ir$/, replacement: source("./model/ir/index.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 120_000,
    // A search is a whole core for seconds: more processes than cores only add noise.
    pool: "forks",
    maxWorkers: 2,
    // What the language refuses is written as @ts-expect-error in *.test-d.ts and checked by tsc.
    typecheck: {
      enabled: true,
      checker: "tsc",
      tsconfig: "./tsconfig.json",
      include: ["test/**/*.test-d.ts"],
      // Type errors elsewhere are what `npm run typecheck` is for.
      ignoreSourceErrors: true,
    },
  },
});
