---- MODULE test_and_set ----
\* test-and-set, model hash c338a953a2ecaebe
\*
\* java -XX:+UseParallelGC -cp tla2tools.jar tlc2.TLC -workers auto test_and_set.tla
\*
\* TLC counts initial states among the states it generates; the others are transitions.
EXTENDS Integers, FiniteSets, TLC

client_pids == 1..2

VARIABLES
  word,
  pc

vars == <<word, pc>>

Init ==
  /\ word = 0
  /\ pc = [p \in 1..2 |-> CASE p \in client_pids -> "idle"]

\* do other work
client__idle(self) ==
  /\ pc[self] = "idle"
  /\ pc' = [pc EXCEPT ![self] = "acquire"]
  /\ UNCHANGED <<word>>

\* while (test_and_set(&word));
client__acquire(self) ==
  /\ pc[self] = "acquire"
  /\ word = 0
  /\ word' = 1
  /\ pc' = [pc EXCEPT ![self] = "inside"]

\* use it
client__inside(self) ==
  /\ pc[self] = "inside"
  /\ pc' = [pc EXCEPT ![self] = "release"]
  /\ UNCHANGED <<word>>

\* word = 0
client__release(self) ==
  /\ pc[self] = "release"
  /\ word' = 0
  /\ pc' = [pc EXCEPT ![self] = "idle"]

client(self) ==
  \/ client__idle(self)
  \/ client__acquire(self)
  \/ client__inside(self)
  \/ client__release(self)

Next ==
  \/ \E self \in client_pids : client(self)

Spec == Init /\ [][Next]_vars

mutual_exclusion ==
  Cardinality({p \in client_pids : pc[p] \in {"inside", "release"}}) <= 1

\* Somebody can move, or everybody is done or idle.
NoDeadlock ==
  (\A p \in client_pids : pc[p] = "done") \/ ~(\A p_2 \in client_pids : (pc[p_2] = "done" \/ (pc[p_2] = "acquire" /\ word # 0)))

=============================
