/**
 * A device uses memory of another device through its drm_pagemap while the driver of that other
 * device, the provider, is unbound and unloaded.
 *
 * Claim    The destructor of a drm_pagemap, which is code of the provider's module, runs only while
 *          that module is there: the pagemap itself holds the drm_device and the module, and a work
 *          item drops both after the destructor has returned.
 * Source   commit a26084328ac4 "drm/pagemap, drm/xe: Manage drm_pagemap provider lifetimes";
 *          drivers/gpu/drm/drm_pagemap.c: drm_pagemap_init, drm_pagemap_release,
 *          drm_pagemap_dev_unhold_work; kernel/module/main.c: delete_module.
 * Omits    the drm_device (it is put together with the module); the cache and its shrinker that
 *          were built on this later; device pages, each of which may hold a reference, too.
 */
import { actor, goto, remove, replace, ret, routine, shared, spec, swap, when } from "mmrace";
import {
  free_module,
  module_put,
  module_struct,
  queue_work,
  refcount,
  refcount_dec_and_test,
  refcount_inc_not_zero,
  refcount_set,
  runs_code_of,
  try_module_get,
  try_stop_module,
  work_struct,
  worker,
} from "mmrace/kernel";

const k = shared({
  xe: module_struct(), // the provider's module
  dpagemap: refcount(2), // dpagemap->ref
  unhold: work_struct(), // drm_pagemap_work
});

const drm_pagemap_put = () =>
  routine("drm_pagemap_put", {}, () => ({
    kref_put: [
      "kref_put(&dpagemap->ref)",
      refcount_dec_and_test(k.dpagemap, []),
      when(k.dpagemap.count.gt(0), [ret()]),
    ],
    destroy: ["drm_pagemap_release(): dpagemap->ops->destroy()", runs_code_of(k.xe)],
    unhold: ["  llist_add(dev_hold); schedule_work()", queue_work(k.unhold)],
  }));

const provider = actor("provider", {}, () => ({
  hold: ["drm_pagemap_init(): try_module_get()", try_module_get(k.xe, [], [goto("done")])],
  kref_init: ["  kref_init(&dpagemap->ref); others can find it", refcount_set(k.dpagemap, 1)],
  unbind: drm_pagemap_put(),
  rmmod: ["delete_module(): try_stop_module()", try_stop_module(k.xe, [goto("done")])],
  free: ["free_module()", free_module(k.xe)],
})).as("driver of the device with the memory");

const foreign = actor("foreign", {}, () => ({
  get: [
    "drm_pagemap_get_unless_zero(dpagemap)",
    refcount_inc_not_zero(k.dpagemap, [], [goto("done")]),
  ],
  use: ["use memory of the other device"],
  put: drm_pagemap_put(),
})).as("driver of another device");

const unhold_work = worker("kworker", {
  unhold: [
    k.unhold,
    routine("drm_pagemap_dev_unhold_work", {}, () => ({
      put: ["drm_dev_put(drm); module_put(module)", module_put(k.xe)],
    })),
  ],
});

export default spec({
  name: "pagemap-provider-unload",
  doc: "another device has a reference to the pagemap of a driver that is unloaded",
  race: { year: 2025, subsystem: "drm_pagemap", class: "use-after-free / lifetime" },
  configs: { ci: {} },
  shared: k,
  actors: { provider, foreign, unhold_work },
  at_rest: {
    nobody_keeps_the_module: k.xe.refcnt.eq(0),
  },
  reachable: {
    module_is_unloaded: k.xe.freed,
    module_is_in_use: k.xe.refcnt.gt(0).and(k.dpagemap.count.eq(0)),
  },
  bugs: {
    pagemap_does_not_hold_the_module: {
      doc: "a reference to the pagemap keeps neither the device nor the module of its provider",
      from: "a26084328ac4",
      breaks: "use_after_free",
      order: ["foreign.get", "provider.unbind", "provider.free", "foreign.put.destroy"],
      change: [
        replace(provider, "hold", ["drm_pagemap_init()"]),
        remove(provider, "unbind.unhold"),
        remove(foreign, "put.unhold"),
      ],
    },
  },
  mutants: {
    module_put_before_the_destructor: {
      doc: "the work that drops the module is queued before ops->destroy() has returned",
      from: "drm_pagemap_release()",
      breaks: "use_after_free",
      change: [swap(foreign, "put.destroy", "put.unhold")],
    },
    module_held_for_ever: {
      doc: "nobody queues the work",
      from: "drm_pagemap_release()",
      breaks: "nobody_keeps_the_module",
      change: [remove(foreign, "put.unhold")],
    },
  },
});
