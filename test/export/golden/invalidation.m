-- invalidation, model hash c976594c6cadeda1
--
-- rumur --symmetry-reduction off --deadlock-detection off --output invalidation.c invalidation.m
-- gcc -O2 -std=c11 -march=native -o invalidation invalidation.c -lpthread
-- ./invalidation
--
-- With --symmetry-reduction heuristic there are fewer states: one per orbit of the scalarsets.
-- Deadlock is an invariant below. A cover that is not hit counts as an error in Rumur.
-- Processes: 1 gpu_fault, 2 zap[0], 3 zap[1].

type
  Pte: enum { Pte_none, Pte_present };
  Page: scalarset(2);
  gpu_fault_pid: 1..1;
  gpu_fault_label: enum { gpu_fault__fault, gpu_fault__again, gpu_fault__settle, gpu_fault__range_fault, gpu_fault__take_lock, gpu_fault__end, gpu_fault__done };
  zap_pid: 2..3;
  zap_label: enum { zap__start, zap__clear, zap__end, zap__done };

var
  cpu_pte: array[Page] of Pte;
  gpu_pte: array[Page] of Pte;
  seq: 0..7;
  update: 0..3;
  gpu_fault_pc: array[gpu_fault_pid] of gpu_fault_label;
  gpu_fault_page: array[gpu_fault_pid] of Page;
  gpu_fault_seq: array[gpu_fault_pid] of 0..7;
  gpu_fault_pte: array[gpu_fault_pid] of Pte;
  zap_pc: array[zap_pid] of zap_label;
  zap_page: array[zap_pid] of Page;

procedure reset();
begin
  for i: Page do cpu_pte[i] := Pte_present; end;
  for i: Page do gpu_pte[i] := Pte_none; end;
  seq := 0;
  update := 0;
  for p: gpu_fault_pid do
    gpu_fault_pc[p] := gpu_fault__fault;
    undefine gpu_fault_page[p];
    gpu_fault_seq[p] := 0;
    gpu_fault_pte[p] := Pte_none;
  end;
  for p: zap_pid do
    zap_pc[p] := zap__start;
    undefine zap_page[p];
  end;
end;

startstate "start 1" begin reset(); end;

ruleset self: gpu_fault_pid do
  -- fault: GPU faults on some page
  ruleset page: Page do
  rule "gpu_fault fault"
    gpu_fault_pc[self] = gpu_fault__fault
  ==> begin
    gpu_fault_page[self] := page;
    gpu_fault_pc[self] := gpu_fault__again;
  end;
  end;
  -- again: seq = mmu_interval_read_begin()
  rule "gpu_fault again"
    gpu_fault_pc[self] = gpu_fault__again
  ==> begin
    gpu_fault_seq[self] := seq;
    gpu_fault_pc[self] := gpu_fault__settle;
  end;
  -- settle: wait_event(invalidate_seq != seq)
  rule "gpu_fault settle"
    gpu_fault_pc[self] = gpu_fault__settle & ((gpu_fault_seq[self] % 2) = 0 | seq != gpu_fault_seq[self])
  ==> begin
    gpu_fault_pc[self] := gpu_fault__range_fault;
  end;
  -- range_fault: hmm_range_fault()
  rule "gpu_fault range_fault"
    gpu_fault_pc[self] = gpu_fault__range_fault
  ==> begin
    assert !isundefined(gpu_fault_page[self]) "unset_value: an index has no cell, or a divisor is not positive";
    gpu_fault_pte[self] := cpu_pte[gpu_fault_page[self]];
    gpu_fault_pc[self] := gpu_fault__take_lock;
  end;
  -- take_lock: take_lock(driver->update)
  rule "gpu_fault take_lock"
    gpu_fault_pc[self] = gpu_fault__take_lock & update = 0
  ==> begin
    update := self;
    gpu_fault_pc[self] := gpu_fault__end;
  end;
  -- end: if (mmu_interval_read_retry()) goto again
  rule "gpu_fault end"
    gpu_fault_pc[self] = gpu_fault__end
  ==> begin
    if seq != gpu_fault_seq[self] then
      update := 0;
      gpu_fault_pc[self] := gpu_fault__again;
    else
      if gpu_fault_pte[self] = Pte_present then
        assert !isundefined(gpu_fault_page[self]) "unset_value: an index has no cell, or a divisor is not positive";
        gpu_pte[gpu_fault_page[self]] := Pte_present;
      end;
      update := 0;
      gpu_fault_pc[self] := gpu_fault__done;
    end;
  end;
end;

ruleset self: zap_pid do
  -- start: mmu_notifier_invalidate_range_start()
  ruleset page: Page do
  rule "zap start"
    zap_pc[self] = zap__start & cpu_pte[page] = Pte_present & update = 0 & (seq % 2) = 0
  ==> begin
    zap_page[self] := page;
    assert seq + 1 <= 7 "range_overflow: a variable is set outside its range";
    seq := seq + 1;
    gpu_pte[page] := Pte_none;
    zap_pc[self] := zap__clear;
  end;
  end;
  -- clear: ptep_clear_flush()
  rule "zap clear"
    zap_pc[self] = zap__clear
  ==> begin
    assert !isundefined(zap_page[self]) "unset_value: an index has no cell, or a divisor is not positive";
    cpu_pte[zap_page[self]] := Pte_none;
    zap_pc[self] := zap__end;
  end;
  -- end: mmu_notifier_invalidate_range_end()
  rule "zap end"
    zap_pc[self] = zap__end
  ==> begin
    assert seq + 1 <= 7 "range_overflow: a variable is set outside its range";
    seq := seq + 1;
    zap_pc[self] := zap__done;
  end;
end;

invariant "no_stale_gpu_pte"
  !(exists p: Page do (gpu_pte[p] = Pte_present & cpu_pte[p] = Pte_none) end) | (seq % 2) != 0;
-- somebody can move, or everybody is done or idle
invariant "deadlock"
  (gpu_fault_pc[1] = gpu_fault__done & (forall p_2: zap_pid do (zap_pc[p_2] = zap__start | zap_pc[p_2] = zap__done) end)) | !((gpu_fault_pc[1] = gpu_fault__done | (gpu_fault_pc[1] = gpu_fault__settle & !((gpu_fault_seq[1] % 2) = 0 | seq != gpu_fault_seq[1])) | (gpu_fault_pc[1] = gpu_fault__take_lock & update != 0)) & (forall p_4: zap_pid do (zap_pc[p_4] = zap__done | (zap_pc[p_4] = zap__start & !(exists page_2: Page do (cpu_pte[page_2] = Pte_present & update = 0 & (seq % 2) = 0) end))) end));
cover "gpu_maps_a_page"
  (exists p: Page do gpu_pte[p] = Pte_present end);
