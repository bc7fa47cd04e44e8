/** Where a text stops being JSON: `JSON.parse` does not always tell. */

export interface SyntaxProblem {
  /** In UTF-16 units from the beginning. */
  offset: number;
  expected: string;
}

/** Expects a text that `JSON.parse` refuses (RFC 8259). */
export function jsonErrorAt(text: string): SyntaxProblem {
  const reader: Reader = new Reader(text);
  try {
    reader.value();
    reader.blank();
    reader.fail(reader.at < text.length ? "nothing more" : "JSON");
  } catch (error) {
    if (error instanceof Stop) return error.problem;
    throw error;
  }
}

/** Line and column, counting from 1. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return { line, column: offset - before.lastIndexOf("\n") };
}

class Stop extends Error {
  readonly problem: SyntaxProblem;
  constructor(problem: SyntaxProblem) {
    super(problem.expected);
    this.problem = problem;
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WORD = /true|false|null/y;
const BLANK = /[ \t\n\r]*/y;

/**
 * Deeper than any model may be: the shape check would refuse it, and the stack would not hold it.
 */
const MAX_DEPTH = 2000;

class Reader {
  readonly text: string;
  at = 0;
  depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  fail(expected: string): never {
    throw new Stop({ offset: this.at, expected });
  }

  match(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    if (!pattern.test(this.text)) return false;
    this.at = pattern.lastIndex;
    return true;
  }

  blank(): void {
    this.match(BLANK);
  }

  next(sign: string): boolean {
    this.blank();
    if (this.text[this.at] !== sign) return false;
    this.at++;
    return true;
  }

  string(): void {
    this.match(STRING);
    if (this.text[this.at] !== '"') this.fail('the end of the string: "');
    this.at++;
  }

  value(): void {
    this.blank();
    if (++this.depth > MAX_DEPTH) this.fail("fewer levels");
    const first = this.text[this.at];
    if (first === '"') this.string();
    else if (first === "{") this.list("}", () => this.member());
    else if (first === "[") this.list("]", () => this.value());
    else if (!this.match(NUMBER) && !this.match(WORD)) this.fail("a value");
    this.depth--;
  }

  member(): void {
    this.blank();
    if (this.text[this.at] !== '"') this.fail("a field name in double quotes");
    this.string();
    if (!this.next(":")) this.fail("a colon");
    this.value();
  }

  list(end: string, item: () => void): void {
    this.at++;
    if (this.next(end)) return;
    do {
      item();
    } while (this.next(","));
    if (!this.next(end)) this.fail(`a comma or ${end}`);
  }
}
