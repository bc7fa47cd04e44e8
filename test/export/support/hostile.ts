/**
 * Names that mean something to one of the targets, in every place of a model that has a name; and
 * texts that would end a comment or a string.
 */
import { build as b, type Expr, type Model } from "../../../model/ir/index.ts";

const PROMELA = `_pid pid _nr_pr _nr_qs _last _ np_ else timeout len run printf printm init never
mtype chan proctype D_proctype d_step atomic hidden typedef bit byte enabled pc_value ltl release
monitor calm equivalent U V W X STDIN now Pend Pactors Air0 maxseq0 nstates depth State trpt`;
const C = `int if index ffs free fork exp log strlen printf memcpy copy errno stdin NULL linux unix
asm inline offsetof size_t st_mtime si_pid sa_handler y0 main bool true signal goto`;
const PINS = `s n at step step_0 label fail start violation all_hold no_deadlock end_ guard guard_0
GUARDS_0 VALUES_2 READS STATES TYPE spins_get_label callback emit mark`;
const MURPHI = `begin end endrule EndFor endfor type var invariant isundefined undefine self reset
scalarset boolean rule cover liveness union by to do`;
const TLA = `Init Next Spec vars pc none done Symmetry NoDeadlock NoViolation Fairness Nat Int
Cardinality Seq Assert Any IF IN LET SUBSET UNION ASSUME WF_x SF_x TLCExt model`;
/** For properties only: TLC reads their names in its configuration. */
const CONFIGURATION = `VIEW INIT NEXT SYMMETRY PROPERTY PROPERTIES INVARIANT INVARIANTS CONSTRAINT
CONSTRAINTS ACTION_CONSTRAINT ACTION_CONSTRAINTS SPECIFICATION CHECK_DEADLOCK ALIAS POSTCONDITION
TYPE TYPE_CONSTRAINT CONSTANT CONSTANTS and or not guard_1 violated`;
const OTHERS =
  "monitor_x end_pc vars__atomic _2nd __x a_b a__b a_b_2 A_B a_pc a__done a_label a_pid x observer";

const split = (text: string): string[] => text.split(/\s+/);

const words = [
  ...new Set([PROMELA, C, PINS, MURPHI, TLA, OTHERS].flatMap(split)),
  `very_${"long_".repeat(60)}name`,
];
const labels = ["end", "_", "start", "__2nd", "if", "progress", "accept", "goto", "pc", "self"];

/** The worst that a text can hold. */
const TEXT =
  '*/ /* (* *) -- // "quoted" \\* %d %n \u201cr\u00e9f\u201d ??/ ??! \n#define x\r\n' +
  "==== \\E <<a>> 'b $(c) {d} \\";

const x = (name: string, ...index: Expr[]): Expr => b.read(b.shared(name, ...index));
const bit = b.range(0, 1);

/** True, but not for those who look at the ranges only. */
const either = (e: Expr): Expr => b.or(b.eq(e, b.int(0)), b.eq(e, b.int(1)));

/** An actor that sets all variables, some in each step, as compilers want to be done with it. */
export function hostileNames(): Model {
  const each = Math.ceil(words.length / labels.length);
  const steps = labels.map((label, i) =>
    b.step(
      label,
      TEXT,
      b.assert(label.replace(".", "_"), b.le(x("x"), b.int(0)), TEXT),
      ...words.slice(each * i, each * (i + 1)).map((word) => b.set(b.shared(word), b.int(1))),
    ),
  );
  const enumOf = b.enumOf("enum");
  const last = b.step("last", "x", b.set(b.local("case"), b.constant(enumOf, 1)));
  const locals = ["x", "pc", "case"].map((name) => b.variable(name, enumOf));
  const dotted = ["a.b", "a_b", "a_b_2"].map((label) => b.step(label, TEXT));
  const properties = [PINS, TLA, CONFIGURATION].flatMap(split);
  const bound = split(`${MURPHI} p i x a_pc`);
  const quantified = bound.map((word) => b.exists(word, bit, (v) => b.eq(v, x("x"))));
  return b.model(
    "hostile-names",
    [
      { ...b.actor("monitor", [...steps, last], { locals }), doc: TEXT },
      b.actor("end", dotted, { count: 2, locals: [b.variable("pc", bit)] }),
      b.actor("vars", [b.step("atomic", TEXT)]),
    ],
    {
      enums: [{ name: "enum", values: words }],
      scalarsets: [
        {
          name: "set",
          classes: [
            { name: "VIEW", size: 2 },
            { name: "page", size: 1 },
          ],
        },
      ],
      shared: words.map((word) => ({ ...b.variable(word, bit), doc: TEXT })),
    },
    {
      always: Object.fromEntries(properties.map((word) => [word, either(x("x"))])),
      atRest: {
        index_set: b.eq(x("index"), b.int(1)),
        bound: b.and(...quantified),
      },
      reachable: { else_set: b.eq(x("else"), b.int(1)) },
    },
  );
}
