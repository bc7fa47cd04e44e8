/*
 * Loads a .spins library as LTSmin does and explores it, breadth first.
 *
 *   explore-spins LIB.spins [dump]
 *
 * Prints "STATES TRANSITIONS VIOLATING", the last one counting states in which the label all_hold
 * is false. With "dump" every matrix and every transition come first, for the tests to audit one by
 * the other.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { int *labels; int group; int por_proviso; } transition_info;
typedef void (*callback)(void *arg, transition_info *info, int *state, int *copied);
typedef int (*successors)(void *model, int *state, callback found, void *arg);
typedef void (*label_values)(void *model, int *state, int *values, _Bool guards_only);

static void *lib;
static int size, found_transitions, dump, *store, count, room, *table, slots;

static void *get(const char *name)
{
  void *symbol = dlsym(lib, name);
  if (!symbol) { fprintf(stderr, "no %s\n", name); exit(2); }
  return symbol;
}

static int number(const char *name) { return ((int (*)(void))get(name))(); }

static unsigned hash(const int *state)
{
  unsigned h = 2166136261u;
  for (int i = 0; i < size; i++) h = (h ^ (unsigned)state[i]) * 16777619u;
  return h ^ h >> 15;
}

static void insert(const int *state);

static void grow(void)
{
  slots = slots ? slots * 2 : 1 << 12;
  free(table);
  table = malloc((size_t)slots * sizeof *table);
  for (int i = 0; i < slots; i++) table[i] = -1;
  int known = count;
  count = 0;
  for (int i = 0; i < known; i++) insert(store + (size_t)i * size);
}

static void insert(const int *state)
{
  if (2 * (count + 1) > slots) grow();
  unsigned at = hash(state) & (unsigned)(slots - 1);
  for (; table[at] >= 0; at = (at + 1) & (unsigned)(slots - 1))
    if (!memcmp(store + (size_t)table[at] * size, state, size * sizeof *state)) return;
  if (count == room) {
    room = room ? 2 * room : 256;
    store = realloc(store, (size_t)room * size * sizeof *store);
  }
  memmove(store + (size_t)count * size, state, size * sizeof *state);
  table[at] = count++;
}

static void print_state(const int *state)
{
  for (int i = 0; i < size; i++) printf(" %d", state[i]);
}

static int *current;

static void on_transition(void *arg, transition_info *info, int *state, int *copied)
{
  (void)arg;
  (void)copied;
  found_transitions++;
  if (dump) {
    printf("transition %d", info->group);
    print_state(current);
    printf(" to");
    print_state(state);
    printf("\n");
  }
  insert(state);
}

static void print_matrix(const char *name, int rows, int columns)
{
  const int *(*row)(int) = (const int *(*)(int))get(name);
  for (int r = 0; r < rows; r++) {
    printf("%s %d", name, r);
    for (int c = 0; c < columns; c++) if (row(r)[c]) printf(" %d", c);
    printf("\n");
  }
}

int main(int argc, char **argv)
{
  if (argc < 2 || !(lib = dlopen(argv[1], RTLD_NOW))) {
    fprintf(stderr, "%s\n", dlerror());
    return 2;
  }
  int asked = argc > 2;
  successors next = (successors)get("spins_get_successor_all");
  label_values labels_of = (label_values)get("spins_get_labels_many");
  const char *(*label_name)(int) = (const char *(*)(int))get("spins_get_label_name");
  size = number("spins_get_state_size");
  int labels = number("spins_get_label_count");
  int groups = number("spins_get_transition_groups");
  int all = -1;
  for (int l = 0; l < labels; l++) if (!strcmp(label_name(l), "all_hold")) all = l;
  int *initial = malloc(size * sizeof *initial);
  int *values = malloc(labels * sizeof *values);
  int violating = 0;
  ((void (*)(int *))get("spins_get_initial_state"))(initial);
  current = malloc(size * sizeof *current);
  insert(initial);
  for (dump = asked; dump; ) {
    printf("guards %d\n", number("spins_get_guard_count"));
    print_matrix("spins_get_transition_read_dependencies", groups, size);
    print_matrix("spins_get_transition_may_write_dependencies", groups, size);
    print_matrix("spins_get_transition_must_write_dependencies", groups, size);
    print_matrix("spins_get_label_matrix", labels, size);
    print_matrix("spins_get_trans_do_not_accord_matrix", groups, groups);
    print_matrix("spins_get_label_may_be_coenabled_matrix", labels, labels);
    print_matrix("spins_get_label_nes_matrix", labels, groups);
    print_matrix("spins_get_label_nds_matrix", labels, groups);
    break;
  }
  for (int i = 0; i < count; i++) {
    memcpy(current, store + (size_t)i * size, size * sizeof *current);
    labels_of(NULL, current, values, 0);
    if (all >= 0 && !values[all]) violating++;
    if (dump) {
      printf("state");
      print_state(current);
      printf(" labels");
      for (int l = 0; l < labels; l++) printf(" %d", values[l]);
      printf("\n");
    }
    next(NULL, current, on_transition, NULL);
  }
  printf("%d %d %d\n", count, found_transitions, violating);
  return 0;
}
