/** What SPIN, Rumur, TLC and LTSmin print, as recorded, and what is made of it. */
import { describe, expect, it } from "vitest";
import { parseLtsmin, parseRumur, parseSpin, parseTlc } from "../../cli/crosscheck/parse.ts";

const SPIN = (errors: number, more = "") => `${more}
(Spin Version 6.5.2 -- 6 December 2019)
Full statespace search for:
	never claim         	- (none specified)
	assertion violations	+
	invalid end states	+

State-vector 44 byte, depth reached 21, errors: ${errors}
       32 states, stored
       41 states, matched
       73 transitions (= stored+matched)
        0 atomic steps
hash conflicts:         0 (resolved)
`;

describe("SPIN", () => {
  it("holds", () => {
    expect(parseSpin(SPIN(0))).toEqual({
      states: 32,
      transitions: 73,
      verdict: "holds",
      claim: undefined,
      note: "",
    });
  });

  it("names the violated claim, whatever the exit code", () => {
    const text = SPIN(1, "pan:1: assertion violated holds_deadlock (at depth 7)\n");
    expect(parseSpin(text)).toMatchObject({ verdict: "violated", claim: "holds_deadlock" });
  });

  it.each([
    ["error: max search depth too small\n", "depth limit of pan (-m) reached"],
    ["pan: out of memory\n", "out of memory"],
    ["pan: reached -DMEMLIM bound\n", "out of memory"],
    ["Warning: Search not completed\n", "search not completed"],
    ["Bit statespace search for:\n", "lossy storage"],
  ])("is incomplete after %j", (warning, note) => {
    expect(parseSpin(SPIN(0, warning))).toMatchObject({ verdict: "incomplete", note });
  });

  it("failed without a result", () => {
    expect(parseSpin("Segmentation fault")).toMatchObject({
      verdict: "failed",
      note: "Segmentation fault",
    });
  });
});

const RUMUR = (body: string) => `Memory usage:

	* The size of each state is 28 bits (rounded up to 4 bytes).

Progress Report:

${body}

State Space Explored:

	62 states, 124 rules fired in 0s.
`;

describe("Rumur", () => {
  it("holds", () => {
    expect(parseRumur(RUMUR("Status:\n\n\tNo error found.\n"))).toMatchObject({
      states: 62,
      transitions: 124,
      verdict: "holds",
    });
  });

  it("names a violated invariant", () => {
    const text = RUMUR('\tinvariant "no_stale" failed\n\nStatus:\n\n\t1 error(s) found.\n');
    expect(parseRumur(text)).toMatchObject({ verdict: "violated", claim: "no_stale" });
  });

  it("names a failed assertion", () => {
    const text = RUMUR("\tAssertion failed: a.m:7.97-119: r: text\n\n\t1 error(s) found.\n");
    expect(parseRumur(text)).toMatchObject({ verdict: "violated", claim: "r: text" });
  });

  it("takes a cover that was not hit for a remark", () => {
    const text = RUMUR('\tcover "a" hit 3 times\n\tcover "b" not hit\n\n\t1 error(s) found.\n');
    expect(parseRumur(text)).toMatchObject({
      verdict: "holds",
      note: "1 reachable fact(s) never seen",
    });
  });

  it.each([
    "out of memoryMemory usage:\n\n\t 10000 states explored in 1s, with 32245 rules fired",
    "pthread_create failed: Resource temporarily unavailable",
    "./verifier: error while loading shared libraries: libc.so.6: failed to map segment",
  ])("is incomplete without memory: %j", (text) => {
    expect(parseRumur(text)).toMatchObject({ verdict: "incomplete", note: "out of memory" });
  });
});

const TLC = (end: string, left = 0) => `Computing initial states...
Finished computing initial states: 36 distinct states generated at 2026-01-01 00:00:00.
Progress(9): 101 states generated (500 s/min), 51 distinct states found (10 ds/min), 7 states left
${end}
252 states generated, 72 distinct states found, ${left} states left on queue.
`;
const TLC_DONE = "Model checking completed. No error has been found.";

describe("TLC", () => {
  it("holds; initial states are no transitions", () => {
    const row = parseTlc(TLC(TLC_DONE));
    expect(row).toMatchObject({ states: 72, transitions: 216, verdict: "holds" });
  });

  it("names a violated invariant", () => {
    const row = parseTlc(TLC("Error: Invariant no_stale is violated."));
    expect(row).toMatchObject({ verdict: "violated", claim: "no_stale" });
  });

  it("names the rule of a failed assertion", () => {
    const trace = 'Error: Invariant NoViolation is violated.\n/\\ violation = ""\n';
    const row = parseTlc(TLC(`${trace}/\\ violation = "range_overflow"`));
    expect(row).toMatchObject({ verdict: "violated", claim: "range_overflow" });
  });

  it("does not hold with states left on the queue", () => {
    expect(parseTlc(TLC(TLC_DONE, 3)).verdict).toBe("failed");
    expect(parseTlc(TLC("java.lang.OutOfMemoryError: Java heap space", 3)).verdict).toBe(
      "incomplete",
    );
  });
});

it.each([
  "Error: Java ran out of memory.  Running Java with a larger memory allocation\npool may fix this",
  "Error occurred during initialization of VM\nToo small maximum heap\n",
])("TLC is incomplete without memory: %j", (text) => {
  expect(parseTlc(text)).toMatchObject({ verdict: "incomplete", note: "out of memory" });
});

const LTSMIN = "prom2lts-mc: Explored 32 states 72 transitions, fanout: 2.250\n";

describe("LTSmin", () => {
  it("holds", () => {
    expect(parseLtsmin(LTSMIN)).toMatchObject({ states: 32, transitions: 72, verdict: "holds" });
  });

  it("is violated", () => {
    const text = `prom2lts-mc: Invariant violation (all_hold) found at depth 3!\n${LTSMIN}`;
    expect(parseLtsmin(text).verdict).toBe("violated");
  });

  it.each(["hash table", "tree leafs table"])("is incomplete with a full %s", (table) => {
    const text = `prom2lts-mc: Error: ${table} full! Change -s/--ratio.\n${LTSMIN}`;
    expect(parseLtsmin(text)).toMatchObject({ verdict: "incomplete", note: "hash table full" });
  });
});
