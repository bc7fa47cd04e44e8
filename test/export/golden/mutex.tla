---- MODULE mutex ----
\* mutex, model hash de776bcf716eb2fa
\*
\* java -XX:+UseParallelGC -cp tla2tools.jar tlc2.TLC -workers auto mutex.tla
\*
\* TLC counts initial states among the states it generates; the others are transitions.
EXTENDS Integers, FiniteSets, TLC

one_pids == 1..1
two_pids == 2..2

VARIABLES
  owner,
  pc

vars == <<owner, pc>>

Init ==
  /\ owner = 0
  /\ pc = [p \in 1..2 |-> CASE p \in one_pids -> "work" [] p \in two_pids -> "work"]

\* do other work
one__work(self) ==
  /\ pc[self] = "work"
  /\ pc' = [pc EXCEPT ![self] = "lock"]
  /\ UNCHANGED <<owner>>

\* mutex_lock()
one__lock(self) ==
  /\ pc[self] = "lock"
  /\ owner = 0
  /\ owner' = self
  /\ pc' = [pc EXCEPT ![self] = "unlock"]

\* mutex_unlock()
one__unlock(self) ==
  /\ pc[self] = "unlock"
  /\ owner' = 0
  /\ pc' = [pc EXCEPT ![self] = "work"]

one(self) ==
  \/ one__work(self)
  \/ one__lock(self)
  \/ one__unlock(self)

\* do other work
two__work(self) ==
  /\ pc[self] = "work"
  /\ pc' = [pc EXCEPT ![self] = "lock"]
  /\ UNCHANGED <<owner>>

\* mutex_lock()
two__lock(self) ==
  /\ pc[self] = "lock"
  /\ owner = 0
  /\ owner' = self
  /\ pc' = [pc EXCEPT ![self] = "unlock"]

\* mutex_unlock()
two__unlock(self) ==
  /\ pc[self] = "unlock"
  /\ owner' = 0
  /\ pc' = [pc EXCEPT ![self] = "work"]

two(self) ==
  \/ two__work(self)
  \/ two__lock(self)
  \/ two__unlock(self)

Next ==
  \/ \E self \in one_pids : one(self)
  \/ \E self \in two_pids : two(self)

Fairness ==
  /\ \A self \in one_pids : SF_vars(one(self))
  /\ \A self \in two_pids : SF_vars(two(self))

Spec == Init /\ [][Next]_vars /\ Fairness

\* Somebody can move, or everybody is done or idle.
NoDeadlock ==
  (pc[1] = "done" /\ pc[2] = "done") \/ ~((pc[1] = "done" \/ (pc[1] = "lock" /\ owner # 0)) /\ (pc[2] = "done" \/ (pc[2] = "lock" /\ owner # 0)))

two_gets_it ==
  (pc[2] = "lock") ~> (pc[2] = "unlock")

======================
