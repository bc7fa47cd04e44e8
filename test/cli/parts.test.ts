/** The parts of the command line that are functions of their input. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesOf, type Command, countOf, parseInput, secondsOf } from "../../cli/args.ts";
import { worse } from "../../cli/exit-codes.ts";
import { between, table } from "../../cli/markdown.ts";
import { progressLine, showBytes, showCount } from "../../cli/progress.ts";
import { distance, nearest } from "../../cli/suggest.ts";

const command: Command = {
  name: "test",
  summary: "",
  usage: "",
  details: "",
  options: { amount: { short: "a", value: "N", help: "" }, flag: { help: "" } },
  args: { min: 0, max: 9 },
  run: async () => 0,
};
const amount = (text: string) => parseInput(command, ["--amount", text]);

describe("amounts", () => {
  it.each([
    ["5", 5],
    ["1_000", 1000],
    ["20M", 20e6],
    ["1.5k", 1500],
  ])("%s states", (text, n) => expect(countOf(amount(text), "amount")).toBe(n));

  it.each([
    ["512M", 512 * 2 ** 20],
    ["2G", 2 ** 31],
    ["100", 100],
  ])("%s bytes", (text, n) => expect(bytesOf(amount(text), "amount")).toBe(n));

  it.each([
    ["90", 90],
    ["60s", 60],
    ["5m", 300],
    ["1h", 3600],
    ["250ms", 0.25],
  ])("%s", (text, n) => expect(secondsOf(amount(text), "amount")).toBe(n));

  it.each(["", "x", "0", "1e3", "5 M", "5X", "NaN", "Infinity", "5s5"])("not %j", (text) => {
    expect(() => secondsOf(amount(text), "amount")).toThrow();
  });
});

describe("options", () => {
  it("in all their forms", () => {
    for (const words of [["--amount", "3"], ["--amount=3"], ["-a", "3"], ["-a3"]]) {
      expect(parseInput(command, words).values.get("amount")).toBe("3");
    }
  });

  it("end at --", () => {
    expect(parseInput(command, ["--flag", "--", "--flag"]).args).toEqual(["--flag"]);
  });
});

describe("suggestions", () => {
  it("count edits and swaps", () => {
    expect(distance("check", "chekc")).toBe(1);
    expect(distance("", "abc")).toBe(3);
    expect(distance("kitten", "sitting")).toBe(3);
  });

  it("are a symmetric distance", () => {
    const word = fc.stringMatching(/^[abc]{0,6}$/);
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(distance(a, b)).toBe(distance(b, a));
        expect(distance(a, b) === 0).toBe(a === b);
        expect(distance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });

  it("are near or absent", () => {
    const names = ["check", "replay", "draw"];
    expect(nearest("chek", names)).toBe("check");
    expect(nearest("repaly", names)).toBe("replay");
    expect(nearest("xyzzy", names)).toBeUndefined();
  });
});

describe("exit codes", () => {
  it("a violation outweighs a limit, and both outweigh success", () => {
    expect(worse(0, 3)).toBe(3);
    expect(worse(3, 1)).toBe(1);
    expect(worse(1, 0)).toBe(1);
    expect(worse(1, 2)).toBe(2);
  });
});

describe("progress", () => {
  const shown = (isTTY: boolean, seconds: number[]): string => {
    let text = "";
    let now = 0;
    const stream = { isTTY, columns: 60, write: (t: string) => (text += t) };
    const line = progressLine(stream, () => now);
    for (const s of seconds) {
      now = s * 1000;
      const counters = { states: 4120331, transitions: 9, queue: 88102, depth: 31 };
      line.update("xe-svm", { ...counters, bytes: 2 ** 30, elapsed: now });
    }
    line.clear();
    return text;
  };

  it("elsewhere: a plain line every 30 seconds", () => {
    expect(shown(false, [1, 29, 30, 31, 59, 60.5])).toBe(
      "progress xe-svm depth=31 states=4,120,331 queue=88,102 rate=137k/s mem=1.0G " +
        "elapsed=00:00:30\n" +
        "progress xe-svm depth=31 states=4,120,331 queue=88,102 rate=68k/s mem=1.0G " +
        "elapsed=00:01:00\n",
    );
  });

  it("on a terminal: one line, at most four times a second, cut to its width", () => {
    const text = shown(true, [0.1, 0.3, 0.4, 0.5, 0.6]);
    expect(text.match(/\r/g)).toHaveLength(3);
    expect(text.endsWith("\r\u001b[K")).toBe(true);
    expect(text).not.toContain("\n");
    for (const part of text.split("\r")) {
      expect(part.replace("\u001b[K", "").length).toBeLessThanOrEqual(59);
    }
  });

  it("numbers", () => {
    expect(["0", "999", "1,000", "1,234,567"]).toEqual([0, 999, 1000, 1234567].map(showCount));
    expect([showBytes(1), showBytes(2 ** 31)]).toEqual(["1M", "2.0G"]);
  });
});

describe("Markdown", () => {
  it("escapes what would end a cell", () => {
    expect(table(["a"], [["x|y\nz"]])).toBe("| a |\n| --- |\n| x\\|y z |\n");
  });

  it("exchanges what stands between markers", () => {
    const text = "a\n<!-- s:begin -->\nold\n<!-- s:end -->\nb\n";
    expect(between(text, "s", "new\n", "f")).toBe("a\n<!-- s:begin -->\nnew\n<!-- s:end -->\nb\n");
    expect(() => between("<!-- s:end --><!-- s:begin -->", "s", "", "f")).toThrow();
  });
});
