/**
 * Text for pictures: ASCII only, no control characters, broken where a C programmer would break
 * it.
 */

/** Signs that have an ASCII spelling; other letters lose their accents, the rest becomes `?`. */
const SPELLED: Record<string, string> = {
  "\u2190": "<-",
  "\u2192": "->",
  "\u21d2": "=>",
  "\u2194": "<->",
  "\u2260": "!=",
  "\u2264": "<=",
  "\u2265": ">=",
  "\u2227": "&&",
  "\u2228": "||",
  "\u00ac": "!",
  "\u2026": "...",
  "\u2010": "-",
  "\u2011": "-",
  "\u2013": "-",
  "\u2014": "--",
  "\u2018": "'",
  "\u2019": "'",
  "\u201c": '"',
  "\u201d": '"',
  "\u00d7": "x",
  "\u00b5": "u",
  "\u03bc": "u",
  "\u00df": "ss",
};

/** The text on one line, in printable ASCII, without blanks at its ends. */
export function ascii(text: string): string {
  return printable(text).trim();
}

/** The same with the blanks at its ends. */
export function printable(text: string): string {
  let out = "";
  for (const c of text.normalize("NFC")) {
    const code = c.codePointAt(0) as number;
    if (code >= 0x20 && code < 0x7f) out += c;
    else if (/\s/u.test(c)) out += " ";
    else out += SPELLED[c] ?? plain(c);
  }
  return out;
}

function plain(c: string): string {
  const bare = c.normalize("NFKD").replace(/\p{M}/gu, "");
  return /^[\x21-\x7e]+$/.test(bare) ? bare : "?";
}

/** The lines of a text, each in ASCII; never none. */
export function asciiLines(text: string): string[] {
  const lines = text.split(/\r\n|[\n\r]/).map(ascii);
  const kept = lines.filter((l) => l !== "");
  return kept.length > 0 ? kept : ["?"];
}

const INDENT = "  ";

/**
 * Breaks each line of a text into lines of at most `width` characters; the rest of a line is
 * indented.
 */
export function wrap(text: string, width: number): string[] {
  return asciiLines(text).flatMap((line) => wrapLine(line, Math.max(width, 8)));
}

function wrapLine(line: string, width: number): string[] {
  const out: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const at = breakBefore(rest, width);
    out.push(rest.slice(0, at).trimEnd());
    rest = INDENT + rest.slice(at).trimStart();
  }
  out.push(rest);
  return out;
}

/**
 * Where to break: at a blank, else after a comma or bracket, else before `->` or `.`, else
 * after `_`, else anywhere.
 */
function breakBefore(text: string, width: number): number {
  const least = Math.floor(width * 0.3);
  const blank = text.lastIndexOf(" ", width);
  if (blank >= least) return blank;
  const places = Array.from({ length: width - least }, (_, i) => width - i);
  const afterSign = places.find(
    (at) => /([,;(|=]|&&)$/.test(text.slice(at - 2, at)) && text.slice(at - 1, at + 1) !== "()",
  );
  const beforeMember = places.find((at) => /^(->|[.[])/.test(text.slice(at, at + 2)));
  const afterWord = places.find((at) => text.charAt(at - 1) === "_");
  return afterSign ?? beforeMember ?? afterWord ?? width;
}

/** At most `count` lines; the last one says with `...` that something is missing. */
export function atMost(lines: string[], count: number, width: number): string[] {
  if (lines.length <= count) return lines;
  const last = lines[count - 1] as string;
  return [...lines.slice(0, count - 1), `${last.slice(0, Math.max(0, width - 4))} ...`];
}

/** Shortens one line in the middle, so that both its ends can be read. */
export function shorten(text: string, width: number): string {
  if (text.length <= width) return text;
  const tail = Math.floor((width - 2) / 2);
  return `${text.slice(0, width - 2 - tail)}..${text.slice(text.length - tail)}`;
}

/** The beginning of one line. */
export function start(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 2)}..`;
}

/** `a, b and c`. */
export function listed(names: string[]): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
