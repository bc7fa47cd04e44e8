import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Those of a minute and more (`.ci/run` names them): at the end one would run alone. */
const LONG = [
  "test/export/specs.test.ts",
  "test/specs/gallery.test.ts",
  "test/cli/commands.test.ts",
  "test/checker/agreement.test.ts",
  "test/cli/odd-traces.test.ts",
  "test/cli/long-runs.test.ts",
  "test/cli/check.test.ts",
  "test/cli/bad-input.test.ts",
  "test/specs/pinned.test.ts",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files);
    const isLong = (file: TestSpecification): boolean => rank(file) < LONG.length;
    const long = others.filter(isLong).sort((a, b) => rank(a) - rank(b));
    return [...long, ...others.filter((file) => !isLong(file))];
  }
}

function rank({ moduleId }: TestSpecification): number {
  const found = LONG.findIndex((name) => moduleId.endsWith(`/${name}`));
  return found < 0 ? LONG.length : found;
}

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
    sequence: { sequencer: LongestFirst },
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
