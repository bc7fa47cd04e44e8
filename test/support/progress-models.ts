/** Small models whose infinite runs are known. */
import * as b from "../../model/ir/build.ts";
import type { Fairness, Liveness, Model } from "../../model/ir/types.ts";

const owner = b.shared("owner");
const taken = b.read(owner);

/** Something to check, so that a model is not empty of claims. */
const truth = { trivial: b.TRUE };

/** Some process of the actor stands at one of the labels. */
export function someAt(actor: string, ...labels: string[]) {
  return b.exists("p", b.instances(actor), (p) => b.atLabel(p, actor, ...labels));
}

/** Two clients of a mutex that any waiter may get; the second one claims to get it. */
export function mutexClients(fairness: Fairness): Model {
  const client = (name: string) =>
    b.actor(
      name,
      [
        b.step("work", "do other work"),
        b.step("lock", "mutex_lock()", b.wait(b.eq(taken, b.none(b.PROC))), b.set(owner, b.SELF)),
        b.step("unlock", "mutex_unlock()", b.set(owner, b.none(b.PROC)), b.goto("work")),
      ],
      { fairness },
    );
  return {
    ...b.model("mutex", [client("one"), client("two")], { shared: [b.variable("owner", b.PROC)] }),
    liveness: [b.leadsTo("two_gets_it", someAt("two", "lock"), someAt("two", "unlock"))],
  };
}

/** Peterson's algorithm (1981): nobody waits for ever, under weak fairness. */
export function peterson(claims: Liveness[] = []): Model {
  const turn = b.shared("turn");
  const side = (me: number) => {
    const flag = (i: number) => b.shared("flag", b.int(i));
    const other = 1 - me;
    const mayEnter = b.or(b.not(b.read(flag(other))), b.eq(b.read(turn), b.int(me)));
    return b.actor(
      `side${me}`,
      [
        { ...b.step("work", "flag[me] = true", b.set(flag(me), b.TRUE)), idle: true },
        b.step("yield", "turn = other", b.set(turn, b.int(other))),
        b.step("spin", "while (flag[other] && turn == other);", b.wait(mayEnter)),
        b.step("leave", "flag[me] = false", b.set(flag(me), b.FALSE), b.goto("work")),
      ],
      { fairness: me === 0 ? "weak" : "none" },
    );
  };
  const shared = [b.variable("flag", b.BOOL, 0, b.range(0, 1)), b.variable("turn", b.range(0, 1))];
  return { ...b.model("peterson", [side(0), side(1)], { shared }), liveness: claims };
}

/**
 * Two threads take a reference each and go on only when theirs is the only one; else they put it
 * and try again.
 */
export function livelock(): Model {
  const refs = b.shared("refs");
  const count = b.read(refs);
  const steps = [
    b.step("get", "get_page()", b.set(refs, b.add(count, b.int(1)))),
    b.step("migrate", "if (refs > 1) fail", b.when(b.le(count, b.int(1)), [b.goto("free")])),
    b.step("put", "put_page(); retry", b.set(refs, b.sub(count, b.int(1))), b.goto("get", "retry")),
    b.step("free", "put_page()", b.set(refs, b.sub(count, b.int(1)))),
  ];
  const shared = [b.variable("refs", b.range(0, 2))];
  return b.model(
    "livelock",
    [b.actor("fault", steps, { count: 2 })],
    { shared },
    { always: truth },
  );
}

/** An invalidator that comes again and again, and a reader that retries when it came in between. */
export function seqlock(finite: boolean): Model {
  const seq = b.shared("seq");
  const mine = b.local("seq");
  const reader = b.actor(
    "reader",
    [
      b.step("begin", "seq = read_begin()", b.set(mine, b.read(seq))),
      b.step(
        "retry",
        "if (read_retry(seq)) goto begin",
        b.when(b.ne(b.read(mine), b.read(seq)), [b.goto("begin", "retry")]),
      ),
    ],
    { locals: [b.variable("seq", b.range(0, 2))] },
  );
  const next = b.mod(b.add(b.read(seq), b.int(1)), b.int(3));
  const bump = { ...b.step("bump", "seq++", b.set(seq, next), b.goto("bump")), idle: true };
  return {
    ...b.model(
      "seqlock",
      [reader, b.actor("zap", [bump], { finite })],
      { shared: [b.variable("seq", b.range(0, 2))] },
      { always: truth },
    ),
    liveness: [b.eventually("read_ends", someAt("reader", "done"))],
  };
}

/**
 * A worker that turns round for ever, now and then by way of a state in which a patient client,
 * who is strongly fair, could leave.
 */
export function patient(): Model {
  const open = b.shared("open");
  const worker = b.actor("worker", [
    b.step("turn", "turn", b.either({ shut: [b.goto("turn")], open: [b.set(open, b.TRUE)] })),
    b.step("shut", "shut again", b.set(open, b.FALSE), b.goto("turn")),
  ]);
  const client = b.actor("client", [b.step("leave", "leave", b.wait(b.read(open)))], {
    fairness: "strong",
  });
  return {
    ...b.model("patient", [worker, client], { shared: [b.variable("open", b.BOOL)] }),
    liveness: [b.eventually("client_leaves", someAt("client", "done"))],
  };
}

/** Two threads that wait for each other in turn, and end. */
export function handshake(): Model {
  const turn = b.shared("turn");
  const wait = (label: string, n: number) =>
    b.step(label, `wait for ${n}`, b.wait(b.eq(b.read(turn), b.int(n))), b.set(turn, b.int(n + 1)));
  const shared = [b.variable("turn", b.range(0, 4))];
  const threads = [
    b.actor("ping", [wait("one", 0), wait("two", 2)]),
    b.actor("pong", [wait("one", 1), wait("two", 3)]),
  ];
  return b.model("handshake", threads, { shared }, { always: truth });
}

/** Two threads take two locks in opposite orders while a third one, a daemon, goes on for ever. */
export function abba(): Model {
  const lock = (name: string) => b.shared(name);
  const take = (label: string, name: string) =>
    b.step(
      label,
      `mutex_lock(${name})`,
      b.lock("acquire", name),
      b.wait(b.eq(b.read(lock(name)), b.none(b.PROC))),
      b.set(lock(name), b.SELF),
    );
  const drop = (label: string, name: string) =>
    b.step(
      label,
      `mutex_unlock(${name})`,
      b.lock("release", name),
      b.set(lock(name), b.none(b.PROC)),
    );
  const thread = (name: string, one: string, two: string) =>
    b.actor(name, [take("first", one), take("second", two), drop("up", two), drop("out", one)]);
  const tick = { ...b.step("tick", "timer", b.goto("tick")), idle: true };
  const shared = [b.variable("a", b.PROC), b.variable("b", b.PROC)];
  return b.model(
    "abba",
    [thread("fault", "a", "b"), thread("evict", "b", "a"), b.actor("timer", [tick])],
    { shared },
    { always: truth },
  );
}
