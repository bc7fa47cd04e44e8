/**
 * Splits TypeScript text into code and comments without parsing it, so that a rule about code does
 * not trip over a word in a comment or in a string. Both parts keep the length and the line breaks
 * of the original: an offset in one is an offset in all.
 */
export interface SourceText {
  readonly source: string;
  /** Comments and the insides of literals are spaces; the quotes stay. */
  readonly code: string;
  /** Everything but comments is spaces. */
  readonly comments: string;
}

const commentToken = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|^#![^\n]*/y;
const stringToken = /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/y;
const regExpToken = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
/** From a back quote, or from the brace that ends a substitution, to the next of either. */
const templateToken = /[`}](?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y;

/** A slash after one of these cannot be a division. */
const expressionFollows =
  /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else))\s*$/;

export function splitSource(source: string): SourceText {
  let code = "";
  let comments = "";
  const substitutions: number[] = []; // per open `${`, how many braces are open inside it
  while (code.length < source.length) {
    const at = code.length;
    const comment = tokenAt(commentToken, source, at);
    const literal = comment === "" ? literalAt(source, at, code, substitutions) : "";
    if (comment === "" && literal === "") countBrace(source[at], substitutions);
    const token = comment || literal || source.slice(at, at + 1);
    comments += comment || blank(token);
    code += comment ? blank(comment) : literal ? blankInside(literal) : token;
  }
  return { source, code, comments };
}

function literalAt(source: string, at: number, code: string, substitutions: number[]): string {
  const char = source[at];
  if (char === '"' || char === "'") return tokenAt(stringToken, source, at);
  if (char === "/" && expressionFollows.test(code.slice(-40))) {
    return tokenAt(regExpToken, source, at);
  }
  const endsSubstitution = char === "}" && substitutions.at(-1) === 0;
  if (char !== "`" && !endsSubstitution) return "";
  const token = tokenAt(templateToken, source, at);
  if (endsSubstitution) substitutions.pop();
  if (token.endsWith("{")) substitutions.push(0);
  return token;
}

function countBrace(char: string | undefined, substitutions: number[]): void {
  const step = char === "{" ? 1 : char === "}" ? -1 : 0;
  const open = substitutions.pop();
  if (open !== undefined) substitutions.push(open + step);
}

function tokenAt(token: RegExp, source: string, at: number): string {
  token.lastIndex = at;
  return token.exec(source)?.[0] ?? "";
}

const blank = (text: string) => text.replace(/[^\n]/g, " ");

const blankInside = (literal: string) =>
  literal.slice(0, 1) + blank(literal.slice(1, -1)) + literal.slice(-1);

/** The 1-based line of an offset. */
export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) {
    line++;
  }
  return line;
}
