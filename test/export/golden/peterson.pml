/*
 * peterson, model hash aef0755a2125c715
 *
 * spin -o1 -o2 -o3 -a peterson.pml
 * gcc -O2 -DSAFETY -DNOREDUCE -DVECTORSZ=4096 -o pan pan.c
 * ./pan -m10000000 -n
 *
 * Deadlocks are found by the monitor, therefore every loop is labelled as a valid end.
 * SPIN counts one transition more than the model has, for the initial state.
 *
 * Infinite runs, one claim at a time (-DCLAIM_waits_until_in):
 * spin -o1 -o2 -o3 -a -DCLAIM_waits_until_in peterson.pml
 * gcc -O2 -DNOREDUCE -DNFAIR=2 -DMA=89 -DVECTORSZ=1024 -o pan pan.c
 * ./pan -a -f -m10000000 -n
 * Without -DMA SPIN 6.5.2 may go round for ever in the states of its first search.
 * Such a run has states of its own for the observer: only its verdict can be compared.
 * Partial deadlocks are not asked here: they are not said of single runs.
 */

/* Where side0 stands. */
#define side0__work 0
#define side0__yield 1
#define side0__spin 2
#define side0__leave 3
#define side0__done 4

/* Where side1 stands. */
#define side1__work 0
#define side1__yield 1
#define side1__spin 2
#define side1__leave 3
#define side1__done 4

bool flag[2];
byte turn;

byte side0_pc;

byte side1_pc;

/* Never set: the names of what must hold, for SPIN's messages. */
hidden byte holds_deadlock;

/* Claims about infinite runs, one at a time. */
#if defined(CLAIM_waits_until_in)
#define LIVENESS
/* What the formulas look at: set by steps, set back by the observer. */
#endif
#ifdef CLAIM_waits_until_in
/* waits_until_in */
ltl waits_until_in { ([] (((((side0_pc == side0__spin))) -> (((((side0_pc == side0__spin))) U (((side0_pc == side0__leave)))))))) }
#endif

active [1] proctype side0()
{
end:
  do
  /* work: flag[me] = true */
  :: d_step { side0_pc == side0__work ->
       flag[0] = true;
       side0_pc = side0__yield
     }
  /* yield: turn = other */
  :: d_step { side0_pc == side0__yield ->
       turn = 1;
       side0_pc = side0__spin
     }
  /* spin: while (flag[other] && turn == other); */
  :: d_step { side0_pc == side0__spin && (!flag[1] || turn == 0) ->
       side0_pc = side0__leave
     }
  /* leave: flag[me] = false */
  :: d_step { side0_pc == side0__leave ->
       flag[0] = false;
       side0_pc = side0__work
     }
  od
}

active [1] proctype side1()
{
end:
  do
  /* work: flag[me] = true */
  :: d_step { side1_pc == side1__work ->
       flag[1] = true;
       side1_pc = side1__yield
     }
  /* yield: turn = other */
  :: d_step { side1_pc == side1__yield ->
       turn = 0;
       side1_pc = side1__spin
     }
  /* spin: while (flag[other] && turn == other); */
  :: d_step { side1_pc == side1__spin && (!flag[0] || turn == 1) ->
       side1_pc = side1__leave
     }
  /* leave: flag[me] = false */
  :: d_step { side1_pc == side1__leave ->
       flag[1] = false;
       side1_pc = side1__work
     }
#ifdef LIVENESS
  :: d_step { true -> skip }
#endif
  od
}

#ifndef LIVENESS
active proctype monitor()
{
end:
  do
  :: timeout && !((side0_pc == side0__work || side0_pc == side0__done) && (side1_pc == side1__work || side1_pc == side1__done)) -> assert(holds_deadlock)
  od
}
#endif

#ifdef LIVENESS
active proctype observer()
{
  do
  :: d_step { true -> skip }
  od
}
#endif
