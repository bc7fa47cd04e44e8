/*
 * invalidation, model hash c976594c6cadeda1
 *
 * gcc -O2 -shared -fPIC -o invalidation.spins invalidation.c
 * prom2lts-mc --strategy=bfs --state=tree -i 'all_hold' invalidation.spins
 * prom2lts-mc --por=heur -d -i 'violation == 0' invalidation.spins
 * mpirun -np 4 prom2lts-dist --mpi -i 'all_hold' invalidation.spins
 *
 * all_hold: no assertion failed, every property holds, no deadlock. Each one is a label, too.
 * The second command has fewer states: with -d LTSmin finds deadlocks itself, reduced or not.
 * Is an event reachable? -i '!reach_gpu_maps_a_page': a violation is the answer yes.
 * violation = 1: unset unset_value
 * violation = 2: range range_overflow
 */
#include <stddef.h>

typedef struct { int *labels; int group; int por_proviso; } transition_info;
typedef void (*callback)(void *arg, transition_info *info, int *state, int *copied);

static inline void copy(int *to, const int *from, int count)
{
  for (int i = 0; i < count; i++) to[i] = from[i];
}

/* A cell that may be outside its array; the value does not matter then. */
static inline int at(int base, int cell, int count)
{
  return cell >= 0 && cell < count ? base + cell : base;
}

/* Where the variables begin. */
enum {
  cpu_pte = 0,
  gpu_pte = 2,
  seq = 4,
  update = 5,
  gpu_fault_pc = 6,
  gpu_fault_page = 7,
  gpu_fault_seq = 8,
  gpu_fault_pte = 9,
  zap_0_pc = 10,
  zap_0_page = 11,
  zap_1_pc = 12,
  zap_1_page = 13,
  violation = 14
};

enum { Pte_none, Pte_present };
enum { gpu_fault__fault, gpu_fault__again, gpu_fault__settle, gpu_fault__range_fault, gpu_fault__take_lock, gpu_fault__end, gpu_fault__done };
enum { zap__start, zap__clear, zap__end, zap__done };

static int label(const int *s, int l)
{
  switch (l) {
  case 0: return s[gpu_fault_pc] == gpu_fault__fault;
  case 1: return s[gpu_fault_pc] == gpu_fault__again;
  case 2: return s[gpu_fault_pc] == gpu_fault__settle;
  case 3: return ((s[gpu_fault_seq] % 2) == 0 || s[seq] != s[gpu_fault_seq]);
  case 4: return s[gpu_fault_pc] == gpu_fault__range_fault;
  case 5: return s[gpu_fault_pc] == gpu_fault__take_lock;
  case 6: return s[update] == 0;
  case 7: return s[gpu_fault_pc] == gpu_fault__end;
  case 8: return s[zap_0_pc] == zap__start;
  case 9: return s[cpu_pte] == Pte_present;
  case 10: return (s[seq] % 2) == 0;
  case 11: return s[cpu_pte + 1] == Pte_present;
  case 12: return s[zap_0_pc] == zap__clear;
  case 13: return s[zap_0_pc] == zap__end;
  case 14: return s[zap_1_pc] == zap__start;
  case 15: return s[zap_1_pc] == zap__clear;
  case 16: return s[zap_1_pc] == zap__end;
  /* no_stale_gpu_pte */
  case 17: return (!((s[gpu_pte] == Pte_present && s[cpu_pte] == Pte_none) || (s[gpu_pte + 1] == Pte_present && s[cpu_pte + 1] == Pte_none)) || (s[seq] % 2) != 0);
  /* no deadlock */
  case 18: return ((s[gpu_fault_pc] == gpu_fault__done && (s[zap_0_pc] == zap__start || s[zap_0_pc] == zap__done) && (s[zap_1_pc] == zap__start || s[zap_1_pc] == zap__done)) || !((s[gpu_fault_pc] == gpu_fault__done || (s[gpu_fault_pc] == gpu_fault__settle && !((s[gpu_fault_seq] % 2) == 0 || s[seq] != s[gpu_fault_seq])) || (s[gpu_fault_pc] == gpu_fault__take_lock && s[update] != 0)) && (s[zap_0_pc] == zap__done || (s[zap_0_pc] == zap__start && !((s[cpu_pte] == Pte_present && s[update] == 0 && (s[seq] % 2) == 0) || (s[cpu_pte + 1] == Pte_present && s[update] == 0 && (s[seq] % 2) == 0)))) && (s[zap_1_pc] == zap__done || (s[zap_1_pc] == zap__start && !((s[cpu_pte] == Pte_present && s[update] == 0 && (s[seq] % 2) == 0) || (s[cpu_pte + 1] == Pte_present && s[update] == 0 && (s[seq] % 2) == 0))))));
  /* everything that must hold */
  case 19: return s[violation] == 0 && ((!((s[gpu_pte] == Pte_present && s[cpu_pte] == Pte_none) || (s[gpu_pte + 1] == Pte_present && s[cpu_pte + 1] == Pte_none)) || (s[seq] % 2) != 0)) && (((s[gpu_fault_pc] == gpu_fault__done && (s[zap_0_pc] == zap__start || s[zap_0_pc] == zap__done) && (s[zap_1_pc] == zap__start || s[zap_1_pc] == zap__done)) || !((s[gpu_fault_pc] == gpu_fault__done || (s[gpu_fault_pc] == gpu_fault__settle && !((s[gpu_fault_seq] % 2) == 0 || s[seq] != s[gpu_fault_seq])) || (s[gpu_fault_pc] == gpu_fault__take_lock && s[update] != 0)) && (s[zap_0_pc] == zap__done || (s[zap_0_pc] == zap__start && !((s[cpu_pte] == Pte_present && s[update] == 0 && (s[seq] % 2) == 0) || (s[cpu_pte + 1] == Pte_present && s[update] == 0 && (s[seq] % 2) == 0)))) && (s[zap_1_pc] == zap__done || (s[zap_1_pc] == zap__start && !((s[cpu_pte] == Pte_present && s[update] == 0 && (s[seq] % 2) == 0) || (s[cpu_pte + 1] == Pte_present && s[update] == 0 && (s[seq] % 2) == 0)))))));
  /* every process is done or idle */
  case 20: return (s[gpu_fault_pc] == gpu_fault__done && (s[zap_0_pc] == zap__start || s[zap_0_pc] == zap__done) && (s[zap_1_pc] == zap__start || s[zap_1_pc] == zap__done));
  /* gpu_maps_a_page */
  case 21: return (s[gpu_pte] == Pte_present || s[gpu_pte + 1] == Pte_present);
  }
  return 0;
}

static inline void fail(const int *s, int *n, int rule)
{
  copy(n, s, violation + 1);
  n[violation] = rule;
}

/* gpu_fault fault page = page0: GPU faults on some page */
static void step_0(const int *s, int *n)
{
  (void)s;
  n[gpu_fault_page] = 1;
  n[gpu_fault_pc] = gpu_fault__again;
}

/* gpu_fault fault page = page1: GPU faults on some page */
static void step_1(const int *s, int *n)
{
  (void)s;
  n[gpu_fault_page] = 2;
  n[gpu_fault_pc] = gpu_fault__again;
}

/* gpu_fault again: seq = mmu_interval_read_begin() */
static void step_2(const int *s, int *n)
{
  (void)s;
  n[gpu_fault_seq] = n[seq];
  n[gpu_fault_pc] = gpu_fault__settle;
}

/* gpu_fault settle: wait_event(invalidate_seq != seq) */
static void step_3(const int *s, int *n)
{
  (void)s;
  n[gpu_fault_pc] = gpu_fault__range_fault;
}

/* gpu_fault range_fault: hmm_range_fault() */
static void step_4(const int *s, int *n)
{
  /* unset_value: an index has no cell, or a divisor is not positive */
  if (n[gpu_fault_page] == 0) { fail(s, n, 1); return; }
  n[gpu_fault_pte] = n[at(cpu_pte, n[gpu_fault_page] - 1, 2)];
  n[gpu_fault_pc] = gpu_fault__take_lock;
}

/* gpu_fault take_lock: take_lock(driver->update) */
static void step_5(const int *s, int *n)
{
  (void)s;
  n[update] = 1;
  n[gpu_fault_pc] = gpu_fault__end;
}

/* gpu_fault end: if (mmu_interval_read_retry()) goto again */
static void step_6(const int *s, int *n)
{
  if (n[seq] != n[gpu_fault_seq]) {
    n[update] = 0;
    n[gpu_fault_pc] = gpu_fault__again;
  } else {
    if (n[gpu_fault_pte] == Pte_present) {
      /* unset_value: an index has no cell, or a divisor is not positive */
      if (n[gpu_fault_page] == 0) { fail(s, n, 1); return; }
      n[at(gpu_pte, n[gpu_fault_page] - 1, 2)] = Pte_present;
    }
    n[update] = 0;
    n[gpu_fault_pc] = gpu_fault__done;
  }
}

/* zap[0] start page = page0: mmu_notifier_invalidate_range_start() */
static void step_7(const int *s, int *n)
{
  n[zap_0_page] = 1;
  /* range_overflow: a variable is set outside its range */
  if (n[seq] + 1 > 7) { fail(s, n, 2); return; }
  n[seq] = n[seq] + 1;
  n[gpu_pte] = Pte_none;
  n[zap_0_pc] = zap__clear;
}

/* zap[0] start page = page1: mmu_notifier_invalidate_range_start() */
static void step_8(const int *s, int *n)
{
  n[zap_0_page] = 2;
  /* range_overflow: a variable is set outside its range */
  if (n[seq] + 1 > 7) { fail(s, n, 2); return; }
  n[seq] = n[seq] + 1;
  n[gpu_pte + 1] = Pte_none;
  n[zap_0_pc] = zap__clear;
}

/* zap[0] clear: ptep_clear_flush() */
static void step_9(const int *s, int *n)
{
  /* unset_value: an index has no cell, or a divisor is not positive */
  if (n[zap_0_page] == 0) { fail(s, n, 1); return; }
  n[at(cpu_pte, n[zap_0_page] - 1, 2)] = Pte_none;
  n[zap_0_pc] = zap__end;
}

/* zap[0] end: mmu_notifier_invalidate_range_end() */
static void step_10(const int *s, int *n)
{
  /* range_overflow: a variable is set outside its range */
  if (n[seq] + 1 > 7) { fail(s, n, 2); return; }
  n[seq] = n[seq] + 1;
  n[zap_0_pc] = zap__done;
}

/* zap[1] start page = page0: mmu_notifier_invalidate_range_start() */
static void step_11(const int *s, int *n)
{
  n[zap_1_page] = 1;
  /* range_overflow: a variable is set outside its range */
  if (n[seq] + 1 > 7) { fail(s, n, 2); return; }
  n[seq] = n[seq] + 1;
  n[gpu_pte] = Pte_none;
  n[zap_1_pc] = zap__clear;
}

/* zap[1] start page = page1: mmu_notifier_invalidate_range_start() */
static void step_12(const int *s, int *n)
{
  n[zap_1_page] = 2;
  /* range_overflow: a variable is set outside its range */
  if (n[seq] + 1 > 7) { fail(s, n, 2); return; }
  n[seq] = n[seq] + 1;
  n[gpu_pte + 1] = Pte_none;
  n[zap_1_pc] = zap__clear;
}

/* zap[1] clear: ptep_clear_flush() */
static void step_13(const int *s, int *n)
{
  /* unset_value: an index has no cell, or a divisor is not positive */
  if (n[zap_1_page] == 0) { fail(s, n, 1); return; }
  n[at(cpu_pte, n[zap_1_page] - 1, 2)] = Pte_none;
  n[zap_1_pc] = zap__end;
}

/* zap[1] end: mmu_notifier_invalidate_range_end() */
static void step_14(const int *s, int *n)
{
  /* range_overflow: a variable is set outside its range */
  if (n[seq] + 1 > 7) { fail(s, n, 2); return; }
  n[seq] = n[seq] + 1;
  n[zap_1_pc] = zap__done;
}

static void step(int g, const int *s, int *n)
{
  switch (g) {
  case 0: step_0(s, n); break;
  case 1: step_1(s, n); break;
  case 2: step_2(s, n); break;
  case 3: step_3(s, n); break;
  case 4: step_4(s, n); break;
  case 5: step_5(s, n); break;
  case 6: step_6(s, n); break;
  case 7: step_7(s, n); break;
  case 8: step_8(s, n); break;
  case 9: step_9(s, n); break;
  case 10: step_10(s, n); break;
  case 11: step_11(s, n); break;
  case 12: step_12(s, n); break;
  case 13: step_13(s, n); break;
  case 14: step_14(s, n); break;
  default: break;
  }
}

enum {
  STATES = 15,
  GROUPS = 15,
  LABELS = 22,
  GUARDS = 17,
  STARTS = 0,
};

static const int INITIAL[STATES] = {
  1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
};
static void start(int i, int *to) { (void)i; (void)to; }
static const char *const VALUES_1[] = {
  "gpu_fault fault page = page0", "gpu_fault fault page = page1", "gpu_fault again",
  "gpu_fault settle", "gpu_fault range_fault", "gpu_fault take_lock", "gpu_fault end",
  "zap[0] start page = page0", "zap[0] start page = page1", "zap[0] clear", "zap[0] end",
  "zap[1] start page = page0", "zap[1] start page = page1", "zap[1] clear", "zap[1] end",
};
static const char *const VALUES_2[] = {
  "none", "present",
};
static const char *const VALUES_3[] = {
  "none", "gpu_fault", "zap[0]", "zap[1]",
};
static const char *const VALUES_4[] = {
  "fault", "again", "settle", "range_fault", "take_lock", "end", "done",
};
static const char *const VALUES_5[] = {
  "none", "page0", "page1",
};
static const char *const VALUES_6[] = {
  "start", "clear", "end", "done",
};
enum { TYPES = 7 };
static const struct { const char *name; int count; const char *const *values; } TYPE[] = {
  { "integer", 0, NULL }, { "statement", 15, VALUES_1 }, { "enum Pte", 2, VALUES_2 },
  { "process", 4, VALUES_3 }, { "pc of gpu_fault", 7, VALUES_4 },
  { "scalarset Page", 3, VALUES_5 }, { "pc of zap", 4, VALUES_6 },
};
static const int SLOT_TYPES[] = {
  2, 2, 2, 2, 0, 3, 4, 5, 0, 2, 6, 5, 6, 5, 0,
};
static const char *const LABEL_NAMES[] = {
  "guard_0", "guard_1", "guard_2", "guard_3", "guard_4", "guard_5", "guard_6", "guard_7",
  "guard_8", "guard_9", "guard_10", "guard_11", "guard_12", "guard_13", "guard_14", "guard_15",
  "guard_16", "no_stale_gpu_pte", "no_deadlock", "all_hold", "end_", "reach_gpu_maps_a_page",
};
static const char *const SLOT_NAMES[] = {
  "cpu_pte_page0_", "cpu_pte_page1_", "gpu_pte_page0_", "gpu_pte_page1_", "seq", "update",
  "gpu_fault_pc", "gpu_fault_page", "gpu_fault_seq", "gpu_fault_pte", "zap_0_pc", "zap_0_page",
  "zap_1_pc", "zap_1_page", "violation",
};
static const int GUARDS_0[] = { 1, 0 };
static const int GUARDS_1[] = { 1, 0 };
static const int GUARDS_2[] = { 1, 1 };
static const int GUARDS_3[] = { 2, 2, 3 };
static const int GUARDS_4[] = { 1, 4 };
static const int GUARDS_5[] = { 2, 5, 6 };
static const int GUARDS_6[] = { 1, 7 };
static const int GUARDS_7[] = { 4, 8, 9, 6, 10 };
static const int GUARDS_8[] = { 4, 8, 11, 6, 10 };
static const int GUARDS_9[] = { 1, 12 };
static const int GUARDS_10[] = { 1, 13 };
static const int GUARDS_11[] = { 4, 14, 9, 6, 10 };
static const int GUARDS_12[] = { 4, 14, 11, 6, 10 };
static const int GUARDS_13[] = { 1, 15 };
static const int GUARDS_14[] = { 1, 16 };
static const int *const GUARD_LISTS[] = {
  GUARDS_0, GUARDS_1, GUARDS_2, GUARDS_3, GUARDS_4, GUARDS_5, GUARDS_6, GUARDS_7, GUARDS_8,
  GUARDS_9, GUARDS_10, GUARDS_11, GUARDS_12, GUARDS_13, GUARDS_14,
};
static const int READS[] = {
  6, -1, 6, -1, 4, 6, -1, 4, 6, 8, -1, 0, 1, 6, 7, 9, 14, -1, 5, 6, -1, 2, 3, 4, 5, 6, 7, 8, 9, 14,
  -1, 0, 2, 4, 5, 10, 11, 14, -1, 1, 3, 4, 5, 10, 11, 14, -1, 0, 1, 10, 11, 14, -1, 4, 10, 14, -1,
  0, 2, 4, 5, 12, 13, 14, -1, 1, 3, 4, 5, 12, 13, 14, -1, 0, 1, 12, 13, 14, -1, 4, 12, 14, -1,
};
static const int MAY_WRITE[] = {
  6, 7, -1, 6, 7, -1, 6, 8, -1, 6, -1, 6, 9, 14, -1, 5, 6, -1, 2, 3, 5, 6, 14, -1, 2, 4, 10, 11,
  14, -1, 3, 4, 10, 11, 14, -1, 0, 1, 10, 14, -1, 4, 10, 14, -1, 2, 4, 12, 13, 14, -1, 3, 4, 12,
  13, 14, -1, 0, 1, 12, 14, -1, 4, 12, 14, -1,
};
static const int MUST_WRITE[] = {
  6, 7, -1, 6, 7, -1, 6, 8, -1, 6, -1, -1, 5, 6, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
};
static const int LABEL_READS[] = {
  6, -1, 6, -1, 6, -1, 4, 8, -1, 6, -1, 6, -1, 5, -1, 6, -1, 10, -1, 0, -1, 4, -1, 1, -1, 10, -1,
  10, -1, 12, -1, 12, -1, 12, -1, 0, 1, 2, 3, 4, -1, 0, 1, 4, 5, 6, 8, 10, 12, -1, 0, 1, 2, 3, 4,
  5, 6, 8, 10, 12, 14, -1, 6, 10, 12, -1, 2, 3, -1,
};
static const int NEVER_TOGETHER[] = {
  1, 2, 4, 5, 7, -1, 0, 2, 4, 5, 7, -1, 0, 1, 4, 5, 7, -1, -1, 0, 1, 2, 5, 7, -1, 0, 1, 2, 4, 7,
  -1, -1, 0, 1, 2, 4, 5, -1, 12, 13, -1, -1, -1, -1, 8, 13, -1, 8, 12, -1, 15, 16, -1, 14, 16, -1,
  14, 15, -1, -1, -1, -1, -1, -1,
};
static const int MAY_ENABLE[] = {
  -1, 0, 1, 6, -1, 2, -1, 2, 7, 8, 10, 11, 12, 14, -1, 3, -1, 4, -1, 6, -1, 5, -1, -1, -1, 7, 8,
  10, 11, 12, 14, -1, -1, 7, 8, -1, 9, -1, -1, 11, 12, -1, 13, -1, 6, 7, 8, 9, 10, 11, 12, 13, 14,
  -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
  12, 13, 14, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, -1, 6, 7, 8, 11, 12, -1,
};
static const int MAY_DISABLE[] = {
  0, 1, 2, 3, 4, 5, 6, -1, 2, 3, 4, 5, 6, -1, 0, 1, 3, 4, 5, 6, -1, 2, 7, 8, 10, 11, 12, 14, -1, 0,
  1, 2, 4, 5, 6, -1, 0, 1, 2, 3, 5, 6, -1, 5, -1, 0, 1, 2, 3, 4, 6, -1, 7, 8, 9, 10, -1, 9, 13, -1,
  7, 8, 10, 11, 12, 14, -1, 9, 13, -1, 9, 10, -1, 7, 8, 10, -1, 11, 12, 13, 14, -1, 13, 14, -1, 11,
  12, 14, -1, 6, 7, 8, 9, 10, 11, 12, 13, 14, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
  -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
  12, 13, 14, -1, 6, 7, 8, 11, 12, -1,
};

static int reads[GROUPS][STATES];
static int may_write[GROUPS][STATES];
static int must_write[GROUPS][STATES];
static int label_reads[LABELS][STATES];
static int coenabled[LABELS][LABELS];
static int may_enable[LABELS][GROUPS];
static int may_disable[LABELS][GROUPS];
static int dependent[GROUPS][GROUPS];

static void mark(const int *list, int rows, int columns, int *matrix, int value)
{
  for (int row = 0; row < rows; row++, list++)
    for (; *list >= 0; list++) matrix[row * columns + *list] = value;
}

static int never_together(int a, int b)
{
  const int *ga = GUARD_LISTS[a], *gb = GUARD_LISTS[b];
  for (int i = 1; i <= ga[0]; i++)
    for (int j = 1; j <= gb[0]; j++)
      if (!coenabled[ga[i]][gb[j]]) return 1;
  return 0;
}

static int touches(int a, int b)
{
  for (int s = 0; s < STATES; s++)
    if (may_write[a][s] && (reads[b][s] || may_write[b][s])) return 1;
  return 0;
}

__attribute__((constructor)) static void fill_tables(void)
{
  mark(READS, GROUPS, STATES, &reads[0][0], 1);
  mark(MAY_WRITE, GROUPS, STATES, &may_write[0][0], 1);
  mark(MUST_WRITE, GROUPS, STATES, &must_write[0][0], 1);
  mark(LABEL_READS, LABELS, STATES, &label_reads[0][0], 1);
  mark(MAY_ENABLE, LABELS, GROUPS, &may_enable[0][0], 1);
  mark(MAY_DISABLE, LABELS, GROUPS, &may_disable[0][0], 1);
  for (int a = 0; a < LABELS; a++)
    for (int b = 0; b < LABELS; b++) coenabled[a][b] = 1;
  mark(NEVER_TOGETHER, LABELS, LABELS, &coenabled[0][0], 0);
  for (int a = 0; a < GROUPS; a++)
    for (int b = 0; b < GROUPS; b++)
      dependent[a][b] = a == b || (!never_together(a, b) && (touches(a, b) || touches(b, a)));
}

static int emit(int group, int *state, callback found, void *arg)
{
  int edge[1] = { group };
  transition_info info = { edge, group, 0 };
  found(arg, &info, state, NULL);
  return 1;
}

int spins_get_successor(void *model, int group, int *src, callback found, void *arg)
{
  int next[STATES];
  (void)model;
  for (int i = 1; i <= GUARD_LISTS[group][0]; i++)
    if (!label(src, GUARD_LISTS[group][i])) return 0;
  if (STARTS > 0 && group == GROUPS - 1) {
    for (int i = 0; i < STARTS; i++) {
      start(i, next);
      emit(group, next, found, arg);
    }
    return STARTS;
  }
  copy(next, src, STATES);
  step(group, src, next);
  return emit(group, next, found, arg);
}

int spins_get_actions(void *model, int group, int *src, callback found, void *arg)
{
  return spins_get_successor(model, group, src, found, arg);
}

int spins_get_successor_all(void *model, int *src, callback found, void *arg)
{
  int count = 0;
  for (int g = 0; g < GROUPS; g++) count += spins_get_successor(model, g, src, found, arg);
  return count;
}

void spins_get_initial_state(int *to) { copy(to, INITIAL, STATES); }
int spins_get_state_size(void) { return STATES; }
int spins_get_transition_groups(void) { return GROUPS; }
const int *spins_get_transition_read_dependencies(int t) { return reads[t]; }
const int *spins_get_actions_read_dependencies(int t) { return reads[t]; }
const int *spins_get_transition_may_write_dependencies(int t) { return may_write[t]; }
const int *spins_get_transition_must_write_dependencies(int t) { return must_write[t]; }

const char *spins_get_state_variable_name(int v) { return SLOT_NAMES[v]; }
int spins_get_state_variable_type(int v) { return SLOT_TYPES[v]; }
int spins_get_type_count(void) { return TYPES; }
const char *spins_get_type_name(int t) { return TYPE[t].name; }
int spins_get_type_value_count(int t) { return TYPE[t].count; }
const char *spins_get_type_value_name(int t, int v) { return TYPE[t].values[v]; }

int spins_get_edge_count(void) { return 1; }
const char *spins_get_edge_name(int e) { (void)e; return "statement"; }
int spins_get_edge_type(int e) { (void)e; return 1; }

int spins_get_label_count(void) { return LABELS; }
int spins_get_guard_count(void) { return GUARDS; }
const char *spins_get_label_name(int l) { return LABEL_NAMES[l]; }
const int *spins_get_label_matrix(int l) { return label_reads[l]; }
const int *spins_get_labels(int t) { return GUARD_LISTS[t]; }
const int *const *spins_get_all_labels(void) { return GUARD_LISTS; }
int spins_get_label(void *model, int l, int *src) { (void)model; return label(src, l) != 0; }

void spins_get_labels_many(void *model, int *src, int *to, _Bool guards_only)
{
  (void)model;
  for (int l = 0; l < (guards_only ? GUARDS : LABELS); l++) to[l] = label(src, l) != 0;
}

const int *spins_get_trans_do_not_accord_matrix(int t) { return dependent[t]; }
const int *spins_get_label_may_be_coenabled_matrix(int l) { return coenabled[l]; }
const int *spins_get_label_nes_matrix(int l) { return may_enable[l]; }
const int *spins_get_label_nds_matrix(int l) { return may_disable[l]; }
