/**
 * The exported text of two models per target, as reviewed. `npm run promote` (PROMOTE=1) writes
 * the files anew; nothing else does.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { exportModel, TARGETS } from "../../model/export/index.ts";
import { modelHash } from "../../model/ir/index.ts";
import { testAndSet } from "../support/classics.ts";
import { invalidation } from "./support/models.ts";

const folder = fileURLToPath(new URL("golden/", import.meta.url));
const models = [testAndSet(2), invalidation(2, true)];

describe.each(models.map((model) => [model.name, model] as const))("%s", (_, model) => {
  it.each(TARGETS)("as %s", (target) => {
    const name = model.name.replaceAll("-", "_");
    const header = [`${model.name}, model hash ${modelHash(model)}`];
    const { files, refusals } = exportModel(model, target, { name, header });
    expect(refusals).toEqual([]);
    for (const file of files) {
      const path = folder + file.name;
      if (process.env.PROMOTE) {
        mkdirSync(folder, { recursive: true });
        writeFileSync(path, file.text);
      }
      expect(existsSync(path), `${file.name} is missing: npm run promote`).toBe(true);
      expect(file.text).toBe(readFileSync(path, "utf8"));
    }
  });
});
