/** What an export takes and gives. */

export const TARGETS = ["promela", "tla", "murphi", "pins-c"] as const;
export type Target = (typeof TARGETS)[number];

export interface ExportOptions {
  /** Base name of the files, and of the TLA+ module: letters, digits, underscores. */
  name: string;
  /** Put at the top as a comment: spec, configuration, hash. */
  header: string[];
  /**
   * TLA+: switch the symmetry of scalarsets on in the `.cfg`. Murphi: see the command in the
   * header.
   */
  symmetry?: boolean;
  /** Leave claims about infinite runs out; the header says so. Otherwise they may be refused. */
  safetyOnly?: boolean;
}

/** Something of the model that the target can't say; the export has no files then. */
export interface Refusal {
  feature: string;
  /** Where in the model: `gpu_fault.take_lock`, `shared`. */
  place: string;
  text: string;
}

export interface Exported {
  files: { name: string; text: string }[];
  refusals: Refusal[];
  /**
   * What the tool counts besides the states and the transitions of the model, by its own rule.
   * The transitions of a model are the steps out of all its states, steps that lead to a known
   * state included.
   */
  extra: { states: number; transitions: number };
  /** How SPIN is asked about infinite runs. */
  runs?: {
    /** By key of the claim: the flag for `spin -a`. */
    flags: Record<string, string>;
    /** For gcc. */
    defines: string[];
  };
  /** Names in the tool's messages to `kind property`, as verdicts are written. */
  claims: Record<string, string>;
}

export function refused(feature: string, place: string, text: string): Exported {
  const refusals = [{ feature, place, text }];
  return { files: [], refusals, extra: { states: 0, transitions: 0 }, claims: {} };
}
