/*
 * mutex, model hash de776bcf716eb2fa
 *
 * spin -o1 -o2 -o3 -a mutex.pml
 * gcc -O2 -DSAFETY -DNOREDUCE -DVECTORSZ=4096 -o pan pan.c
 * ./pan -m10000000 -n
 *
 * Deadlocks are found by the monitor, therefore every loop is labelled as a valid end.
 * SPIN counts one transition more than the model has, for the initial state.
 *
 * Infinite runs, one claim at a time (-DCLAIM_two_gets_it):
 * spin -o1 -o2 -o3 -a -DCLAIM_two_gets_it mutex.pml
 * gcc -O2 -DNOREDUCE -DNFAIR=2 -DMA=87 -DVECTORSZ=1024 -o pan pan.c
 * ./pan -a -f -m10000000 -n
 * Without -DMA SPIN 6.5.2 may go round for ever in the states of its first search.
 * Such a run has states of its own for the observer: only its verdict can be compared.
 * Partial deadlocks are not asked here: they are not said of single runs.
 */

/* Where one stands. */
#define one__work 0
#define one__lock 1
#define one__unlock 2
#define one__done 3

/* Where two stands. */
#define two__work 0
#define two__lock 1
#define two__unlock 2
#define two__done 3

byte owner;

byte one_pc;

byte two_pc;

/* Never set: the names of what must hold, for SPIN's messages. */
hidden byte holds_deadlock;

/* Claims about infinite runs, one at a time. */
#if defined(CLAIM_two_gets_it)
#define LIVENESS
/* What the formulas look at: set by steps, set back by the observer. */
bool one_taken;
bool two_taken;
#define MOVES_one one_taken = true
#define MOVES_two two_taken = true
#else
#define MOVES_one skip
#define MOVES_two skip
#endif
#ifdef CLAIM_two_gets_it
/* two_gets_it */
ltl two_gets_it { ((([] <> (one_pc == one__work || (one_pc == one__lock && owner == 0) || one_pc == one__unlock)) -> ([] <> one_taken)) && (([] <> (two_pc == two__work || (two_pc == two__lock && owner == 0) || two_pc == two__unlock)) -> ([] <> two_taken))) -> ([] (((two_pc == two__lock)) -> <> ((two_pc == two__unlock)))) }
#endif

active [1] proctype one()
{
end:
  do
  /* work: do other work */
  :: d_step { one_pc == one__work ->
       MOVES_one;
       one_pc = one__lock
     }
  /* lock: mutex_lock() */
  :: d_step { one_pc == one__lock && owner == 0 ->
       MOVES_one;
       owner = 1;
       one_pc = one__unlock
     }
  /* unlock: mutex_unlock() */
  :: d_step { one_pc == one__unlock ->
       MOVES_one;
       owner = 0;
       one_pc = one__work
     }
  od
}

active [1] proctype two()
{
end:
  do
  /* work: do other work */
  :: d_step { two_pc == two__work ->
       MOVES_two;
       two_pc = two__lock
     }
  /* lock: mutex_lock() */
  :: d_step { two_pc == two__lock && owner == 0 ->
       MOVES_two;
       owner = 2;
       two_pc = two__unlock
     }
  /* unlock: mutex_unlock() */
  :: d_step { two_pc == two__unlock ->
       MOVES_two;
       owner = 0;
       two_pc = two__work
     }
  od
}

#ifndef LIVENESS
active proctype monitor()
{
end:
  do
  :: timeout && !(one_pc == one__done && two_pc == two__done) -> assert(holds_deadlock)
  od
}
#endif

#ifdef LIVENESS
active proctype observer()
{
  do
  :: d_step { one_taken || two_taken -> one_taken = false; two_taken = false }
  :: d_step { !(one_taken || two_taken) -> skip }
  od
}
#endif
