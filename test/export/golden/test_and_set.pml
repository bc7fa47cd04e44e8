/*
 * test-and-set, model hash c338a953a2ecaebe
 *
 * spin -o1 -o2 -o3 -a test_and_set.pml
 * gcc -O2 -DSAFETY -DNOREDUCE -DVECTORSZ=4096 -o pan pan.c
 * ./pan -m10000000 -n
 *
 * Deadlocks are found by the monitor, therefore every loop is labelled as a valid end.
 * SPIN counts one transition more than the model has, for the initial state.
 */

/* Where client stands. */
#define client__idle 0
#define client__acquire 1
#define client__inside 2
#define client__release 3
#define client__done 4
#define client_me (_pid - 0)

byte word;

byte client_pc[2];

/* Never set: the names of what must hold, for SPIN's messages. */
hidden byte holds_mutual_exclusion;
hidden byte holds_deadlock;

active [2] proctype client()
{
end:
  do
  /* idle: do other work */
  :: d_step { client_pc[client_me] == client__idle ->
       client_pc[client_me] = client__acquire
     }
  /* acquire: while (test_and_set(&word)); */
  :: d_step { client_pc[client_me] == client__acquire && word == 0 ->
       word = 1;
       client_pc[client_me] = client__inside
     }
  /* inside: use it */
  :: d_step { client_pc[client_me] == client__inside ->
       client_pc[client_me] = client__release
     }
  /* release: word = 0 */
  :: d_step { client_pc[client_me] == client__release ->
       word = 0;
       client_pc[client_me] = client__idle
     }
  od
}

active proctype monitor()
{
end:
  do
  :: d_step { ((client_pc[0] == client__inside || client_pc[0] == client__release) -> 1 : 0) + ((client_pc[1] == client__inside || client_pc[1] == client__release) -> 1 : 0) > 1 -> assert(holds_mutual_exclusion) }
  :: timeout && !(client_pc[0] == client__done && client_pc[1] == client__done) -> assert(holds_deadlock)
  od
}
