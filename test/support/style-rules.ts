import type { RepositoryFile } from "./repository.ts";
import { lineOf, type SourceText, splitSource } from "./source-text.ts";

export const limits = { fileLines: 500, functionLines: 70, columns: 100 };

/** One line per breach of a rule about a single source file. */
export function styleViolations(file: RepositoryFile): string[] {
  const text = splitSource(file.text);
  const violations = [...longFile(file), ...longLines(file), ...bannedWords(file.path, text)];
  return isTableOfSteps(file.path) ? violations : [...violations, ...longFunctions(file, text)];
}

/** A spec is a list of steps and a test file a list of cases: as long as the subject is. */
const isTableOfSteps = (path: string) =>
  path.startsWith("specs/") || /\.test(?:-d)?\.ts$/.test(path);

function longFile(file: RepositoryFile): string[] {
  const lines = file.text.trimEnd().split("\n").length;
  return lines > limits.fileLines ? [`${file.path} has ${lines} lines`] : [];
}

/** An address cannot be wrapped, and neither can a row of a Markdown table. */
const unwrappable = /https?:\/\/[^\s)>]+|^\|.*/g;

export function longLines(file: RepositoryFile): string[] {
  return file.text.split("\n").flatMap((line, index) => {
    const columns = [...line].length;
    return [...line.replace(unwrappable, "")].length > limits.columns
      ? [`${file.path}:${index + 1} has ${columns} columns`]
      : [];
  });
}

function bannedWords(path: string, { code, comments }: SourceText): string[] {
  const find = (text: string, words: RegExp) =>
    [...text.matchAll(words)].map((match) => {
      return `${path}:${lineOf(text, match.index)} says ${match[0].replace(/\s+/g, " ")}`;
    });
  return [
    ...find(code, /\bas\s+any\b/g),
    ...find(comments, /@ts-(?:ignore|nocheck)\b|\b(?:TODO|FIXME|XXX)\b/g),
  ];
}

function longFunctions(file: RepositoryFile, { code }: SourceText): string[] {
  return functionsIn(code)
    .filter(({ lines }) => lines > limits.functionLines)
    .map(({ line, lines }) => `${file.path}:${line} is a function of ${lines} lines`);
}

export interface FunctionSpan {
  readonly line: number;
  readonly lines: number;
}

interface Bracket {
  /** Where the header of a function would begin if a brace followed: after the last `;`, `,` ... */
  header: number;
  readonly startsAt: number | undefined;
  /** A brace in a type or a value, after which the statement it is part of goes on. */
  readonly nested: boolean;
}

/** Functions with a body in braces, found by counting brackets in text without literals. */
export function functionsIn(code: string): FunctionSpan[] {
  const spans: FunctionSpan[] = [];
  const open: Bracket[] = [{ header: 0, startsAt: undefined, nested: false }];
  for (let at = 0; at < code.length; at++) {
    const char = code.charAt(at);
    const around = open.at(-1) as Bracket;
    if ("([{".includes(char)) {
      const header = code.slice(around.header, at);
      const startsAt =
        char === "{" && opensFunction(header) ? firstInk(code, around.header) : undefined;
      open.push({ header: at + 1, startsAt, nested: char !== "{" || expectsMore.test(header) });
    } else if (")]}".includes(char) && open.length > 1) {
      open.pop();
      if (!around.nested || around.startsAt !== undefined) (open.at(-1) as Bracket).header = at + 1;
      if (around.startsAt !== undefined) spans.push(span(code, around.startsAt, at));
    } else if (char === ";" || char === ",") {
      around.header = at + 1;
    }
  }
  return spans.sort((a, b) => a.line - b.line);
}

const notAFunction = /^\s*(?:if|for|while|switch|catch|with|return|else|do|try|new)\b/;
const functionKeyword = /\bfunction\b[^()]*\(/;
const method = /^\s*(?:[a-z]+\s+)*\*?\s*[#\w$[\]"]+\s*(?:<[^()]*>)?\(/;

/** What a type or a value begins with, so that the statement goes on after its closing brace. */
const expectsMore = /(?:[:|&<(]|=)\s*$/;

function opensFunction(header: string): boolean {
  if (/=>\s*$/.test(header)) return true;
  if (!header.includes(")") || notAFunction.test(header) || expectsMore.test(header)) return false;
  return functionKeyword.test(header) || method.test(header);
}

function firstInk(code: string, from: number): number {
  const offset = code.slice(from).search(/\S/);
  return from + Math.max(offset, 0);
}

function span(code: string, from: number, to: number): FunctionSpan {
  const line = lineOf(code, from);
  return { line, lines: lineOf(code, to) - line + 1 };
}
