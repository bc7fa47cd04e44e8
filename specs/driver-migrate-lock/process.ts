/** The process whose page it is. */
import { actor, choose } from "mmrace";
import { alloc_page, Frame, folio_put, map_frame, Page, prep_new_page, store } from "mmrace/kernel";
import { k } from "./state.ts";

export const process = actor("process", { page: Page, frame: Frame }, (me) => ({
  touch: [
    "the process stores to a new page",
    choose(me.page),
    alloc_page(k.folio, me.frame),
    prep_new_page(k.folio.at(me.frame)),
    map_frame(k.mm, k.folio, me.page, me.frame),
    folio_put(k.folio.at(me.frame)),
    store(k.mm, k.folio, me.page, me.frame),
  ],
}));
