/*
 * test-and-set, model hash c338a953a2ecaebe
 *
 * gcc -O2 -shared -fPIC -o test_and_set.spins test_and_set.c
 * prom2lts-mc --strategy=bfs --state=tree -i 'all_hold' test_and_set.spins
 * prom2lts-mc --por=heur -d -i 'violation == 0' test_and_set.spins
 * mpirun -np 4 prom2lts-dist --mpi -i 'all_hold' test_and_set.spins
 *
 * all_hold: no assertion failed, every property holds, no deadlock. Each one is a label, too.
 * The second command has fewer states: with -d LTSmin finds deadlocks itself, reduced or not.
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
  word = 0,
  client_0_pc = 1,
  client_1_pc = 2,
  violation = 3
};

enum { client__idle, client__acquire, client__inside, client__release, client__done };

static int label(const int *s, int l)
{
  switch (l) {
  case 0: return s[client_0_pc] == client__idle;
  case 1: return s[client_0_pc] == client__acquire;
  case 2: return s[word] == 0;
  case 3: return s[client_0_pc] == client__inside;
  case 4: return s[client_0_pc] == client__release;
  case 5: return s[client_1_pc] == client__idle;
  case 6: return s[client_1_pc] == client__acquire;
  case 7: return s[client_1_pc] == client__inside;
  case 8: return s[client_1_pc] == client__release;
  /* mutual_exclusion */
  case 9: return ((s[client_0_pc] == client__inside || s[client_0_pc] == client__release) ? 1 : 0) + ((s[client_1_pc] == client__inside || s[client_1_pc] == client__release) ? 1 : 0) <= 1;
  /* no deadlock */
  case 10: return ((s[client_0_pc] == client__done && s[client_1_pc] == client__done) || !((s[client_0_pc] == client__done || (s[client_0_pc] == client__acquire && s[word] != 0)) && (s[client_1_pc] == client__done || (s[client_1_pc] == client__acquire && s[word] != 0))));
  /* everything that must hold */
  case 11: return s[violation] == 0 && (((s[client_0_pc] == client__inside || s[client_0_pc] == client__release) ? 1 : 0) + ((s[client_1_pc] == client__inside || s[client_1_pc] == client__release) ? 1 : 0) <= 1) && (((s[client_0_pc] == client__done && s[client_1_pc] == client__done) || !((s[client_0_pc] == client__done || (s[client_0_pc] == client__acquire && s[word] != 0)) && (s[client_1_pc] == client__done || (s[client_1_pc] == client__acquire && s[word] != 0)))));
  /* every process is done or idle */
  case 12: return (s[client_0_pc] == client__done && s[client_1_pc] == client__done);
  }
  return 0;
}

static inline void fail(const int *s, int *n, int rule)
{
  copy(n, s, violation + 1);
  n[violation] = rule;
}

/* client[0] idle: do other work */
static void step_0(const int *s, int *n)
{
  (void)s;
  n[client_0_pc] = client__acquire;
}

/* client[0] acquire: while (test_and_set(&word)); */
static void step_1(const int *s, int *n)
{
  (void)s;
  n[word] = 1;
  n[client_0_pc] = client__inside;
}

/* client[0] inside: use it */
static void step_2(const int *s, int *n)
{
  (void)s;
  n[client_0_pc] = client__release;
}

/* client[0] release: word = 0 */
static void step_3(const int *s, int *n)
{
  (void)s;
  n[word] = 0;
  n[client_0_pc] = client__idle;
}

/* client[1] idle: do other work */
static void step_4(const int *s, int *n)
{
  (void)s;
  n[client_1_pc] = client__acquire;
}

/* client[1] acquire: while (test_and_set(&word)); */
static void step_5(const int *s, int *n)
{
  (void)s;
  n[word] = 1;
  n[client_1_pc] = client__inside;
}

/* client[1] inside: use it */
static void step_6(const int *s, int *n)
{
  (void)s;
  n[client_1_pc] = client__release;
}

/* client[1] release: word = 0 */
static void step_7(const int *s, int *n)
{
  (void)s;
  n[word] = 0;
  n[client_1_pc] = client__idle;
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
  default: break;
  }
}

enum {
  STATES = 4,
  GROUPS = 8,
  LABELS = 13,
  GUARDS = 9,
  STARTS = 0,
};

static const int INITIAL[STATES] = {
  0, 0, 0, 0,
};
static void start(int i, int *to) { (void)i; (void)to; }
static const char *const VALUES_1[] = {
  "client[0] idle", "client[0] acquire", "client[0] inside", "client[0] release", "client[1] idle",
  "client[1] acquire", "client[1] inside", "client[1] release",
};
static const char *const VALUES_2[] = {
  "idle", "acquire", "inside", "release", "done",
};
enum { TYPES = 3 };
static const struct { const char *name; int count; const char *const *values; } TYPE[] = {
  { "integer", 0, NULL }, { "statement", 8, VALUES_1 }, { "pc of client", 5, VALUES_2 },
};
static const int SLOT_TYPES[] = {
  0, 2, 2, 0,
};
static const char *const LABEL_NAMES[] = {
  "guard_0", "guard_1", "guard_2", "guard_3", "guard_4", "guard_5", "guard_6", "guard_7",
  "guard_8", "mutual_exclusion", "no_deadlock", "all_hold", "end_",
};
static const char *const SLOT_NAMES[] = {
  "word", "client_0_pc", "client_1_pc", "violation",
};
static const int GUARDS_0[] = { 1, 0 };
static const int GUARDS_1[] = { 2, 1, 2 };
static const int GUARDS_2[] = { 1, 3 };
static const int GUARDS_3[] = { 1, 4 };
static const int GUARDS_4[] = { 1, 5 };
static const int GUARDS_5[] = { 2, 6, 2 };
static const int GUARDS_6[] = { 1, 7 };
static const int GUARDS_7[] = { 1, 8 };
static const int *const GUARD_LISTS[] = {
  GUARDS_0, GUARDS_1, GUARDS_2, GUARDS_3, GUARDS_4, GUARDS_5, GUARDS_6, GUARDS_7,
};
static const int READS[] = {
  1, -1, 0, 1, -1, 1, -1, 1, -1, 2, -1, 0, 2, -1, 2, -1, 2, -1,
};
static const int MAY_WRITE[] = {
  1, -1, 0, 1, -1, 1, -1, 0, 1, -1, 2, -1, 0, 2, -1, 2, -1, 0, 2, -1,
};
static const int MUST_WRITE[] = {
  1, -1, 0, 1, -1, 1, -1, 0, 1, -1, 2, -1, 0, 2, -1, 2, -1, 0, 2, -1,
};
static const int LABEL_READS[] = {
  1, -1, 1, -1, 0, -1, 1, -1, 1, -1, 2, -1, 2, -1, 2, -1, 2, -1, 1, 2, -1, 0, 1, 2, -1, 0, 1, 2, 3,
  -1, 1, 2, -1,
};
static const int NEVER_TOGETHER[] = {
  1, 3, 4, -1, 0, 3, 4, -1, -1, 0, 1, 4, -1, 0, 1, 3, -1, 6, 7, 8, -1, 5, 7, 8, -1, 5, 6, 8, -1, 5,
  6, 7, -1, -1, -1, -1, -1,
};
static const int MAY_ENABLE[] = {
  3, -1, 0, -1, 3, 7, -1, 1, -1, 2, -1, 7, -1, 4, -1, 5, -1, 6, -1, 0, 1, 2, 3, 4, 5, 6, 7, -1, 0,
  1, 2, 3, 4, 5, 6, 7, -1, 0, 1, 2, 3, 4, 5, 6, 7, -1, 0, 1, 2, 3, 4, 5, 6, 7, -1,
};
static const int MAY_DISABLE[] = {
  0, 1, 2, -1, 1, 2, 3, -1, 1, 5, -1, 0, 2, 3, -1, 0, 1, 3, -1, 4, 5, 6, -1, 5, 6, 7, -1, 4, 6, 7,
  -1, 4, 5, 7, -1, 0, 1, 2, 3, 4, 5, 6, 7, -1, 0, 1, 2, 3, 4, 5, 6, 7, -1, 0, 1, 2, 3, 4, 5, 6, 7,
  -1, 0, 1, 2, 3, 4, 5, 6, 7, -1,
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
