/**
 * The schemes of this repository through SPIN: the promoted numbers of states and transitions; and
 * for the mutant of each that is found soonest, the verdict (races and questions are so many that
 * their base schemes must do). `npm run crosscheck:all` takes all of them, and Rumur.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { crosscheck } from "../../cli/crosscheck/crosscheck.ts";
import { withFolder } from "../../cli/temporary.ts";
import { exportModel } from "../../model/export/index.ts";
import type { Model } from "../../model/ir/index.ts";
import { type Subject, specSubjects } from "./all/items.ts";
import { has, hasGcc, LIMITS } from "./support/check.ts";

/** Larger ones take minutes. */
const MOST_STATES = 3_000_000;

const all = await specSubjects(fileURLToPath(new URL("../../", import.meta.url)));
const schemes = all.filter((s) => s.isScheme && s.own.states <= MOST_STATES);
const mutants = schemes.flatMap((scheme) => {
  if (scheme.isSmall) return [];
  const violated = all.filter((s) => s.spec === scheme.spec && s.own.verdict === "violated");
  return violated.sort((a, b) => a.own.states - b.own.states).slice(0, 1);
});

/** Built once: SPIN and LTSmin are asked about the same. */
const models = new Map<Subject, Model>();
function modelOf(subject: Subject): Model {
  const model = models.get(subject) ?? subject.model();
  models.set(subject, model);
  return model;
}

async function throughSpin(subject: Subject) {
  const options = { tools: ["spin"] as const, name: "model", header: [], limits: LIMITS };
  return crosscheck(modelOf(subject), subject.own, { ...options, env: process.env });
}

describe.skipIf(!has("spin") || schemes.length === 0)("SPIN", () => {
  it.each(schemes.map((s) => [s.title, s] as const))("counts %s", async (_, subject) => {
    const { states, transitions, verdict } = subject.own;
    const rows = await throughSpin(subject);
    expect(rows).toMatchObject([{ states, transitions, verdict, agree: true }]);
  });

  it.each(mutants.map((s) => [s.title, s] as const))("violates %s", async (_, subject) => {
    expect(await throughSpin(subject)).toMatchObject([{ verdict: "violated", agree: true }]);
  });
});

it.skipIf(!hasGcc())("every scheme's C for LTSmin compiles without a warning", () =>
  withFolder(async (folder) => {
    const names = all.filter((s) => s.isScheme).map((s, i) => cFile(s, `scheme${i}`, folder));
    const flags = ["-fsyntax-only", "-Wall", "-Wextra", "-Werror"];
    execFileSync("gcc", [...flags, ...names], { cwd: folder, stdio: "pipe" });
  }),
);

function cFile(subject: Subject, name: string, folder: string): string {
  const options = { name, header: [subject.title], safetyOnly: true };
  const [file] = exportModel(modelOf(subject), "pins-c", options).files;
  if (!file) throw new Error(`${subject.title} is refused`);
  writeFileSync(join(folder, file.name), file.text);
  return file.name;
}
