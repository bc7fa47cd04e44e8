/** Everything that is asked: each spec with all its variants, and random programs. */
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import type { Own } from "../../../cli/crosscheck/crosscheck.ts";
import type { Tool } from "../../../cli/crosscheck/tools.ts";
import {
  EXPECT_FILE,
  type Expectations,
  type RunExpectation,
  SCHEME,
} from "../../../cli/expect/format.ts";
import { readExpectations } from "../../../cli/expect/review.ts";
import { type LoadedSpec, loadSpec } from "../../../cli/loader/load.ts";
import { type Model, resetDeadLocals } from "../../../model/ir/index.ts";
import { anyModel } from "../../support/random-model.ts";
import { specFiles } from "../../support/spec-files.ts";
import { explored, ownResult } from "../support/check.ts";
import { relaxed } from "../support/relax.ts";

/** A model and what we say of it. */
export interface Subject {
  /** `hmm-mirror`, `hmm-mirror.retry_not_checked`, `random program 17`. */
  title: string;
  /** Name of the spec; empty for a random program. */
  spec: string;
  /** The scheme itself in its first configuration. */
  isScheme: boolean;
  /** Retells an upstream race or asks a question: small, and one of many. */
  isSmall: boolean;
  own: Own;
  model: () => Model;
}

export interface Item {
  subject: Subject;
  tool: Tool;
  /** Beyond the tool's rule ({@link RULES}): never asked. */
  isTooLarge: boolean;
}

/** What a tool is asked about: what it answers within minutes. */
interface Rule {
  /** The schemes in their first configuration only. */
  schemesOnly: boolean;
  mostStates: number;
  /** The same for the schemes in their first configuration. */
  mostOfScheme: number;
  /** What a state costs, roughly: the cheap questions come first. */
  cost: number;
}

const ALL = Number.POSITIVE_INFINITY;

export const RULES: Record<Tool, Rule> = {
  spin: { schemesOnly: false, mostStates: ALL, mostOfScheme: ALL, cost: 1 },
  ltsmin: { schemesOnly: true, mostStates: ALL, mostOfScheme: ALL, cost: 3 },
  tlc: { schemesOnly: true, mostStates: 300_000, mostOfScheme: 300_000, cost: 30 },
  rumur: { schemesOnly: false, mostStates: 300_000, mostOfScheme: 4_000_000, cost: 30 },
};

/** Schemes first, then the cheapest, so that an early end has left out as little as possible. */
export function itemsOf(subjects: Subject[], tools: readonly Tool[]): Item[] {
  const items = subjects.flatMap((subject) =>
    tools
      .filter((tool) => subject.isScheme || !RULES[tool].schemesOnly)
      .map((tool): Item => {
        const { mostStates, mostOfScheme } = RULES[tool];
        const most = subject.isScheme ? mostOfScheme : mostStates;
        return { subject, tool, isTooLarge: subject.own.states > most };
      }),
  );
  const cost = ({ subject, tool }: Item): number => RULES[tool].cost * subject.own.states;
  const rank = ({ subject }: Item): number => (subject.isScheme ? 0 : 1);
  return items.sort((a, b) => rank(a) - rank(b) || cost(a) - cost(b));
}

/** Schemes in the configurations of the tier ci, variants in theirs, as far as promoted. */
export async function specSubjects(root: string): Promise<Subject[]> {
  const subjects: Subject[] = [];
  for (const file of specFiles(join(root, "specs"))) {
    const sheet = readExpectations(join(dirname(file), EXPECT_FILE)) ?? {};
    subjects.push(...subjectsOf(await loadSpec(file), sheet));
  }
  return subjects;
}

function subjectsOf(spec: LoadedSpec, sheet: Expectations): Subject[] {
  const { configs = {}, properties = {} } = sheet[spec.name] ?? {};
  const first = spec.configs[0]?.name ?? "";
  const ci = spec.configs.filter(({ tier }) => tier === "ci");
  const schemes = ci.map(({ name }) => ({ config: name, variant: "" }));
  const variants = spec.variants.map((v) => ({ config: v.config ?? first, variant: v.name }));
  return [...schemes, ...variants].flatMap(({ config, variant }): Subject[] => {
    const expected = configs[config]?.runs[variant || SCHEME];
    if (!expected) return [];
    const other = variant === "" && config !== first;
    return [
      {
        title: `${spec.name}${variant && `.${variant}`}${other ? ` (${config})` : ""}`,
        spec: spec.name,
        isScheme: variant === "" && !other,
        isSmall: spec.race !== undefined || spec.file.includes("questions"),
        own: ownOf(expected, properties),
        model: () => resetDeadLocals(spec.build(config, variant)),
      },
    ];
  });
}

/** Claims about infinite runs are not asked here: to the other tools such a model holds. */
function ownOf(expected: RunExpectation, properties: Record<string, string>): Own {
  const { verdict, states, transitions } = expected;
  const broken = verdict.replace(/^violated /, "");
  const isRunClaim = ["starvation", "partial_deadlock"].includes(broken);
  const isSafe = verdict === "holds" || isRunClaim || properties[broken]?.startsWith("liveness ");
  return { verdict: isSafe ? "holds" : "violated", states, transitions };
}

/** Every other one without properties of its own: more of it is explored. */
export function randomSubjects(count: number): Subject[] {
  const models = fc.sample(anyModel, { numRuns: count, seed: 1 });
  return models.flatMap((random, i): Subject[] => {
    const model = i % 2 === 0 ? random : relaxed(random);
    const found = explored(model, 4000);
    if (found.cut || found.interpreter.initialStates().length === 0) return [];
    const title = `random program ${i}`;
    const own = ownResult(found);
    return [{ title, spec: "", isScheme: false, isSmall: false, own, model: () => model }];
  });
}
