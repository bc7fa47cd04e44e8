/** The generated text as tokens, and the functions in it. */

/** Text that is not of the small kind which `wasm.ts` reads: a mistake of the generator. */
export class TranslationError extends Error {}

const SIGNS =
  "=>|>>>|===|!==|<<|>>|<=|>=|\\+\\+|\\+=|-=|\\|=|\\^=|&&|\\|\\||[-+*%&|^~!<>=?:;,.(){}[\\]]";
/** The last alternative is what cannot be read: a token that the reader does not know. */
const TOKEN = new RegExp(`${SIGNS}|0x[0-9a-f]+|\\d+|[A-Za-z_]\\w*|\\S`, "g");

export function tokensOf(source: string): string[] {
  return source.match(TOKEN) ?? [];
}

/** What stands between two braces. */
export interface Block {
  /** Position of the closing one. */
  end: number;
  /** How many `case` are in it, and in no block within it. */
  cases: number;
}

/** By the position of the opening brace. */
export function blocksOf(tokens: string[]): Map<number, Block> {
  const blocks = new Map<number, Block>();
  const open: Block[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === "{") {
      const block = { end: tokens.length, cases: 0 };
      blocks.set(at, block);
      open.push(block);
    } else if (token === "}") {
      const block = open.pop();
      if (block) block.end = at;
    } else if (token === "case") {
      const block = open.at(-1);
      if (block) block.cases++;
    }
  }
  return blocks;
}

export interface Signature {
  index: number;
  parameters: string[];
  returns: boolean;
  /** Position of the first token of the body, behind its brace. */
  body: number;
}

export function signaturesOf(
  tokens: string[],
  blocks: ReadonlyMap<number, Block>,
): Map<string, Signature> {
  const found = new Map<string, Signature>();
  for (let at = 0; at < tokens.length; ) {
    if (tokens[at] !== "function") throw new TranslationError(`no function: ${tokens[at]}`);
    const name = tokens[at + 1] as string;
    const close = tokens.indexOf(")", at);
    const parameters = tokens.slice(at + 3, close).filter((t) => t !== ",");
    const body = close + 2;
    const end = blocks.get(body - 1)?.end ?? tokens.length;
    const returns = tokens.slice(body, end).includes("return");
    found.set(name, { index: found.size, parameters, returns, body });
    at = end + 1;
  }
  return found;
}
