/** The matrices, states and transitions that explore-spins prints. */

export interface Transition {
  group: number;
  from: number[];
  to: number[];
}

export interface Dump {
  reads: Set<number>[];
  mayWrite: Set<number>[];
  mustWrite: Set<number>[];
  dependent: Set<number>[];
  coenabled: Set<number>[];
  mayEnable: Set<number>[];
  mayDisable: Set<number>[];
  transitions: Transition[];
  /** Values of all labels, by state. */
  labels: Map<string, number[]>;
  /**
   * Pairs of groups that are said to accord but do not commute, or of which one disables the
   * other.
   */
  disagreements(): string[];
}

const MATRICES = {
  transition_read_dependencies: "reads",
  transition_may_write_dependencies: "mayWrite",
  transition_must_write_dependencies: "mustWrite",
  trans_do_not_accord_matrix: "dependent",
  label_may_be_coenabled_matrix: "coenabled",
  label_nes_matrix: "mayEnable",
  label_nds_matrix: "mayDisable",
} as const;

export function readDump(lines: string[]): Dump {
  const dump: Dump = {
    reads: [],
    mayWrite: [],
    mustWrite: [],
    dependent: [],
    coenabled: [],
    mayEnable: [],
    mayDisable: [],
    transitions: [],
    labels: new Map(),
    disagreements: () => disagreements(dump),
  };
  for (const line of lines) {
    const [word = "", ...rest] = line.split(" ");
    if (word === "transition") dump.transitions.push(transition(rest));
    else if (word === "state") {
      const split = rest.indexOf("labels");
      dump.labels.set(`${rest.slice(0, split)}`, rest.slice(split + 1).map(Number));
    } else {
      const matrix = MATRICES[word.replace(/^spins_get_/, "") as keyof typeof MATRICES];
      const [row, ...columns] = rest.map(Number);
      if (matrix && row !== undefined) dump[matrix][row] = new Set(columns);
    }
  }
  return dump;
}

function transition(words: string[]): Transition {
  const split = words.indexOf("to");
  return {
    group: Number(words[0]),
    from: words.slice(1, split).map(Number),
    to: words.slice(split + 1).map(Number),
  };
}

function disagreements(dump: Dump): string[] {
  const out = new Map<string, Map<number, string>>();
  for (const { group, from, to } of dump.transitions) {
    const here = out.get(`${from}`) ?? new Map<number, string>();
    out.set(`${from}`, here.set(group, `${to}`));
  }
  const found = new Set<string>();
  for (const here of out.values()) {
    for (const [a, afterA] of here) {
      for (const [c, afterC] of here) {
        if (a >= c || dump.dependent[a]?.has(c)) continue;
        const both = out.get(afterA)?.get(c);
        if (both === undefined || both !== out.get(afterC)?.get(a)) found.add(`${a} and ${c}`);
      }
    }
  }
  return [...found];
}
