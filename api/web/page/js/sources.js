// The photos themselves, from the API, for cards that have no picture yet and whose files went with
// the page before.

import * as album from "./album.js";
import { call } from "./http.js";
import { Lanes } from "./lanes.js";

const asking = new Lanes(1);
const asked = new Set();

/** Show a photo on its card wherever there is nothing else to show. */
export function showSources() {
  album.changed.on((photo) => {
    // What became of its job is known, or it has none.
    const isKnown = photo.job || (photo.phase !== "open" && !photo.jobId);
    const isBare = !photo.picture && !photo.thumbnail && !photo.file && photo.canShow !== false;
    if (!isKnown || !isBare || !photo.imageId || asked.has(photo.id)) return;
    asked.add(photo.id);
    asking.run(() => show(photo)).catch(() => {}); // no longer kept: it stays a name
  });
}

async function show(photo) {
  const { body } = await call("GET", `v1/images/${photo.imageId}`);
  album.update(photo, { sourceUrl: body.url });
}
