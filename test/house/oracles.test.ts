/** A test that needs a program which is not installed is skipped in sight, never passed. */
import { expect, it } from "vitest";
import { describeWith, hasTool } from "../support/oracle.ts";

const outcome = (tools: string | string[]) => {
  const log: string[] = [];
  const suite = Object.assign((title: string) => log.push(`run ${title}`), {
    skip: (title: string) => log.push(`skip ${title}`),
  });
  describeWith(tools, "export", () => {}, suite);
  return log;
};

it("finds programs on the PATH", () => {
  expect(hasTool("node")).toBe(true);
  expect(hasTool("no-such-program")).toBe(false);
});

it("runs the tests whose programs are all installed", () => {
  expect(outcome("node")).toEqual(["run export"]);
  expect(outcome(["node", "sh"])).toEqual(["run export"]);
});

it("skips the others and names what is missing", () => {
  expect(outcome(["node", "no-such-program"])).toEqual([
    "skip export [skipped: no-such-program not installed]",
  ]);
});

let ran = false;
describeWith("node", "a group with an installed program", () => {
  it("is run by vitest", () => {
    ran = true;
  });
});

it("has run the group above", () => {
  expect(ran).toBe(true);
});
