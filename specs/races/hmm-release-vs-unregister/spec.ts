/**
 * The mm goes away and calls its mirrors, while a driver unregisters one of them.
 *
 * Claim    The release callback runs for a mirror that is still there, because mirrors_sem is held
 *          over it: unregistering waits.
 * Source   "mm/hmm: Remove confusing comment and logic from hmm_release" (v4 11/12, 2019),
 *          linux-rdma <20190624210110.5098-12-jgg@ziepe.ca> with the diagram that `order` repeats;
 *          mm/hmm.c: hmm_release, hmm_mirror_unregister (until 5.4).
 * Omits    several mirrors; the reference counts of struct hmm; that a callback may not unregister
 *          its own mirror any more.
 */
import {
  actor,
  assert,
  bool,
  count_of,
  goto,
  move_before,
  remove,
  set,
  shared,
  some,
  spec,
  when,
} from "mmrace";
import { down_read, down_write, rw_semaphore, up_read, up_write } from "mmrace/kernel";

const k = shared({
  mirrors_sem: rw_semaphore(), // hmm->mirrors_sem
  on_list: bool.init(true), // the mirror, on hmm->mirrors
  allocated: bool.init(true),
});

const call_release = assert("use_after_free", k.allocated, "the mirror has been freed");

const release = actor("release", {}, () => ({
  down_read: ["hmm_release(): down_read(&hmm->mirrors_sem)", down_read(k.mirrors_sem)],
  next: ["list_for_each_entry(mirror, &hmm->mirrors)", when(k.on_list.not(), [goto("up_read")])],
  call: ["mirror->ops->release(mirror)", call_release],
  up_read: ["up_read(&hmm->mirrors_sem)", up_read(k.mirrors_sem)],
})).as("exit_mmap()");

const unregister = actor("unregister", {}, () => ({
  down_write: down_write(k.mirrors_sem),
  unlink: ["hmm_mirror_unregister(): list_del_init(&mirror->list)", set(k.on_list, false)],
  up_write: ["up_write(&hmm->mirrors_sem)", up_write(k.mirrors_sem)],
  free: ["the driver frees its mirror", set(k.allocated, false)],
})).as("the driver unregisters");

/** Until 5.2. */
const release_5_2 = actor("release_5_2", {}, () => ({
  down_write: down_write(k.mirrors_sem),
  unlink: [
    "while ((mirror = list_first_entry_or_null())) list_del_init(&mirror->list)",
    when(k.on_list.not(), [goto("out")]),
    set(k.on_list, false),
  ],
  up_write: ["up_write(&hmm->mirrors_sem): the callback may sleep", up_write(k.mirrors_sem)],
  call: ["mirror->ops->release(mirror)", call_release],
  again: down_write(k.mirrors_sem),
  out: ["up_write(&hmm->mirrors_sem)", up_write(k.mirrors_sem)],
}))
  .times(0)
  .as("exit_mmap()");

export default spec({
  name: "hmm-release-vs-unregister",
  doc: "the mm goes away while a mirror of it is unregistered",
  race: { year: 2019, subsystem: "mm/hmm", class: "use-after-free / lifetime" },
  configs: { ci: {} },
  shared: k,
  actors: { release, unregister, release_5_2 },
  reachable: {
    unregister_waits_for_the_callback: some(release, (r) => r.at("call")).and(
      some(unregister, (u) => u.at("down_write.slow")),
    ),
    release_finds_no_mirror: k.on_list.not().and(some(release, (r) => r.at("next"))),
  },
  bugs: {
    unlinked_and_unlocked_before_the_callback: {
      doc: "the mirror is taken off the list, and the lock dropped, to call it",
      from: "mm/hmm: Remove confusing comment and logic from hmm_release",
      breaks: "use_after_free",
      order: [
        ...["release_5_2.unlink", "release_5_2.up_write"],
        ...["unregister.down_write", "unregister.free", "release_5_2.call"],
      ],
      change: [count_of(release, 0), count_of(release_5_2, 1)],
    },
  },
  mutants: {
    list_walked_without_the_lock: {
      doc: "the mirror that was found is freed before it is called",
      from: "hmm_release()",
      breaks: "use_after_free",
      change: [remove(release, "down_read"), remove(release, "up_read")],
    },
    freed_before_it_is_unlinked: {
      doc: "the walk still finds the mirror",
      from: "hmm_mirror_unregister()",
      breaks: "use_after_free",
      change: [move_before(unregister, "free", "down_write.fast")],
    },
  },
});
