/** The table of schemes, in full and in brief, is what `expect.json` and `schemes.json` give. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { run } from "../cli/mmrace.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

it.each([
  ["docs/schemes.md", []],
  ["README.md", ["--brief"]],
])("is current in %s", (page, more) => {
  const status = ["status", "specs", "--schemes", "--write", page, ...more];
  if (process.env.PROMOTE === "1") run(root, status);
  expect(run(root, [...status, "--check"])).toEqual({ code: 0, out: "", err: "" });
});
