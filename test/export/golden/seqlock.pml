/*
 * seqlock, model hash ae4a1bf5e62997a6
 *
 * spin -o1 -o2 -o3 -a seqlock.pml
 * gcc -O2 -DSAFETY -DNOREDUCE -DVECTORSZ=4096 -o pan pan.c
 * ./pan -m10000000 -n
 *
 * Deadlocks are found by the monitor, therefore every loop is labelled as a valid end.
 * SPIN counts one transition more than the model has, for the initial state.
 *
 * Infinite runs, one claim at a time (-DCLAIM_read_ends, -DCLAIM_no_starvation_reader):
 * spin -o1 -o2 -o3 -a -DCLAIM_read_ends seqlock.pml
 * gcc -O2 -DNOREDUCE -DNFAIR=2 -DMA=88 -DVECTORSZ=1024 -o pan pan.c
 * ./pan -a -f -m10000000 -n
 * Without -DMA SPIN 6.5.2 may go round for ever in the states of its first search.
 * Such a run has states of its own for the observer: only its verdict can be compared.
 * Partial deadlocks are not asked here: they are not said of single runs.
 */

/* Where reader stands. */
#define reader__begin 0
#define reader__retry 1
#define reader__done 2

/* Where zap stands. */
#define zap__bump 0
#define zap__done 1

byte seq;

byte reader_pc;
byte reader_seq;

byte zap_pc;

/* Never set: the names of what must hold, for SPIN's messages. */
hidden byte holds_trivial;
hidden byte holds_deadlock;

/* Claims about infinite runs, one at a time. */
#if defined(CLAIM_read_ends) || defined(CLAIM_no_starvation_reader)
#define LIVENESS
/* What the formulas look at: set by steps, set back by the observer. */
bool calm = true;
bool retried;
bool progressed;
#define MOVES_zap calm = false
#else
#define MOVES_zap skip
#endif
#ifdef CLAIM_read_ends
/* read_ends */
ltl read_ends { (<> [] calm) -> (<> ((reader_pc == reader__done))) }
#endif
#ifdef CLAIM_no_starvation_reader
/* no retry loop starves reader */
ltl no_starvation_reader { (<> [] calm) -> (([] <> retried) -> ([] <> progressed)) }
#define RETRIES_reader retried = true
#define PROGRESSES_reader progressed = true
#else
#define RETRIES_reader skip
#define PROGRESSES_reader skip
#endif

active [1] proctype reader()
{
end:
  do
  /* begin: seq = read_begin() */
  :: d_step { reader_pc == reader__begin ->
       reader_seq = seq;
       reader_pc = reader__retry
     }
  /* retry: if (read_retry(seq)) goto begin */
  :: d_step { reader_pc == reader__retry ->
       if
       :: reader_seq != seq ->
            RETRIES_reader;
            reader_pc = reader__begin
       :: else ->
            reader_pc = reader__done
       fi
     }
  od
}

active [1] proctype zap()
{
end:
  do
  /* bump: seq++ */
  :: d_step { zap_pc == zap__bump ->
       MOVES_zap;
       seq = ((seq + 1) % 3);
       zap_pc = zap__bump
     }
#ifdef LIVENESS
  :: d_step { zap_pc == zap__bump -> skip }
#endif
  od
}

#ifndef LIVENESS
active proctype monitor()
{
end:
  do
  :: d_step { false -> assert(holds_trivial) }
  :: timeout && !(reader_pc == reader__done && (zap_pc == zap__bump || zap_pc == zap__done)) -> assert(holds_deadlock)
  od
}
#endif

#ifdef LIVENESS
active proctype observer()
{
  do
  :: d_step { !calm || retried || progressed -> calm = true; retried = false; progressed = false }
  :: d_step { !(!calm || retried || progressed) -> skip }
  od
}
#endif
