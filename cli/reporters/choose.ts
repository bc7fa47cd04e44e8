/** Which reports a run writes, and where. */

import { dirname } from "node:path";
import type { Input } from "../args.ts";
import { fail, type Problem, UserError } from "../errors.ts";
import { prepareFolder, writeText } from "../files.ts";
import { didYouMean } from "../suggest.ts";
import { githubReport, gitlabReport } from "./annotations.ts";
import { jsonReport } from "./json.ts";
import { junitReport } from "./junit.ts";
import type { Report } from "./report.ts";
import { sarifReport } from "./sarif.ts";

const WRITERS = {
  json: jsonReport,
  junit: junitReport,
  sarif: sarifReport,
  github: githubReport,
  gitlab: gitlabReport,
};

type Kind = keyof typeof WRITERS;

const KINDS = ["human", ...Object.keys(WRITERS)] as ("human" | Kind)[];

export interface Reporters {
  /** The table and the counterexamples go to standard output. */
  human: boolean;
  /** @throws UserError when all are tried, with what could not be written */
  write(report: Report): void;
}

/** What `--reporter KIND[=FILE]` and `--json` say. Folders of files exist afterwards. */
export function reportersOf({ lists, flags }: Input): Reporters {
  const asked = (lists.get("reporter") ?? []).map(reporterFrom);
  if (flags.has("json")) asked.push({ kind: "json", file: undefined });
  const onOutput = asked.filter((r) => r.file === undefined).map((r) => r.kind);
  const documents = onOutput.filter((kind) => kind !== "human" && kind !== "github");
  if (documents.length > 0 && onOutput.length > 1) {
    fail(
      `${onOutput.join(" and ")} cannot share standard output`,
      `--reporter ${onOutput[0]}=FILE`,
    );
  }
  for (const { file } of asked) if (file !== undefined) prepareFolder(dirname(file));
  return {
    human: onOutput.length === 0 || onOutput.includes("human"),
    write(report) {
      const problems: Problem[] = [];
      for (const { kind, file } of asked) {
        if (kind === "human") continue;
        const text = WRITERS[kind](report);
        if (file === undefined) process.stdout.write(text);
        else problems.push(...problemsOf(() => writeText(file, text)));
      }
      const [first, ...more] = problems;
      if (first) throw new UserError(first, ...more);
    },
  };
}

/** What keeps one report from its file keeps no other from its own. */
function problemsOf(write: () => void): Problem[] {
  try {
    write();
    return [];
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
}

/** `sarif=FILE`; refused when there is no such report. */
export function reporterFrom(text: string): { kind: "human" | Kind; file: string | undefined } {
  const [name = "", ...rest] = text.split("=");
  const kind = KINDS.find((k) => k === name);
  if (!kind) return fail(`--reporter ${name}: no such report`, didYouMean(name, KINDS));
  const file = rest.length > 0 ? rest.join("=") : undefined;
  if (file === "") fail(`--reporter ${text}: no file name`, `--reporter ${kind}=FILE`);
  if (kind === "human" && file !== undefined) {
    fail("--reporter human goes to standard output", "redirect that: mmrace check > FILE");
  }
  return { kind, file };
}
