// The album: the photos on this page and what is known of each. What must survive a reload lies in
// the browser's storage, one record for each photo; pictures and states come from the API.
//
// A photo's phase: reading, waiting (for its upload), uploading, submitting, open (its job runs or
// its state is not known yet), and the ends: succeeded, failed, canceled, expired, refused (it was
// never taken), interrupted (its upload went with the page before).

import { Signal } from "./signal.js";
import { kept } from "./storage.js";

const OF_PHOTO = ["id", "name", "sizeBytes", "addedAt", "imageId", "width", "height", "canShow"];
const OF_JOB = ["settings", "jobId", "jobs", "tookMs", "phase", "problem"];
const KEPT = [...OF_PHOTO, ...OF_JOB];
const ENDS = new Set(["failed", "canceled"]);
export const BUSY = new Set(["reading", "waiting", "uploading", "submitting", "open"]);

/** A photo came, changed or went. */
export const added = new Signal();
export const changed = new Signal();
export const removed = new Signal();

const photos = new Map();
let shelf = "";

const byAge = (one, other) => one.addedAt - other.addedAt;

/** All photos, in the order in which they came. */
export function all() {
  return [...photos.values()].sort(byAge);
}

export function get(id) {
  return photos.get(id) ?? null;
}

/** Photos whose job may not have ended. */
export function open() {
  return all().filter((photo) => photo.phase === "open" && photo.jobId);
}

/** Take up what a caller had on this page before. */
export function restore(caller) {
  for (const photo of all()) forget(photo);
  shelf = `album/${encodeURIComponent(caller)}/`;
  const found = kept.names(shelf).map((name) => kept.get(shelf + name)).filter((one) => one?.id);
  for (const record of found.sort(byAge)) admit(record);
}

/** Another tab's changes count here too. */
export function follow() {
  kept.onChange("album/", (name, record) => {
    if (!`album/${name}`.startsWith(shelf)) return;
    const photo = photos.get(name.split("/").at(-1));
    if (!record && photo) forget(photo);
    else if (record && !photo) admit(record);
    else if (record && record.jobId !== photo.jobId && !photo.file) {
      update(photo, { ...record, phase: "open", job: null }, { keep: false });
    }
  });
}

/** Put a file on the page. */
export function add(file) {
  const photo = blank({
    id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`,
    name: (file.name || "").replace(/\p{C}/gu, ""), // what turns or hides letters is left out
    sizeBytes: file.size,
    addedAt: Date.now() + photos.size / 1000, // those of one moment stay in their order
    file,
    phase: "reading",
  });
  photos.set(photo.id, photo);
  added.emit(photo);
  return photo;
}

/** Change a photo; what must survive is written down. */
export function update(photo, part, { keep = true } = {}) {
  if (photos.get(photo.id) !== photo) return; // removed meanwhile
  Object.assign(photo, part);
  if (photo.phase === "refused") kept.remove(shelf + photo.id);
  const lasts = photo.phase !== "reading" && photo.phase !== "refused";
  if (keep && lasts && KEPT.some((name) => name in part)) {
    kept.set(shelf + photo.id, Object.fromEntries(KEPT.map((name) => [name, photo[name]])));
  }
  changed.emit(photo);
}

/** Take a photo off the page. */
export function remove(photo) {
  forget(photo);
  kept.remove(shelf + photo.id);
}

function admit(record) {
  const photo = blank({ ...record, phase: phaseOf(record) });
  photos.set(photo.id, photo);
  added.emit(photo);
}

/** What a record's photo is about, until the API says more. */
function phaseOf({ jobId, imageId, phase }) {
  if (jobId) return "open";
  if (!imageId) return "interrupted";
  return ENDS.has(phase) ? phase : "submitting";
}

function forget(photo) {
  if (!photos.delete(photo.id)) return;
  photo.abort?.abort(new DOMException("removed", "AbortError"));
  for (const url of [photo.thumbnail, photo.fileUrl]) if (url) URL.revokeObjectURL(url);
  removed.emit(photo);
}

function blank(known) {
  return {
    imageId: null,
    width: null,
    height: null,
    canShow: null, // whether this browser can show the photo itself; null while nobody tried
    settings: null,
    jobId: null,
    jobs: [], // ids of all that were made of it, to go with it
    tookMs: null, // how long the submission took: all there is to tell of a hit
    job: null, // the API's last word on it
    picture: null, // the last job with a picture, shown until the next one has one
    percent: 0,
    problem: null,
    isWaiting: false, // for the service to take requests again
    file: null,
    thumbnail: null,
    sourceUrl: null,
    fileUrl: null,
    abort: null,
    ...known,
  };
}
