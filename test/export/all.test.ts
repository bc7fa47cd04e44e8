/**
 * Everything through SPIN and Rumur: all specs, all variants, 1,000 random programs. It takes an
 * hour or more, so it runs only with CROSSCHECK_ALL=1 (`npm run crosscheck:all`). What has been
 * answered is kept in node_modules/.cache/mmrace and not asked again; the result is written to
 * docs/crosscheck.md.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { crosscheck, type Own, type Row } from "../../cli/crosscheck/crosscheck.ts";
import { type Model, modelHash } from "../../model/ir/index.ts";
import { anyModel } from "../support/random-model.ts";
import { type Answer, crosscheckPage } from "./support/all-page.ts";
import { explored, has, ownResult } from "./support/check.ts";
import { relaxed } from "./support/relax.ts";
import { pinnedModels } from "./support/specs.ts";

type Tool = "spin" | "rumur";

interface Item {
  title: string;
  kind: "spec" | "random";
  tool: Tool;
  own: Own;
  model: () => Model;
}

const root = fileURLToPath(new URL("../../", import.meta.url));
const cache = `${root}node_modules/.cache/mmrace/crosscheck.jsonl`;
const TOOLS: Tool[] = ["spin", "rumur"];
const RANDOM = 1000;
const LIMITS = { seconds: 1800, megabytes: 6000, threads: 1 };

function randomItems(): Item[] {
  const models = fc.sample(anyModel, { numRuns: RANDOM, seed: 1 });
  return models.flatMap((random, i): Item[] => {
    const model = i % 2 === 0 ? random : relaxed(random);
    const found = explored(model, 4000);
    if (found.cut || found.interpreter.initialStates().length === 0) return [];
    return TOOLS.map((tool) => ({
      title: `random program ${i}`,
      kind: "random",
      tool,
      own: ownResult(found),
      model: () => model,
    }));
  });
}

async function specItems(): Promise<Item[]> {
  const all = await pinnedModels();
  return all.flatMap(({ title, own, model }) =>
    TOOLS.map((tool): Item => ({ title, kind: "spec", tool, own, model })),
  );
}

function known(): Map<string, Answer> {
  if (!existsSync(cache)) return new Map();
  const lines = readFileSync(cache, "utf8").split("\n").filter(Boolean);
  return new Map(lines.map((line) => JSON.parse(line) as [string, Answer]));
}

async function answer(item: Item, answers: Map<string, Answer>): Promise<Answer> {
  const model = item.model();
  const key = `${item.title} ${item.tool} ${modelHash(model)} ${JSON.stringify(item.own)}`;
  const before = answers.get(key);
  if (before) return before;
  const options = { tools: [item.tool], name: "model", header: [], limits: LIMITS };
  const [row] = await crosscheck(model, item.own, { ...options, env: process.env });
  const result: Answer = { title: item.title, kind: item.kind, own: item.own, row: row as Row };
  appendFileSync(cache, `${JSON.stringify([key, result])}\n`);
  return result;
}

/** Two at a time, in order. */
async function answerAll(items: Item[]): Promise<Answer[]> {
  mkdirSync(dirname(cache), { recursive: true });
  const answers = known();
  const results: Answer[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) {
      results[i] = await answer(items[i] as Item, answers);
    }
  };
  await Promise.all([worker(), worker()]);
  return results;
}

it.skipIf(!process.env.CROSSCHECK_ALL)(
  "agrees on everything",
  async () => {
    expect(TOOLS.filter((tool) => !has(tool))).toEqual([]);
    const results = await answerAll([...(await specItems()), ...randomItems()]);
    writeFileSync(`${root}docs/crosscheck.md`, crosscheckPage(results));
    expect(results.filter((r) => r.row.agree === false)).toEqual([]);
  },
  24 * 3600 * 1000,
);
