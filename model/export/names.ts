/**
 * Names in a target language: spelled as the model spells them where that is possible, otherwise
 * changed so that no two things of the exported text share a name and none is a word of the
 * language.
 */

export interface Namer {
  /** A new name, as near to the wish as possible. The same wish twice gives two names. */
  take(wish: string): string;
  /** For names that end with a block: what is taken inside is free again outside. */
  inner(): Namer;
}

/**
 * @param reserved words of the language and names the exporter itself uses
 * @param family more of them, too many for a list
 */
export function createNamer(reserved: Iterable<string>, family = /^$/): Namer {
  return namer(new Set(reserved), family);
}

function namer(taken: Set<string>, family: RegExp): Namer {
  return {
    take(wish) {
      const plain = identifier(wish);
      let name = outside(plain, family);
      for (let n = 2; taken.has(name); n++) name = outside(`${plain}_${n}`, family);
      taken.add(name);
      return name;
    },
    inner: () => namer(new Set(taken), family),
  };
}

function outside(name: string, family: RegExp): string {
  return family.test(name) ? `x_${name}` : name;
}

/** Letters, digits and underscores, beginning with a letter. */
export function identifier(text: string): string {
  const plain = text.replace(/[^A-Za-z0-9_]+/g, "_").replace(/^_+/, "");
  return /^[A-Za-z]/.test(plain) ? plain : `x${plain}`;
}

/** A line of any text as part of a comment: one line, ASCII, nothing that ends the comment. */
export function commentText(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/[^ -~]/g, "?")
    .replaceAll("*/", "* /")
    .replaceAll("/*", "/ *")
    .replaceAll("(*", "( *")
    .replaceAll("*)", "* )")
    .trim();
}

/** Text inside double quotes in any of the targets: no quote, no backslash. */
export function quotedText(text: string): string {
  const safe = commentText(text).replaceAll("\\", "/").replaceAll('"', "'");
  return `"${safe.replaceAll("%", "percent")}"`;
}
