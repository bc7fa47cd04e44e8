/**
 * The exported text of two models per target, and of claims about infinite runs where a target can
 * say them, as reviewed. `npm run promote` (PROMOTE=1) writes
 * the files anew; nothing else does.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { exportModel, TARGETS, type Target } from "../../model/export/index.ts";
import { type Model, modelHash } from "../../model/ir/index.ts";
import { testAndSet } from "../support/classics.ts";
import { mutexClients, peterson, seqlock, someAt } from "../support/progress-models.ts";
import { invalidation } from "./support/models.ts";

const folder = fileURLToPath(new URL("golden/", import.meta.url));
const models = [testAndSet(2), invalidation(2, true)];
/** Claims about infinite runs, of every kind of fairness and of temporal logic. */
const claims = [seqlock(true), mutexClients("strong")];
const formula = "[] (waits -> (waits U inside))";
const atoms = [
  { name: "waits", expr: someAt("side0", "spin") },
  { name: "inside", expr: someAt("side0", "leave") },
];
const until = peterson([{ kind: "ltl", name: "waits_until_in", formula, atoms }]);

const cases: [Model, readonly Target[]][] = [
  ...models.map((model): [Model, readonly Target[]] => [model, TARGETS]),
  ...claims.map((model): [Model, readonly Target[]] => [model, ["promela", "tla"]]),
  [until, ["promela"]],
];

describe.each(cases.map((c) => [c[0].name, ...c] as const))("%s", (_, model, targets) => {
  it.each(targets)("as %s", (target) => {
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
