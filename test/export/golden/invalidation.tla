---- MODULE invalidation ----
\* invalidation, model hash c976594c6cadeda1
\*
\* java -XX:+UseParallelGC -cp tla2tools.jar tlc2.TLC -workers auto invalidation.tla
\*
\* TLC counts initial states among the states it generates; the others are transitions.
EXTENDS Integers, FiniteSets, TLC

CONSTANTS none, page0, page1 \* model values

Page == {page0, page1}
Pte == {"none", "present"}
gpu_fault_pids == 1..1
zap_pids == 2..3
Symmetry == Permutations(Page)

VARIABLES
  cpu_pte,
  gpu_pte,
  seq,
  update,
  pc,
  gpu_fault_page,
  gpu_fault_seq,
  gpu_fault_pte,
  zap_page,
  violation

vars == <<cpu_pte, gpu_pte, seq, update, pc, gpu_fault_page, gpu_fault_seq, gpu_fault_pte, zap_page, violation>>

\* A failed assertion: nothing else changes.
Violates(rule) == violation' = rule /\ UNCHANGED <<cpu_pte, gpu_pte, seq, update, pc, gpu_fault_page, gpu_fault_seq, gpu_fault_pte, zap_page>>

Init ==
  /\ cpu_pte = [i \in Page |-> "present"]
  /\ gpu_pte = [i \in Page |-> "none"]
  /\ seq = 0
  /\ update = 0
  /\ pc = [p \in 1..3 |-> CASE p \in gpu_fault_pids -> "fault" [] p \in zap_pids -> "start"]
  /\ gpu_fault_page = [p \in gpu_fault_pids |-> none]
  /\ gpu_fault_seq = [p \in gpu_fault_pids |-> 0]
  /\ gpu_fault_pte = [p \in gpu_fault_pids |-> "none"]
  /\ zap_page = [p \in zap_pids |-> none]
  /\ violation = ""

\* GPU faults on some page
gpu_fault__fault(self) ==
  /\ pc[self] = "fault"
  /\ \E page \in Page :
       /\ gpu_fault_page' = [gpu_fault_page EXCEPT ![self] = page]
       /\ pc' = [pc EXCEPT ![self] = "again"]
       /\ UNCHANGED <<cpu_pte, gpu_pte, seq, update, gpu_fault_seq, gpu_fault_pte, zap_page, violation>>

\* seq = mmu_interval_read_begin()
gpu_fault__again(self) ==
  /\ pc[self] = "again"
  /\ gpu_fault_seq' = [gpu_fault_seq EXCEPT ![self] = seq]
  /\ pc' = [pc EXCEPT ![self] = "settle"]
  /\ UNCHANGED <<cpu_pte, gpu_pte, seq, update, gpu_fault_page, gpu_fault_pte, zap_page, violation>>

\* wait_event(invalidate_seq != seq)
gpu_fault__settle(self) ==
  /\ pc[self] = "settle"
  /\ ((gpu_fault_seq[self] % 2) = 0 \/ seq # gpu_fault_seq[self]) = TRUE
  /\ pc' = [pc EXCEPT ![self] = "range_fault"]
  /\ UNCHANGED <<cpu_pte, gpu_pte, seq, update, gpu_fault_page, gpu_fault_seq, gpu_fault_pte, zap_page, violation>>

\* hmm_range_fault()
gpu_fault__range_fault(self) ==
  /\ pc[self] = "range_fault"
  /\ LET failed == IF ~(gpu_fault_page[self] # none) THEN "unset_value" ELSE ""
     IN IF failed # ""
        THEN Violates(failed)
        ELSE /\ gpu_fault_pte' = [gpu_fault_pte EXCEPT ![self] = cpu_pte[gpu_fault_page[self]]]
             /\ pc' = [pc EXCEPT ![self] = "take_lock"]
             /\ UNCHANGED <<cpu_pte, gpu_pte, seq, update, gpu_fault_page, gpu_fault_seq, zap_page, violation>>

\* take_lock(driver->update)
gpu_fault__take_lock(self) ==
  /\ pc[self] = "take_lock"
  /\ update = 0
  /\ update' = self
  /\ pc' = [pc EXCEPT ![self] = "end"]
  /\ UNCHANGED <<cpu_pte, gpu_pte, seq, gpu_fault_page, gpu_fault_seq, gpu_fault_pte, zap_page, violation>>

\* if (mmu_interval_read_retry()) goto again
gpu_fault__end(self) ==
  /\ pc[self] = "end"
  /\ LET cond == seq # gpu_fault_seq[self]
         cond_2 == gpu_fault_pte[self] = "present"
         gpu_pte_1 == [gpu_pte EXCEPT ![gpu_fault_page[self]] = "present"]
         gpu_pte_1_2 == IF cond_2 THEN gpu_pte_1 ELSE gpu_pte
         failed == IF ~cond /\ cond_2 /\ ~(gpu_fault_page[self] # none) THEN "unset_value" ELSE ""
     IN IF failed # ""
        THEN Violates(failed)
        ELSE /\ update' = 0
             /\ gpu_pte' = IF cond THEN gpu_pte ELSE gpu_pte_1_2
             /\ pc' = [pc EXCEPT ![self] = IF cond THEN "again" ELSE "done"]
             /\ UNCHANGED <<cpu_pte, seq, gpu_fault_page, gpu_fault_seq, gpu_fault_pte, zap_page, violation>>

gpu_fault(self) ==
  \/ gpu_fault__fault(self)
  \/ gpu_fault__again(self)
  \/ gpu_fault__settle(self)
  \/ gpu_fault__range_fault(self)
  \/ gpu_fault__take_lock(self)
  \/ gpu_fault__end(self)

\* mmu_notifier_invalidate_range_start()
zap__start(self) ==
  /\ pc[self] = "start"
  /\ \E page \in Page :
       /\ cpu_pte[page] = "present"
       /\ update = 0
       /\ (seq % 2) = 0
       /\ LET failed == IF ~(seq + 1 <= 7) THEN "range_overflow" ELSE ""
          IN IF failed # ""
             THEN Violates(failed)
             ELSE /\ zap_page' = [zap_page EXCEPT ![self] = page]
                  /\ seq' = seq + 1
                  /\ gpu_pte' = [gpu_pte EXCEPT ![page] = "none"]
                  /\ pc' = [pc EXCEPT ![self] = "clear"]
                  /\ UNCHANGED <<cpu_pte, update, gpu_fault_page, gpu_fault_seq, gpu_fault_pte, violation>>

\* ptep_clear_flush()
zap__clear(self) ==
  /\ pc[self] = "clear"
  /\ LET failed == IF ~(zap_page[self] # none) THEN "unset_value" ELSE ""
     IN IF failed # ""
        THEN Violates(failed)
        ELSE /\ cpu_pte' = [cpu_pte EXCEPT ![zap_page[self]] = "none"]
             /\ pc' = [pc EXCEPT ![self] = "end"]
             /\ UNCHANGED <<gpu_pte, seq, update, gpu_fault_page, gpu_fault_seq, gpu_fault_pte, zap_page, violation>>

\* mmu_notifier_invalidate_range_end()
zap__end(self) ==
  /\ pc[self] = "end"
  /\ LET failed == IF ~(seq + 1 <= 7) THEN "range_overflow" ELSE ""
     IN IF failed # ""
        THEN Violates(failed)
        ELSE /\ seq' = seq + 1
             /\ pc' = [pc EXCEPT ![self] = "done"]
             /\ UNCHANGED <<cpu_pte, gpu_pte, update, gpu_fault_page, gpu_fault_seq, gpu_fault_pte, zap_page, violation>>

zap(self) ==
  \/ zap__start(self)
  \/ zap__clear(self)
  \/ zap__end(self)

Next ==
  \/ \E self \in gpu_fault_pids : gpu_fault(self)
  \/ \E self \in zap_pids : zap(self)

Spec == Init /\ [][Next]_vars

NoViolation == violation = ""

no_stale_gpu_pte ==
  ~(\E p \in Page : (gpu_pte[p] = "present" /\ cpu_pte[p] = "none")) \/ (seq % 2) # 0

\* Somebody can move, or everybody is done or idle.
NoDeadlock ==
  (pc[1] = "done" /\ (\A p_2 \in zap_pids : pc[p_2] \in {"start", "done"})) \/ ~((pc[1] = "done" \/ (pc[1] = "settle" /\ ~((gpu_fault_seq[1] % 2) = 0 \/ seq # gpu_fault_seq[1])) \/ (pc[1] = "take_lock" /\ update # 0)) /\ (\A p_4 \in zap_pids : (pc[p_4] = "done" \/ (pc[p_4] = "start" /\ ~(\E page_2 \in Page : (cpu_pte[page_2] = "present" /\ update = 0 /\ (seq % 2) = 0))))))

\* Events that should be seen: as an INVARIANT, the counterexample shows one.
Reach_gpu_maps_a_page ==
  ~(\E p \in Page : gpu_pte[p] = "present")

=============================
