/** Mistakes of the user: one clear message each, with its place, and exit code 2. */
import type { Src } from "../model/ir/types.ts";

export interface Problem {
  message: string;
  /** Number of a diagnostic, `MR102`. */
  code?: string;
  fix?: string;
  /** Where: in a source file ... */
  src?: Src;
  /** ... or, when there is no line to point at, the file alone. */
  file?: string;
  /** Thrown by the author's code; a type error, if there is one, says more. */
  thrown?: true;
}

export class UserError extends Error {
  readonly problems: Problem[];
  constructor(...problems: [Problem, ...Problem[]]) {
    super(problems.map(showProblem).join("\n"));
    this.name = "UserError";
    this.problems = problems;
  }
}

/** Shorthand for a problem without a place. */
export function fail(message: string, fix?: string): never {
  throw new UserError(fix === undefined ? { message } : { message, fix });
}

/** `specs/a.spec.ts:3:7: error MR102: 9 is not ...` and, on its own line, what to do. */
export function showProblem(problem: Problem): string {
  const { src } = problem;
  const place = src ? `${src.file}:${src.line}:${src.column}` : (problem.file ?? "mmrace");
  const code = problem.code ? `error ${problem.code}` : "error";
  const fix = problem.fix ? `\n  fix: ${problem.fix}` : "";
  return `${place}: ${code}: ${problem.message}${fix}`;
}

/** All of them, each on lines of its own. */
export function problemsText({ problems }: UserError, red: (text: string) => string): string {
  const paint = (text: string): string => text.replace(/ error( \w+)?:/, (word) => red(word));
  return problems.map((problem) => `${paint(showProblem(problem))}\n`).join("");
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** What the system said, without the call and the path that we name ourselves. */
export function reason(thrown: unknown): string {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  switch (code) {
    case "ENOENT":
      return "no such file or folder";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "EROFS":
      return "read-only file system";
    case "ENOSPC":
      return "no space left on the device";
    case "EISDIR":
      return "it is a folder";
    case "ENOTDIR":
    case "EEXIST":
      return "a part of the path is a file, not a folder";
    default:
      return messageOf(thrown);
  }
}
