/** The parts of an exported C file that are the same for every model. */

export const PRELUDE = `#include <stddef.h>

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
`;

/** After the tables. LTSmin calls these by name (its prom-pins.c). */
export const INTERFACE = `static int reads[GROUPS][STATES];
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
const int *spins_get_label_nds_matrix(int l) { return may_disable[l]; }`;
