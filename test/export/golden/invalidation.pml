/*
 * invalidation, model hash c976594c6cadeda1
 *
 * spin -o1 -o2 -o3 -a invalidation.pml
 * gcc -O2 -DSAFETY -DNOREDUCE -DVECTORSZ=4096 -o pan pan.c
 * ./pan -m10000000 -n
 *
 * Deadlocks are found by the monitor, therefore every loop is labelled as a valid end.
 * SPIN counts one transition more than the model has, for the initial state.
 * Is an event reachable? spin -a -DREACH_..., see the monitor: the error is the answer yes.
 */

/* Pte */
#define Pte_none 0
#define Pte_present 1

/* Where gpu_fault stands. */
#define gpu_fault__fault 0
#define gpu_fault__again 1
#define gpu_fault__settle 2
#define gpu_fault__range_fault 3
#define gpu_fault__take_lock 4
#define gpu_fault__end 5
#define gpu_fault__done 6

/* Where zap stands. */
#define zap__start 0
#define zap__clear 1
#define zap__end 2
#define zap__done 3
#define zap_me (_pid - 1)

byte cpu_pte[2] = 1;
byte gpu_pte[2];
byte seq;
byte update;

byte gpu_fault_pc;
byte gpu_fault_page;
byte gpu_fault_seq;
byte gpu_fault_pte;

byte zap_pc[2];
byte zap_page[2];

/* Never set: the names of what must hold, for SPIN's messages. */
hidden byte holds_no_stale_gpu_pte;
hidden byte holds_deadlock;
hidden byte holds_unset_value;
hidden byte holds_range_overflow;
hidden byte REACH_gpu_maps_a_page;

active [1] proctype gpu_fault()
{
end:
  do
  /* fault: GPU faults on some page */
  /* page = page0 */
  :: d_step { gpu_fault_pc == gpu_fault__fault ->
       gpu_fault_page = 1;
       gpu_fault_pc = gpu_fault__again
     }
  /* page = page1 */
  :: d_step { gpu_fault_pc == gpu_fault__fault ->
       gpu_fault_page = 2;
       gpu_fault_pc = gpu_fault__again
     }
  /* again: seq = mmu_interval_read_begin() */
  :: d_step { gpu_fault_pc == gpu_fault__again ->
       gpu_fault_seq = seq;
       gpu_fault_pc = gpu_fault__settle
     }
  /* settle: wait_event(invalidate_seq != seq) */
  :: d_step { gpu_fault_pc == gpu_fault__settle && ((gpu_fault_seq % 2) == 0 || seq != gpu_fault_seq) ->
       gpu_fault_pc = gpu_fault__range_fault
     }
  /* range_fault: hmm_range_fault() */
  :: d_step { gpu_fault_pc == gpu_fault__range_fault ->
       if :: gpu_fault_page == 0 -> assert(holds_unset_value) :: else fi;
       gpu_fault_pte = cpu_pte[gpu_fault_page - 1];
       gpu_fault_pc = gpu_fault__take_lock
     }
  /* take_lock: take_lock(driver->update) */
  :: d_step { gpu_fault_pc == gpu_fault__take_lock && update == 0 ->
       update = 1;
       gpu_fault_pc = gpu_fault__end
     }
  /* end: if (mmu_interval_read_retry()) goto again */
  :: d_step { gpu_fault_pc == gpu_fault__end ->
       if
       :: seq != gpu_fault_seq ->
            update = 0;
            gpu_fault_pc = gpu_fault__again
       :: else ->
            if
            :: gpu_fault_pte == Pte_present ->
                 if :: gpu_fault_page == 0 -> assert(holds_unset_value) :: else fi;
                 gpu_pte[gpu_fault_page - 1] = Pte_present
            :: else ->
                 skip
            fi;
            update = 0;
            gpu_fault_pc = gpu_fault__done
       fi
     }
  od
}

active [2] proctype zap()
{
end:
  do
  /* start: mmu_notifier_invalidate_range_start() */
  /* page = page0 */
  :: d_step { zap_pc[zap_me] == zap__start && cpu_pte[0] == Pte_present && update == 0 && (seq % 2) == 0 ->
       zap_page[zap_me] = 1;
       if :: seq + 1 > 7 -> assert(holds_range_overflow) :: else fi;
       seq = seq + 1;
       gpu_pte[0] = Pte_none;
       zap_pc[zap_me] = zap__clear
     }
  /* page = page1 */
  :: d_step { zap_pc[zap_me] == zap__start && cpu_pte[1] == Pte_present && update == 0 && (seq % 2) == 0 ->
       zap_page[zap_me] = 2;
       if :: seq + 1 > 7 -> assert(holds_range_overflow) :: else fi;
       seq = seq + 1;
       gpu_pte[1] = Pte_none;
       zap_pc[zap_me] = zap__clear
     }
  /* clear: ptep_clear_flush() */
  :: d_step { zap_pc[zap_me] == zap__clear ->
       if :: zap_page[zap_me] == 0 -> assert(holds_unset_value) :: else fi;
       cpu_pte[zap_page[zap_me] - 1] = Pte_none;
       zap_pc[zap_me] = zap__end
     }
  /* end: mmu_notifier_invalidate_range_end() */
  :: d_step { zap_pc[zap_me] == zap__end ->
       if :: seq + 1 > 7 -> assert(holds_range_overflow) :: else fi;
       seq = seq + 1;
       zap_pc[zap_me] = zap__done
     }
  od
}

active proctype monitor()
{
end:
  do
  :: d_step { !(!((gpu_pte[0] == Pte_present && cpu_pte[0] == Pte_none) || (gpu_pte[1] == Pte_present && cpu_pte[1] == Pte_none)) || (seq % 2) != 0) -> assert(holds_no_stale_gpu_pte) }
  :: timeout && !(gpu_fault_pc == gpu_fault__done && ((zap_pc[0] == zap__start || zap_pc[0] == zap__done) && (zap_pc[1] == zap__start || zap_pc[1] == zap__done))) -> assert(holds_deadlock)
#ifdef REACH_gpu_maps_a_page
  :: d_step { (gpu_pte[0] == Pte_present || gpu_pte[1] == Pte_present) -> assert(false) }
#endif
  od
}
