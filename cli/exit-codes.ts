/** What the process says to the shell: below 125 unless it was stopped, for `git bisect run`. */
export const EXIT = {
  /** Every property holds and every search was complete; every mutant broke what it must break. */
  ok: 0,
  /** A violation, or a variant that did not do what it must. */
  violation: 1,
  /** Usage, configuration, a spec that does not load, nothing to check. */
  usage: 2,
  /** A limit was hit before the search was complete. */
  incomplete: 3,
  /** A mistake in mmrace itself. */
  internal: 70,
  /** Interrupted (Ctrl-C), after partial statistics. */
  interrupted: 130,
  /** Nobody reads standard output any more (as a program dies of SIGPIPE). */
  brokenPipe: 141,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * The worse of two outcomes: a violation is certain, an incomplete search only unknown, and whoever
 * is told that mmrace is wrong should believe nothing else.
 */
export function worse(a: ExitCode, b: ExitCode): ExitCode {
  const order: ExitCode[] = [EXIT.ok, EXIT.incomplete, EXIT.violation, EXIT.usage, EXIT.internal];
  return order.indexOf(a) >= order.indexOf(b) ? a : b;
}
