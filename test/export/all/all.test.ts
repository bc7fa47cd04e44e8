/** Asking everything: what is kept, what is asked again, what the page says. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Row } from "../../../cli/crosscheck/crosscheck.ts";
import { testAndSet } from "../../support/classics.ts";
import { has, LIMITS } from "../support/check.ts";
import { type Asking, ask } from "./answers.ts";
import { type Item, itemsOf, type Subject } from "./items.ts";
import { crosscheckPage } from "./page.ts";

const cache = mkdtempSync(join(tmpdir(), "mmrace-answers-"));
afterAll(() => rmSync(cache, { recursive: true }));

const asking: Asking = { cache, limits: LIMITS, knownOnly: false, retry: false };
const subject = (clients: number, states: number, transitions: number): Subject => ({
  title: `test-and-set ${clients}`,
  spec: "test-and-set",
  isScheme: clients === 2,
  isSmall: false,
  own: { verdict: "holds", states, transitions },
  model: () => testAndSet(clients),
});
const two: Item = { tool: "spin", subject: subject(2, 12, 20), isTooLarge: false };
const three: Item = { tool: "spin", subject: subject(3, 32, 72), isTooLarge: false };

describe.skipIf(!has("spin"))("answers", () => {
  it("are kept, and judged anew", async () => {
    expect((await ask(two, { ...asking, knownOnly: true })).row).toBeUndefined();
    const { row } = await ask(two, asking);
    expect(row).toMatchObject({ verdict: "holds", states: 12, agree: true });
    expect(readdirSync(cache)).toHaveLength(1);
    const known = { ...asking, knownOnly: true };
    expect((await ask(two, known)).row).toEqual(row);
    const other = { ...two, subject: { ...subject(2, 12, 21) } };
    expect((await ask(other, known)).row).toMatchObject({ agree: false });
  });

  it("that a limit cut short are not agreement, and are asked again on demand", async () => {
    const short = { ...asking, limits: { ...LIMITS, seconds: 0.01 } };
    expect((await ask(three, short)).row).toMatchObject({ verdict: "incomplete" });
    // The same question with more time: it is known that it was not answered.
    expect((await ask(three, asking)).row).toMatchObject({ verdict: "incomplete" });
    const again = await ask(three, { ...asking, retry: true });
    expect(again.row).toMatchObject({ verdict: "holds", agree: true });
    expect((await ask(three, asking)).row).toMatchObject({ agree: true });
  });
});

it("asks schemes first, then the cheapest, and Rumur and TLC about small ones only", async () => {
  const big = { ...subject(2, 400_000, 1), title: "big" };
  const huge = { ...big, isScheme: false, title: "huge" };
  const items = itemsOf([huge, big, three.subject, two.subject], ["rumur", "tlc", "spin"]);
  const shown = items.map((i) => `${i.tool} ${i.subject.title}${i.isTooLarge ? ", no" : ""}`);
  expect(shown).toEqual([
    "spin test-and-set 2",
    "rumur test-and-set 2",
    "tlc test-and-set 2",
    "spin big",
    "rumur big",
    "tlc big, no",
    "spin test-and-set 3",
    "rumur test-and-set 3",
    "spin huge",
    "rumur huge, no",
  ]);
  const [large] = items.filter((i) => i.isTooLarge);
  if (large) expect((await ask(large, asking)).row).toBeUndefined();
});

it("tells on the page what was not agreed on", () => {
  const row = (more: Partial<Row>): Row => ({
    ...{ tool: "spin", version: "6.5.2", asked: undefined, states: 12, transitions: 20 },
    ...{ verdict: "holds", agree: true, claim: undefined, note: "" },
    ...more,
  });
  const made = { compilers: ["gcc 12"], limits: { processorSeconds: 9, megabytes: 8 } };
  const late = row({ verdict: "incomplete", agree: undefined, note: "time limit of 9 s" });
  const answers = [
    { item: two, row: row({}) },
    { item: three, row: late },
    { item: { ...two, tool: "rumur" as const }, row: row({ tool: "rumur", agree: false }) },
    { item: { ...three, tool: "rumur" as const }, row: undefined },
    { item: { ...three, tool: "rumur" as const, isTooLarge: true }, row: undefined },
  ];
  const page = crosscheckPage(answers, made);
  expect(page).toContain("| specs and variants | SPIN | 2 | 1 | 0 | 1 | 0 | 0 | 0 | 0 |");
  expect(page).toContain("| specs and variants | Rumur | 3 | 0 | 0 | 0 | 0 | 1 | 1 | 1 |");
  expect(page).toContain(
    "configuration up to 4,000,000 states,\n  and everything up to 300,000 states.",
  );
  expect(page).toContain(
    "1 agrees, 1 incomplete | 0 agree, 1 too large, 1 not asked yet, 1 **different** |",
  );
  expect(page).toContain("- test-and-set 3, SPIN: incomplete, time limit of 9 s");
  expect(page).toContain("**holds, 12 states, 20 transitions**");
  expect(crosscheckPage(answers, made)).toBe(page);
});
