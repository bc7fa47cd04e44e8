/** Textbook models whose numbers of states and transitions are known in closed form. */
import * as b from "../../model/ir/build.ts";
import type { Expr, Model, Stmt } from "../../model/ir/types.ts";

/** k processes that walk round n labels and share nothing: n^k states, k * n^k transitions. */
export function independent(k: number, n: number): Model {
  const steps = Array.from({ length: n }, (_, i) =>
    b.step(`at${i}`, `step ${i}`, b.goto(`at${(i + 1) % n}`)),
  );
  return b.model("independent", [b.actor("walker", steps, { count: k })], {}, { always: truth });
}

/** Something to check, so that a model is not empty of claims. */
const truth = { trivial: b.TRUE };

/**
 * Clients of a test-and-set lock, each idle, trying, inside or leaving: (n+1) * 2^n states and
 * n * (n+3) * 2^(n-1) transitions.
 */
export function testAndSet(n: number): Model {
  const word = b.shared("word");
  const free = b.eq(b.read(word), b.int(0));
  const steps = [
    b.step("idle", "do other work"),
    b.step("acquire", "while (test_and_set(&word));", b.wait(free), b.set(word, b.int(1))),
    b.step("inside", "use it"),
    b.step("release", "word = 0", b.set(word, b.int(0)), b.goto("idle")),
  ];
  const inside = b.count("p", b.instances("client"), (p) =>
    b.atLabel(p, "client", "inside", "release"),
  );
  return b.model(
    "test-and-set",
    [b.actor("client", steps, { count: n })],
    { shared: [b.variable("word", b.range(0, 1))] },
    { always: { mutual_exclusion: b.le(inside, b.int(1)) } },
  );
}

/**
 * Philosophers who take either fork first and put both down at once: 3^n states, 7 * n * 3^(n-2)
 * transitions, 2 deadlocks (n >= 2).
 */
export function philosophers(n: number): Model {
  const owner = b.range(0, 2);
  const FREE = b.int(0);
  const cell = (fork: number) => b.shared("fork", b.int(fork));
  const actors = Array.from({ length: n }, (_, i) => {
    const side = b.local("right");
    const forks = [i, (i + 1) % n] as const;
    const isFree = (fork: number): Expr => b.eq(b.read(cell(fork)), FREE);
    const take = (which: 0 | 1): Stmt[] => [b.set(cell(forks[which]), b.int(which + 1))];
    const chosen = b.read(side);
    const first = b.choose(side, b.ite(chosen, isFree(forks[1]), isFree(forks[0])));
    const goRight = [...take(1), b.set(side, b.FALSE), b.goto("has_right")];
    const drop = forks.map((f) => b.set(cell(f), FREE));
    const steps = [
      b.step("think", "take a fork", first, b.when(chosen, goRight, take(0))),
      b.step("has_left", "take the right one", b.wait(isFree(forks[1])), ...take(1), b.goto("eat")),
      b.step("has_right", "take the left one", b.wait(isFree(forks[0])), ...take(0)),
      b.step("eat", "put both down", ...drop, b.goto("think")),
    ];
    return b.actor(`philosopher${i}`, steps, { locals: [b.variable("right", b.BOOL)] });
  });
  const shared = [b.variable("fork", owner, 0, b.range(0, n - 1))];
  return b.model("philosophers", actors, { shared }, { always: truth });
}
