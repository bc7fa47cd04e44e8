---- MODULE seqlock ----
\* seqlock, model hash ae4a1bf5e62997a6
\*
\* java -XX:+UseParallelGC -cp tla2tools.jar tlc2.TLC -workers auto seqlock.tla
\*
\* TLC counts initial states among the states it generates; the others are transitions.
EXTENDS Integers, FiniteSets, TLC

reader_pids == 1..1
zap_pids == 2..2

VARIABLES
  seq,
  pc,
  reader_seq

vars == <<seq, pc, reader_seq>>

Init ==
  /\ seq = 0
  /\ pc = [p \in 1..2 |-> CASE p \in reader_pids -> "begin" [] p \in zap_pids -> "bump"]
  /\ reader_seq = [p \in reader_pids |-> 0]

\* seq = read_begin()
reader__begin(self) ==
  /\ pc[self] = "begin"
  /\ reader_seq' = [reader_seq EXCEPT ![self] = seq]
  /\ pc' = [pc EXCEPT ![self] = "retry"]
  /\ UNCHANGED <<seq>>

\* if (read_retry(seq)) goto begin
reader__retry(self) ==
  /\ pc[self] = "retry"
  /\ LET cond == reader_seq[self] # seq
     IN /\ pc' = [pc EXCEPT ![self] = IF cond THEN "begin" ELSE "done"]
        /\ UNCHANGED <<seq, reader_seq>>

reader(self) ==
  \/ reader__begin(self)
  \/ reader__retry(self)

\* seq++
zap__bump(self) ==
  /\ pc[self] = "bump"
  /\ seq' = ((seq + 1) % 3)
  /\ pc' = [pc EXCEPT ![self] = "bump"]
  /\ UNCHANGED <<reader_seq>>

zap(self) ==
  \/ zap__bump(self)

Next ==
  \/ \E self \in reader_pids : reader(self)
  \/ \E self \in zap_pids : zap(self)

Fairness ==
  /\ \A self \in reader_pids : WF_vars(reader(self))
  /\ \A self \in zap_pids : <>[][~zap(self)]_vars
  /\ \A self \in zap_pids : WF_vars(pc[self] \notin {"bump"} /\ zap(self))

Spec == Init /\ [][Next]_vars /\ Fairness

trivial ==
  TRUE

\* Somebody can move, or everybody is done or idle.
NoDeadlock ==
  (pc[1] = "done" /\ pc[2] \in {"bump", "done"}) \/ ~(pc[1] = "done" /\ pc[2] = "done")

read_ends ==
  <>(pc[1] = "done")

\* no retry loop starves reader
no_starvation_reader ==
  <>[][~((pc[1] = "retry" /\ pc'[1] = "begin"))]_vars

========================
