// Watches open jobs over one connection: the first of the line is asked for with `Prefer: wait`, so
// that its end is heard at once; the others' places come in one list behind it. Never without a
// pause, and rarely while nobody looks at the page.

import * as album from "./album.js";
import { back } from "./connection.js";
import { call, Lost, Problem } from "./http.js";
import { pause } from "./pause.js";
import { settle } from "./pipeline.js";

const WAIT_S = 2; // how old a place in line may be on the page
const HIDDEN_WAIT_S = 30;
const ROUND_MS = 250; // no rounds closer than this, however fast pictures are finished
const LIST = 100; // the most that a list holds
const MOST_PAGES = 5;
const MOST_SINGLE = 4; // jobs asked for one by one in a round, where lists did not show them

let round = new AbortController();

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) round.abort(new DOMException("somebody looks", "AbortError"));
});

/** Watch for as long as the page lives. */
export async function watch() {
  for (;;) {
    const photos = album.open();
    if (!photos.length) {
      await album.changed.next();
      continue;
    }
    round = new AbortController();
    try {
      await Promise.all([look(photos, round.signal), pause(ROUND_MS)]);
    } catch (error) {
      if (error instanceof Lost) await back();
      else if (error instanceof Problem) await pause((error.retryAfterS ?? WAIT_S) * 1000);
      else if (error.name !== "AbortError") throw error;
    }
  }
}

/** The job that ends first, as far as is known. */
function headOf(photos) {
  const place = (photo) => {
    if (photo.job?.status === "running") return 0;
    return photo.job?.queue.position ?? Number.MAX_SAFE_INTEGER;
  };
  return photos.reduce((first, photo) => (place(photo) < place(first) ? photo : first));
}

async function look(photos, abort) {
  const unknown = photos.filter((photo) => !photo.job);
  if (unknown.length > 1) await lookAtList(photos, abort); // after a reload: all at once
  const stillOpen = photos.filter((photo) => photo.phase === "open");
  if (!stillOpen.length) return;
  const head = headOf(stillOpen);
  const answer = await lookAt(head, { waitS: document.hidden ? HIDDEN_WAIT_S : WAIT_S, abort });
  const others = stillOpen.filter((photo) => photo !== head && photo.phase === "open");
  if (others.length) await lookAtList(others, abort);
  // Too many wait already: it was answered at once and says when to come again.
  const isEarly = answer && !answer.waited && head.phase === "open";
  if (isEarly) await pause((answer.retryAfterS ?? WAIT_S) * 1000, abort);
}

async function lookAt(photo, options) {
  const { jobId } = photo;
  try {
    const answer = await call("GET", `v1/jobs/${jobId}`, options);
    settle(photo, answer.body);
    return answer;
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 404) throw error;
    if (photo.jobId === jobId) album.update(photo, { phase: "failed", problem: { code: "job_forgotten" } });
    return null;
  }
}

async function lookAtList(photos, abort) {
  const missing = new Map(photos.map((photo) => [photo.jobId, photo]));
  let cursor = "";
  for (let page = 0; page < MOST_PAGES && missing.size; page += 1) {
    const next = cursor && `&cursor=${encodeURIComponent(cursor)}`;
    const { body } = await call("GET", `v1/jobs?limit=${LIST}${next}`, { abort });
    for (const job of body.data) {
      const photo = missing.get(job.id);
      if (photo) settle(photo, job);
      missing.delete(job.id);
    }
    cursor = body.next_cursor;
    if (!cursor) break;
  }
  for (const photo of [...missing.values()].slice(0, MOST_SINGLE)) await lookAt(photo, { abort });
}

/** Ask for a photo's job once more: its signed link may be too old. */
export async function refresh(photo) {
  await lookAt(photo, {});
}
