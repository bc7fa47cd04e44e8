/**
 * What the other checkers print, understood. Exit codes are not asked: SPIN's verifier exits with
 * 0 after an error. Whatever says that the search was cut short makes the result incomplete,
 * never "holds".
 */

export interface Report {
  states: number | undefined;
  /** In the tool's own counting. */
  transitions: number | undefined;
  verdict: "holds" | "violated" | "incomplete" | "failed";
  /** The tool's name for what is violated. */
  claim: string | undefined;
  /** Why it is incomplete or failed. */
  note: string;
}

/** `[pattern, note]`: what a tool says when it did not see everything. */
type Limits = readonly (readonly [RegExp, string])[];

/** What compilers say when the machine is too small for the verifier. */
export const BUILD_LIMITS: Limits = [
  [/No space left on device/, "disk full"],
  [/virtual memory exhausted|out of memory|cannot allocate memory/i, "out of memory"],
  [/Killed signal terminated program/, "out of memory"],
];

const SPIN_LIMITS: Limits = [
  [/max search depth too small/, "depth limit of pan (-m) reached"],
  [/out of memory|reached -DMEMLIM bound|memory usage exceeds/i, "out of memory"],
  [/hash[- ]?table (is )?full|hashtable is full/i, "hash table full"],
  [/Bit statespace search|Hash-Compact|Bloom/i, "lossy storage"],
  [/VECTORSZ is too small/, "state vector too large (VECTORSZ)"],
  [/Warning: Search not completed/, "search not completed"],
];

const RUMUR_LIMITS: Limits = [
  [/out of memory|failed to (allocate|expand|create)|cannot allocate/i, "out of memory"],
  [/pthread_create failed|error while loading shared libraries/, "out of memory"],
  [/depth (limit|bound)|bound reached/i, "depth limit reached"],
];

const TLC_LIMITS: Limits = [
  [/OutOfMemoryError|ran out of memory|Out Of Memory|Java heap space/, "out of memory"],
  [/Too small maximum heap|Could not reserve enough space/, "out of memory"],
  [/StackOverflowError/, "stack of Java too small (-Xss)"],
  [/No space left on device/, "disk full"],
];

const LTSMIN_LIMITS: Limits = [
  [/(table|store) full|full! Change -s/i, "hash table full"],
  [/out of memory|cannot allocate/i, "out of memory"],
  [/max(imum)? (depth|level) reached/i, "depth limit reached"],
];

/** Why a program says that it did not do everything; undefined when it does not. */
export function limitIn(text: string, limits: Limits): string | undefined {
  return limits.find(([pattern]) => pattern.test(text))?.[1];
}

function numberIn(text: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? undefined : Number(found.replaceAll(",", ""));
}

/** The last lines with something on them: what a tool said before it gave up. */
function lastLines(text: string): string {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter(Boolean).slice(-2).join(" | ").slice(0, 200);
}

function report(
  text: string,
  counts: Pick<Report, "states" | "transitions">,
  violated: boolean,
  complete: boolean,
  limits: Limits,
  claim: string | undefined,
): Report {
  const limit = limitIn(text, limits);
  if (violated) return { ...counts, verdict: "violated", claim, note: "" };
  if (limit) return { ...counts, verdict: "incomplete", claim: undefined, note: limit };
  if (complete) return { ...counts, verdict: "holds", claim: undefined, note: "" };
  return { ...counts, verdict: "failed", claim: undefined, note: lastLines(text) };
}

/** Output of `pan`. */
export function parseSpin(text: string): Report {
  const counts = {
    states: numberIn(text, /(\d+) states, stored/),
    transitions: numberIn(text, /(\d+) transitions \(/),
  };
  const errors = numberIn(text, /errors: (\d+)/);
  const claim = /assertion violated !?\(?(\w+)/.exec(text)?.[1];
  const violated = (errors ?? 0) > 0 && /assertion violated|invalid end state/.test(text);
  return report(text, counts, violated, errors === 0, SPIN_LIMITS, claim);
}

/** Output of `pan -a -f`: a cycle, or a finite run that the claim ends on. */
export function parseSpinRuns(text: string): Report {
  const counts = { states: numberIn(text, /(\d+) states, stored/), transitions: undefined };
  const errors = numberIn(text, /errors: (\d+)/);
  const violated = /acceptance cycle|end state in claim reached|claim violated/.test(text);
  const complete = errors === 0 && /acceptance\s+cycles\s+\+ \(fairness enabled\)/.test(text);
  const limits: Limits = [
    ...SPIN_LIMITS,
    [/MA too small|recompile with -DNFAIR/, "built too small"],
  ];
  return report(text, counts, violated && (errors ?? 0) > 0, complete, limits, undefined);
}

/** Output of a verifier written by Rumur. A cover that is not hit is no violation. */
export function parseRumur(text: string): Report {
  const counts = {
    states: numberIn(text, /(\d+) states, \d+ rules fired/),
    transitions: numberIn(text, /\d+ states, (\d+) rules fired/),
  };
  const found = /(?:invariant|property|assumption) "([^"]*)" failed|Assertion failed: [^ ]+ (.*)/;
  const [, property, assertion] = found.exec(text) ?? [];
  const covers = text.match(/cover .*not hit/g)?.length ?? 0;
  const errors = /No error found/.test(text) ? 0 : numberIn(text, /(\d+) error\(s\) found/);
  const violated = (errors ?? 0) > covers;
  const result = report(
    text,
    counts,
    violated,
    errors !== undefined,
    RUMUR_LIMITS,
    property ?? assertion,
  );
  return covers > 0 && result.verdict === "holds"
    ? { ...result, note: `${covers} reachable fact(s) never seen` }
    : result;
}

/** Output of TLC. The initial states are not among the transitions. */
export function parseTlc(text: string): Report {
  // Lines about the progress look alike, but have the speed in parentheses.
  const number = "([\\d,]+)";
  const last = new RegExp(
    `${number} states generated, ${number} distinct states found, ${number} states left`,
  ).exec(text);
  const [, generated, states, left] = (last ?? []).map((n) => Number(n.replaceAll(",", "")));
  const initial = numberIn(text, /Finished computing initial states: ([\d,]+) distinct/);
  const counts = {
    states,
    transitions: generated !== undefined && initial !== undefined ? generated - initial : undefined,
  };
  const named =
    /Invariant (\w+) is violated/.exec(text) ??
    /invariant of (\w+) is equal to FALSE/.exec(text) ??
    /Temporal propert(?:y|ies) (\w+)? ?(?:was|were) violated/.exec(text);
  const rules = [...text.matchAll(/violation = "([^"]+)"/g)];
  const claim = named?.[1] === "NoViolation" ? (rules.at(-1)?.[1] ?? "NoViolation") : named?.[1];
  const done = /Model checking completed. No error has been found/.test(text);
  const complete = done && left === 0;
  return report(text, counts, named !== null, complete, TLC_LIMITS, claim);
}

/** Output of `prom2lts-mc`. */
export function parseLtsmin(text: string): Report {
  const counts = {
    states: numberIn(text, /Explored (\d+) states/),
    transitions: numberIn(text, /Explored \d+ states (\d+) transitions/),
  };
  const violated = /Invariant violation|Deadlock found|Error action/.test(text);
  const complete = counts.states !== undefined && !/\bError\b/.test(text);
  return report(text, counts, violated, complete, LTSMIN_LIMITS, undefined);
}
