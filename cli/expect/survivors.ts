/**
 * Answers to the questions of `mmrace mutate`: patterns of mutations that break nothing, each with
 * the reason why that is. A pattern answers for what it names and for nothing else, so that a
 * mutation that begins to survive is a question again.
 */

/** By pattern, the reason. In a pattern `*` is any text and `{a|b}` one of these. */
export type Survivors = Record<string, string>;

/** Undefined where nobody has answered; the first pattern that fits has the answer. */
export function answerTo(id: string, survivors: Survivors): string | undefined {
  const pattern = Object.keys(survivors).find((p) => fits(p, id));
  return pattern === undefined ? undefined : survivors[pattern];
}

/** Patterns that no mutation of the model fits, or only such as an earlier pattern fits, too. */
export function staleIn(survivors: Survivors, ids: readonly string[]): string[] {
  const patterns = Object.keys(survivors);
  const used = new Set(ids.map((id) => patterns.find((p) => fits(p, id))));
  return patterns.filter((p) => !used.has(p));
}

export function fits(pattern: string, id: string): boolean {
  return pattern === id || regexOf(pattern).test(id);
}

function regexOf(pattern: string): RegExp {
  const literal = pattern.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  const text = literal
    .replaceAll("\\*", ".*")
    .replace(/\\\{(.*?)\\\}/g, (_, some: string) => `(?:${some.replaceAll("\\|", "|")})`);
  return new RegExp(`^${text}$`, "s");
}
