/**
 * An exporter lets other devices map what is behind its VMAs, through a BAR that has no room for
 * all of it at a time.
 *
 * Claim    "If mapping succeeded once it must keep succeeding while the VMA lives": kept, when room
 *          in the BAR stays with a VMA from its first mapping until it goes. Without that
 *          (`as_posted`) another VMA takes the room while the exporter moves something, and the
 *          next fault of the importer is refused. A fault that is refused at first ends in main
 *          memory, and every fault ends, as moves do.
 * Source   J. Glisse, "mm/vma: add support for peer to peer to device vma" (RFC, 2019; S07 in
 *          docs/sources.md), and the answers to it.
 * Omits    mmap_lock, the notifier's sequence number and the exporter's lock (see dma-buf-dynamic,
 *          where an importer maps under them: here mapping is one step); the size of a mapping;
 *          munmap() of a VMA whose importer holds a mapping; fork().
 */
import {
  actor,
  array,
  assert,
  bool,
  choose,
  claim,
  count,
  eventually,
  every,
  exists,
  goto,
  idle,
  oneOf,
  range,
  replace,
  scalarset,
  set,
  shared,
  size,
  some,
  spec,
  when,
} from "mmrace";

const Vma = scalarset("Vma", size("vmas"));

const k = shared({
  /** Room in the BAR that no VMA has. */
  free: range(0, 1, 1),
  has_room: array(Vma, bool),
  mapped_once: array(Vma, bool),
  entry: array(Vma, oneOf("none", "bar", "ram")), // of the importer
});

const refused = "p2p_map() refuses what it has mapped before";

const importer = actor("importer", { vma: Vma }, (me) => ({
  fault: ["the importer faults on a VMA", idle(), choose(me.vma, k.entry.at(me.vma).eq("none"))],
  p2p_map: [
    "vma->vm_ops->p2p_map(), write the entry: room in the BAR, or main memory at the first time",
    when(k.has_room.at(me.vma).not().and(k.free.gt(0)), [
      set(k.free, k.free.minus(1)),
      set(k.has_room.at(me.vma), true),
    ]),
    when(k.has_room.at(me.vma), [
      set(k.entry.at(me.vma), "bar"),
      set(k.mapped_once.at(me.vma), true),
      goto("done"),
    ]),
    assert("once_mapped_always_mappable", k.mapped_once.at(me.vma).not(), refused),
    set(k.entry.at(me.vma), "ram"),
  ],
}))
  .times(size("faults"))
  .as("fault of the importer");

const exporter = actor("exporter", { vma: Vma }, (me) => ({
  move: [
    "the exporter moves what is behind a VMA",
    idle(),
    choose(me.vma, k.entry.at(me.vma).eq("bar")),
  ],
  invalidate: ["the importer is told: zap, p2p_unmap()", set(k.entry.at(me.vma), "none")],
}))
  .times(size("moves"))
  .as("move by the exporter");

export default spec({
  name: "bar-space",
  doc: "peers map VMAs through a BAR that has no room for all of them",
  configs: {
    ci: { vmas: 2, faults: 3, moves: 2 },
    deep: { vmas: 3, faults: 4, moves: 3 },
  },
  shared: k,
  actors: { importer, exporter },
  always: {
    entries_have_room: claim(
      "an entry that leads to the BAR has its room there",
      exists(Vma, (v) => k.entry.at(v).eq("bar").and(k.has_room.at(v).not())).not(),
    ),
    room_is_accounted_for: claim(
      "the room is free, or one VMA's",
      count(Vma, (v) => k.has_room.at(v))
        .plus(k.free)
        .eq(1),
    ),
  },
  liveness: {
    every_fault_ends: eventually(
      every(importer, (t) => t.at("fault").or(t.at("done"))),
      "every fault that was begun comes to its end",
    ),
  },
  reachable: {
    first_mapping_is_refused: exists(Vma, (v) => k.entry.at(v).eq("ram")),
    mapped_again: some(importer, (t) => t.at("p2p_map").and(k.mapped_once.at(t.local.vma))),
  },
  variants: {
    as_posted: {
      doc: "p2p_unmap() gives the room to whoever comes next",
      from: "S07; 15 (P5e)",
      breaks: "once_mapped_always_mappable",
      change: [
        replace(exporter, "invalidate", [
          "the importer is told: zap, p2p_unmap(): the room is free",
          set(k.entry.at(exporter.me.vma), "none"),
          when(k.has_room.at(exporter.me.vma), [
            set(k.has_room.at(exporter.me.vma), false),
            set(k.free, k.free.plus(1)),
          ]),
        ]),
      ],
    },
  },
  mutants: {
    room_given_back_before_the_zap: {
      doc: "p2p_unmap() comes first, and the entry stays",
      from: "S07",
      breaks: "entries_have_room",
      change: [
        replace(exporter, "invalidate", [
          "p2p_unmap(): the room is free, the entry is not zapped yet",
          set(k.has_room.at(exporter.me.vma), false),
          set(k.free, k.free.plus(1)),
        ]),
      ],
    },
  },
});
