/** Definitions in C text, found without a parser: by name, by brackets, in the kernel's style. */

/** The text with comments blanked and strings emptied; as long as before, with the same lines. */
export function blanked(text: string): string {
  const pattern = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;
  return text.replace(pattern, (piece) => piece.replace(/[^\n]/g, " "));
}

/**
 * The lines of a definition (function, macro, struct or enum), without comments and layout;
 * undefined when the text has none of that name.
 */
export function definitionOf(text: string, name: string): string[] | undefined {
  const code = blanked(text);
  const range = functionRange(code, name) ?? typeRange(code, name) ?? macroRange(code, name);
  if (!range) return undefined;
  return normalised(text, code, range);
}

/** Strings count, comments and white space do not. */
export function normalised(text: string, code: string, [from, to]: [number, number]): string[] {
  let kept = "";
  for (let i = from; i < to; i++) {
    const isComment = code[i] === " " && text[i] !== " " && !inString(text, code, i);
    kept += isComment ? " " : text[i];
  }
  return kept
    .split("\n")
    .map((line) => line.replace(/\s+/g, " ").trim())
    .filter((line) => line !== "");
}

/** A blanked character belongs to a string when the line has a quote on both sides of it. */
function inString(text: string, code: string, at: number): boolean {
  const start = text.lastIndexOf("\n", at) + 1;
  const before = text.slice(start, at + 1);
  const opens = before.search(/["']/);
  return opens >= 0 && code[start + opens] === " " && !/\/[*/]/.test(before.slice(0, opens));
}

function functionRange(code: string, name: string): [number, number] | undefined {
  const calls = new RegExp(`\\b(?:SYSCALL_DEFINE\\d\\(${name}\\b|${name}\\s*\\()`, "g");
  for (const match of code.matchAll(calls)) {
    const start = startOfDefinition(code, match.index);
    if (start === undefined) continue;
    const close = closing(code, code.indexOf("(", match.index), "(", ")");
    const brace = close === undefined ? -1 : code.indexOf("{", close);
    if (close === undefined || brace < 0) continue;
    // Attributes like __must_hold(&lock) may stand between; a prototype or a call has a semicolon.
    if (/[;=}]/.test(code.slice(close, brace))) continue;
    const end = closing(code, brace, "{", "}");
    if (end !== undefined) return [start, end];
  }
  return undefined;
}

/** Where the declaration begins, if the name stands on a line that begins in the first column. */
function startOfDefinition(code: string, at: number): number | undefined {
  const line = code.lastIndexOf("\n", at) + 1;
  if (/^[\s#]/.test(code.slice(line, at + 1)) && at !== line) return undefined;
  const before = code.slice(0, Math.max(line - 1, 0));
  const previous = before.lastIndexOf("\n") + 1;
  // The kernel also puts the return type on a line of its own.
  const isType = /^[A-Za-z_][\w\s*]*$/.test(before.slice(previous));
  return isType ? previous : line;
}

function typeRange(code: string, name: string): [number, number] | undefined {
  const match = new RegExp(`^(?:struct|union|enum)\\s+${name}\\s*\\{`, "m").exec(code);
  if (!match) return undefined;
  const end = closing(code, code.indexOf("{", match.index), "{", "}");
  return end === undefined ? undefined : [match.index, end];
}

function macroRange(code: string, name: string): [number, number] | undefined {
  const match = new RegExp(`^#\\s*define\\s+${name}\\b`, "m").exec(code);
  if (!match) return undefined;
  let end = code.indexOf("\n", match.index);
  while (end > 0 && code[end - 1] === "\\") end = code.indexOf("\n", end + 1);
  return [match.index, end < 0 ? code.length : end];
}

/** Behind the bracket that closes the one at this place. */
function closing(code: string, at: number, open: string, close: string): number | undefined {
  let depth = 0;
  for (let i = at; i >= 0 && i < code.length; i++) {
    if (code[i] === open) depth++;
    if (code[i] === close && --depth === 0) return i + 1;
  }
  return undefined;
}
