/**
 * The table of sizes in docs/scaling.md: measured numbers from what was promoted, estimates from
 * docs/scaling.json. `npm run promote` (PROMOTE=1) estimates what has changed and writes both.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { check } from "../../checker/index.ts";
import { EXPECT_FILE, type Expectations, SCHEME } from "../../cli/expect/format.ts";
import { readExpectations } from "../../cli/expect/review.ts";
import { type LoadedSpec, loadSpec } from "../../cli/loader/load.ts";
import { between, table } from "../../cli/markdown.ts";
import { showRounded } from "../../cli/progress.ts";
import { modelHash } from "../../model/ir/index.ts";
import { specFiles } from "../support/spec-files.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = join(root, "docs", "scaling.md");
const record = join(root, "docs", "scaling.json");
const SAMPLE = 500_000;

/** A configuration of the deep tier, as far as it was searched. */
interface Deep {
  /** Of the model. */
  hash: string;
  sizes: Record<string, number>;
  /** What is told of the states; both undefined when it cannot be told yet. */
  low?: number;
  high?: number;
  /** The sample was the whole. */
  states?: number;
}

/** By spec and configuration. */
type Estimates = Record<string, Record<string, Deep>>;

/** Races and questions are left out: none is beyond some thousand states. */
function sheets(): { sheet: Expectations; path: string }[] {
  const paths = specFiles(join(root, "specs")).filter(
    (path) => !/\/specs\/(races|questions)\//.test(path),
  );
  return paths.map((path) => ({
    path,
    sheet: readExpectations(join(dirname(path), EXPECT_FILE)) ?? {},
  }));
}

function rowsOf(sheet: Expectations, deep: Estimates): string[][] {
  return Object.entries(sheet).flatMap(([spec, { configs }]) => {
    const [first] = Object.values(configs);
    const base = first?.sizes ?? {};
    const measured = Object.entries(configs).map(([name, { sizes, runs }], i) => {
      const { states, transitions } = runs[SCHEME] ?? {};
      const count = (n: number | undefined): string => n?.toLocaleString("en") ?? "";
      const what = i === 0 ? showSizes(sizes) : showChange(base, sizes);
      return [spec, name, what, count(states), count(transitions)];
    });
    const beyond = Object.entries(deep[spec] ?? {}).filter(([name]) => !configs[name]);
    const estimated = beyond.map(([name, one]) => {
      return [spec, name, showChange(base, one.sizes), showDeep(one), ""];
    });
    return [...measured, ...estimated];
  });
}

function showSizes(sizes: Record<string, number>): string {
  const some = Object.entries(sizes).filter(([, n]) => n > 0);
  return some.map(([name, n]) => `${name} ${n}`).join(", ");
}

/** Against the first configuration. */
function showChange(base: Record<string, number>, sizes: Record<string, number>): string {
  const changed = Object.entries(sizes).filter(([name, n]) => base[name] !== n);
  return changed.map(([name, n]) => `*${name} ${n}*`).join(", ");
}

function showDeep({ states, low, high }: Deep): string {
  if (states !== undefined) return states.toLocaleString("en");
  if (low === undefined || high === undefined) return "more than 500,000, beyond telling";
  return `about ${showRounded(low)} to ${showRounded(high)}`;
}

async function estimates(known: Estimates): Promise<Estimates> {
  const found: Estimates = {};
  for (const { path } of sheets()) {
    const spec = await loadSpec(path);
    const deep = spec.configs.filter((config) => config.tier === "deep");
    for (const { name, sizes } of deep) {
      const hash = modelHash(spec.build(name, ""));
      const before = known[spec.name]?.[name];
      const entry = before?.hash === hash ? before : { hash, sizes, ...told(spec, name) };
      found[spec.name] = { ...found[spec.name], [name]: entry };
    }
  }
  return found;
}

function told(spec: LoadedSpec, config: string): Partial<Deep> {
  const options = { maxStates: SAMPLE, liveness: false };
  const { verdict, states, expected } = check(spec.build(config, ""), options);
  if (verdict.kind === "violated") throw new Error(`${spec.name}, ${config} is violated`);
  if (verdict.kind === "holds") return { states };
  return expected ? { low: expected.low, high: expected.high } : {};
}

function readRecord(): Estimates {
  return JSON.parse(readFileSync(record, "utf8")) as Estimates;
}

it(
  "says how many states the schemes have",
  async () => {
    if (process.env.PROMOTE) {
      const deep = await estimates(readRecord());
      writeFileSync(record, `${JSON.stringify(deep, null, 2)}\n`);
    }
    const seen = new Set<string>();
    const rows = sheets().flatMap(({ sheet, path }) => {
      if (seen.has(dirname(path))) return [];
      seen.add(dirname(path));
      return rowsOf(sheet, readRecord());
    });
    expect(rows.length).toBeGreaterThan(20);
    const head = ["spec", "configuration", "sizes", "states", "transitions"];
    const text = readFileSync(page, "utf8");
    const updated = between(text, "sizes", table(head, rows), page);
    if (process.env.PROMOTE) writeFileSync(page, updated);
    expect(updated, "npm run promote").toBe(process.env.PROMOTE ? updated : text);
  },
  20 * 60 * 1000,
);
