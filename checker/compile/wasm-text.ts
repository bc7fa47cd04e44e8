/** The generated text as tokens, and the functions in it. */

/** Text that is not of the small kind which `wasm.ts` reads: a mistake of the generator. */
export class TranslationError extends Error {}

const SIGNS =
  "=>|>>>|===|!==|<<|>>|<=|>=|\\+\\+|\\+=|-=|\\|=|\\^=|&&|\\|\\||[-+*%&|^~!<>=?:;,.(){}[\\]]";
const TOKEN = new RegExp(`\\s+|(${SIGNS}|0x[0-9a-f]+|\\d+|[A-Za-z_]\\w*)`, "y");

export function tokensOf(source: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(source);
    if (!match) throw new TranslationError(`cannot read: ${source.slice(at, at + 40)}`);
    if (match[1]) tokens.push(match[1]);
  }
  return tokens;
}

export interface Signature {
  index: number;
  parameters: string[];
  returns: boolean;
  /** Position of the first token of the body, behind its brace. */
  body: number;
}

export function signaturesOf(tokens: string[]): Map<string, Signature> {
  const found = new Map<string, Signature>();
  for (let at = 0; at < tokens.length; ) {
    if (tokens[at] !== "function") throw new TranslationError(`no function: ${tokens[at]}`);
    const name = tokens[at + 1] as string;
    const close = tokens.indexOf(")", at);
    const parameters = tokens.slice(at + 3, close).filter((t) => t !== ",");
    const body = close + 2;
    const end = closing(tokens, body);
    const returns = tokens.slice(body, end).includes("return");
    found.set(name, { index: found.size, parameters, returns, body });
    at = end + 1;
  }
  return found;
}

/** Position of the brace that closes the block which is open at `from`. */
function closing(tokens: string[], from: number): number {
  let open = 1;
  for (let at = from; at < tokens.length; at++) {
    if (tokens[at] === "{") open++;
    if (tokens[at] === "}" && --open === 0) return at;
  }
  throw new TranslationError("a brace is open");
}
