// Says aloud how photos fare, without drowning the listener: one photo by its name, many as a whole.

import * as album from "../album.js";
import { say } from "../i18n.js";
import { problemWords } from "./wording.js";

const live = document.getElementById("live");
const MANY = 3;

/** Speak up when photos are done. */
export function speak() {
  const before = new Map();
  album.changed.on((photo) => {
    const was = before.get(photo.id);
    before.set(photo.id, photo.phase);
    if (!album.BUSY.has(was) || album.BUSY.has(photo.phase)) return;
    const photos = album.all();
    if (photos.length <= MANY) sayOne(photo);
    else if (!photos.some((each) => album.BUSY.has(each.phase))) {
      const done = photos.filter((each) => each.phase === "succeeded").length;
      say(live, "done.all", { count: { number: done } });
    }
  });
  album.removed.on((photo) => before.delete(photo.id));
}

function sayOne(photo) {
  const name = photo.name;
  if (photo.phase === "succeeded") say(live, "done.one", { name });
  else if (photo.problem) say(live, "done.failed", { name, why: problemWords(photo.problem) });
}
