/**
 * A driver places a buffer object, writes its address into a command, and reserves it only then;
 * meanwhile the memory manager moves the object elsewhere.
 *
 * Claim    A command names the place where its buffer object is, because the object is placed under
 *          the reservation that is held until the command has been submitted with its fence.
 * Source   commit 8002db6336dd "qxl: convert qxl driver to proper use for reservations" (item a);
 *          drivers/gpu/drm/qxl/qxl_release.c: qxl_release_reserve_list, qxl_release_validate_bo,
 *          qxl_release_fence_buffer_objects; drivers/gpu/drm/ttm/ttm_bo.c: ttm_bo_evict.
 * Omits    surfaces and their ids (item b); several objects, and the acquire context that orders
 *          their reservations; pinning.
 */
import {
  actor,
  assert,
  goto,
  idle,
  insert_before,
  move_before,
  oneOf,
  remove,
  set,
  shared,
  some,
  spec,
  swap,
  wait,
} from "mmrace";
import {
  dma_fence_signal,
  dma_fence_slot,
  dma_fence_wait,
  dma_resv,
  dma_resv_add_fence,
  dma_resv_lock,
  dma_resv_unlock,
} from "mmrace/kernel";

const Place = oneOf("system", "vram");

const k = shared({
  resv: dma_resv(), // bo->base.resv
  place: Place, // bo->resource->mem_type
  fence: dma_fence_slot(), // of the command
});

/** qxl_release_validate_bo(). */
const validate = set(k.place, "vram");

const submit = actor("submit", { address: Place }, (me) => ({
  reserve: ["qxl_release_reserve_list(): ttm_bo_reserve()", dma_resv_lock(k.resv)],
  validate: ["  qxl_release_validate_bo(): ttm_bo_validate()", validate],
  reloc: ["apply_reloc(): qxl_bo_physical_address() into the command", set(me.address, k.place)],
  push: [
    "qxl_push_command_ring_release()",
    assert("command_names_a_stale_place", me.address.eq(k.place), "the object is elsewhere"),
    dma_resv_add_fence(k.fence),
  ],
  unreserve: ["qxl_release_fence_buffer_objects(): ttm_bo_unreserve()", dma_resv_unlock(k.resv)],
})).as("execbuffer ioctl");

const device = actor("device", {}, () => ({
  execute: [
    "the device reads the object at the address of the command",
    idle(),
    wait(k.fence.pending),
    assert("device_reads_a_stale_place", k.place.eq("vram"), "the object is elsewhere"),
  ],
  signal: ["dma_fence_signal()", dma_fence_signal(k.fence), goto("execute")],
}));

const evict = actor("evict", {}, () => ({
  reserve: ["ttm_bo_evict_first(): ttm_bo_reserve()", dma_resv_lock(k.resv)],
  wait: ["ttm_bo_wait()", dma_fence_wait(k.fence)],
  move: ["ttm_bo_move_memcpy() to system memory", set(k.place, "system")],
  unreserve: ["ttm_bo_unreserve()", dma_resv_unlock(k.resv)],
})).as("eviction for another client");

export default spec({
  name: "qxl-evict-before-reserve",
  doc: "a command is written with the address that a buffer object had before it was reserved",
  race: {
    year: 2013,
    subsystem: "qxl, TTM",
    class: "isolation, ordering, wrong decision, spurious failure",
  },
  configs: { ci: {} },
  shared: k,
  actors: { submit, device, evict },
  reachable: {
    evicted_before_the_submission: k.place
      .eq("system")
      .and(some(evict, (e) => e.at("done")))
      .and(some(submit, (s) => s.at("validate"))),
    eviction_waits_for_the_fence: k.fence.pending.and(some(evict, (e) => e.at("wait"))),
  },
  bugs: {
    placed_before_it_is_reserved: {
      doc: "the object is placed and its address written down without the reservation",
      from: "8002db6336dd",
      breaks: "command_names_a_stale_place",
      order: ["submit.place", "submit.reloc", "evict.move", "submit.reserve", "submit.push"],
      change: [
        remove(submit, "validate"),
        insert_before(submit, "reserve", {
          place_reserve: ["qxl_bo_create(): ttm_bo_reserve()", dma_resv_lock(k.resv)],
          place: ["  ttm_bo_validate(); ttm_bo_unreserve()", validate, dma_resv_unlock(k.resv)],
        }),
        move_before(submit, "reloc", "reserve"),
      ],
    },
  },
  mutants: {
    address_written_before_validation: {
      doc: "reserved in time, but the address is the one from before ttm_bo_validate()",
      from: "qxl_release_validate_bo()",
      breaks: "command_names_a_stale_place",
      change: [swap(submit, "validate", "reloc")],
    },
    eviction_does_not_wait: {
      doc: "the object moves while the command that names it still runs",
      from: "ttm_bo_wait()",
      breaks: "device_reads_a_stale_place",
      change: [remove(evict, "wait")],
    },
  },
});
