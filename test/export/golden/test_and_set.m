-- test-and-set, model hash c338a953a2ecaebe
--
-- rumur --symmetry-reduction off --deadlock-detection off --output test_and_set.c test_and_set.m
-- gcc -O2 -std=c11 -march=native -o test_and_set test_and_set.c -lpthread
-- ./test_and_set
--
-- With --symmetry-reduction heuristic there are fewer states: one per orbit of the scalarsets.
-- Deadlock is an invariant below. A cover that is not hit counts as an error in Rumur.
-- Processes: 1 client[0], 2 client[1].

type
  client_pid: 1..2;
  client_label: enum { client__idle, client__acquire, client__inside, client__release, client__done };

var
  word: 0..1;
  client_pc: array[client_pid] of client_label;

procedure reset();
begin
  word := 0;
  for p: client_pid do
    client_pc[p] := client__idle;
  end;
end;

startstate "start 1" begin reset(); end;

ruleset self: client_pid do
  -- idle: do other work
  rule "client idle"
    client_pc[self] = client__idle
  ==> begin
    client_pc[self] := client__acquire;
  end;
  -- acquire: while (test_and_set(&word));
  rule "client acquire"
    client_pc[self] = client__acquire & word = 0
  ==> begin
    word := 1;
    client_pc[self] := client__inside;
  end;
  -- inside: use it
  rule "client inside"
    client_pc[self] = client__inside
  ==> begin
    client_pc[self] := client__release;
  end;
  -- release: word = 0
  rule "client release"
    client_pc[self] = client__release
  ==> begin
    word := 0;
    client_pc[self] := client__idle;
  end;
end;

invariant "mutual_exclusion"
  (((client_pc[1] = client__inside | client_pc[1] = client__release) ? 1 : 0) + ((client_pc[2] = client__inside | client_pc[2] = client__release) ? 1 : 0)) <= 1;
-- somebody can move, or everybody is done or idle
invariant "deadlock"
  (forall p: client_pid do client_pc[p] = client__done end) | !(forall p_2: client_pid do (client_pc[p_2] = client__done | (client_pc[p_2] = client__acquire & word != 0)) end);
