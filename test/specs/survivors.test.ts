/**
 * Why mutations survive is written beside the specs: each pattern names some that there are. That
 * they survive is what `mmrace mutate` says, in minutes.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { EXPECT_FILE } from "../../cli/expect/format.ts";
import { readExpectations } from "../../cli/expect/review.ts";
import { staleIn } from "../../cli/expect/survivors.ts";
import { loadSpec } from "../../cli/loader/load.ts";
import { mutationsOf } from "../../model/mutation/index.ts";
import { specFiles } from "../support/spec-files.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

const folders = [...new Set(specFiles(join(root, "specs")).map((file) => dirname(file)))];
const answered = folders.flatMap((folder) =>
  Object.entries(readExpectations(join(folder, EXPECT_FILE)) ?? {}).flatMap(
    ([name, { file, survivors }]) =>
      survivors ? [{ name, file: join(folder, file), survivors }] : [],
  ),
);

describe("answers to survivors", () => {
  it.each(answered)("of $name are about mutations that there are", async (one) => {
    const spec = await loadSpec(one.file);
    const ids = mutationsOf(spec.build(spec.configs[0]?.name ?? "", "")).map(({ id }) => id);
    expect(staleIn(one.survivors, ids)).toEqual([]);
    for (const reason of Object.values(one.survivors)) expect(reason.length).toBeGreaterThan(20);
  });

  it("are there", () => expect(answered.length).toBeGreaterThan(0));
});
