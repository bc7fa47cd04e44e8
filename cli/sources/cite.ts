/**
 * The kernel code that a file cites, read from its first comment: what stands behind `Source`, and
 * in files of kernel objects the whole comment. `mm/hmm.c: hmm_range_fault, hmm_vma_fault;
 * memory.c` cites two functions of one file, and another file of the same folder.
 */
export interface Citation {
  /** Relative to the kernel's tree. */
  file: string;
  /** Undefined: the file as a whole. */
  name: string | undefined;
  /** Line of the citing file. */
  line: number;
}

const PATH = /(?:[A-Za-z0-9_-]+\/)*[A-Za-z0-9_-]+\.(?:c|h|rst)\b/g;
/**
 * Functions, macros and types that follow a path and a colon, as a list with commas. A word of a
 * sentence is told from a name by what it lacks: an underscore, `()`, or `struct` before it.
 */
const NAMES = /^:((?:\s*(?:struct\s+\w+|\w*_\w*|\w+\(\))(?:\(\))?(?=\s*(?:[,;.()]|$)),?)+)/;

export function citationsIn(text: string): Citation[] {
  const comment = /\/\*\*[\s\S]*?\*\//.exec(text);
  if (!comment) return [];
  // Stars become spaces, so that offsets still tell the line.
  const unstarred = comment[0].replace(/^(\s*)\*/gm, "$1 ");
  // The subject of a commit often looks like a path and a name.
  const words = unstarred.replace(/"[^"]*"/g, (quoted) => quoted.replace(/[^\n]/g, " "));
  const start = words.search(/\bSource\b/);
  const from = Math.max(start, 0);
  const end = start < 0 ? words.length : endOfSection(words, start);
  return namesIn(words, from, end, lineAt(text, comment.index));
}

/** Where the next section of the header begins. */
function endOfSection(words: string, start: number): number {
  const next = /^\s+(?:Omits|Claim)\b/gm;
  next.lastIndex = start;
  return next.exec(words)?.index ?? words.length;
}

function namesIn(words: string, from: number, end: number, firstLine: number): Citation[] {
  const found: Citation[] = [];
  let folder = "";
  for (const match of words.slice(from, end).matchAll(PATH)) {
    const [path] = match;
    if (path.includes("/")) folder = path.slice(0, path.lastIndexOf("/") + 1);
    const file = path.includes("/") ? path : folder + path;
    const behind = words.slice(from + match.index + path.length, end);
    const names = NAMES.exec(behind)?.[1] ?? "";
    const line = firstLine + lineAt(words, from + match.index) - 1;
    const cited = [...names.matchAll(/(?:struct\s+)?([A-Za-z_]\w*)/g)].map((m) => m[1] as string);
    if (cited.length === 0) found.push({ file, name: undefined, line });
    for (const name of cited) found.push({ file, name, line });
  }
  return unique(found);
}

function unique(list: Citation[]): Citation[] {
  const key = (c: Citation): string => `${c.file}:${c.name ?? ""}`;
  return list.filter((c, i) => list.findIndex((d) => key(d) === key(c)) === i);
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}
