// A photo's way: read, uploaded once, and then a job for each set of parameters. Two of each at
// once: the others wait here and not in connections.

import * as album from "./album.js";
import { patiently } from "./connection.js";
import { call, Problem } from "./http.js";
import { Lanes } from "./lanes.js";
import { refusal, refusalOfSize, thumbnailOf } from "./reading.js";
import { service } from "./service.js";
import { current } from "./settings.js";
import { uploadImage } from "./upload.js";

const reading = new Lanes(2);
const uploading = new Lanes(2);
const submitting = new Lanes(2);
const tidying = new Lanes(1);
const CANCELED = new DOMException("canceled", "AbortError");
// How the API says that a file is no photo it takes: sending it again would not help.
const NOT_TAKEN = new Set([413, 415, 422]);
const MAX_METADATA_NAME = 100; // characters; the service bounds what may be noted on a job

/** Take files in; each goes its own way. */
export function take(files) {
  const photos = files.map((file) => album.add(file));
  for (const photo of photos) begin(photo, async (abort) => {
    if (await read(photo, abort)) await send(photo, abort);
  });
  return photos;
}

/** Render a photo with these parameters; what is under way for it ends. */
export function render(photo, settings) {
  const { jobId, phase } = photo;
  if (["reading", "waiting", "uploading"].includes(phase)) {
    album.update(photo, { settings: { ...settings } }); // it is asked for when the photo is there
    return;
  }
  photo.abort?.abort(CANCELED);
  if (phase === "open" && jobId) quietly("POST", `v1/jobs/${jobId}/cancel`);
  album.update(photo, { settings: { ...settings } });
  if (photo.imageId) begin(photo, (abort) => submit(photo, abort));
  else if (photo.file) begin(photo, (abort) => send(photo, abort));
}

/** Give up what is under way for a photo. */
export async function cancel(photo) {
  if (!album.BUSY.has(photo.phase)) return;
  const { jobId, phase } = photo;
  photo.abort?.abort(CANCELED);
  if (phase !== "open" || !jobId) {
    album.update(photo, { phase: "canceled", isWaiting: false });
    return;
  }
  await begin(photo, async (abort) => {
    const { body } = await patiently(() => call("POST", `v1/jobs/${jobId}/cancel`, { abort }), { abort });
    settle(photo, body);
  });
}

/** Try again, from where it failed. */
export function retry(photo) {
  if (photo.jobId && ["failed", "canceled", "expired"].includes(photo.job?.status)) {
    begin(photo, (abort) => runAgain(photo, abort));
  } else render(photo, photo.settings ?? current());
}

/** Take a photo off the page and out of the service, the pictures made from it included. */
export function remove(photo) {
  const { jobs, imageId } = photo;
  album.remove(photo);
  for (const id of jobs) quietly("DELETE", `v1/jobs/${id}`);
  if (imageId) quietly("DELETE", `v1/images/${imageId}`);
}

/** Go on with what a reload interrupted between upload and submission. */
export function resume() {
  for (const photo of album.all()) if (photo.phase === "submitting") render(photo, photo.settings);
}

/** Note the API's last word on a photo's job. */
export function settle(photo, job) {
  if (job.id !== photo.jobId) return;
  const isOpen = !["succeeded", "failed", "canceled", "expired"].includes(job.status);
  album.update(photo, {
    job,
    phase: isOpen ? "open" : job.status,
    problem: job.error && { code: job.error.code, message: job.error.message },
    picture: job.status === "succeeded" ? job : photo.picture,
    isWaiting: false,
  });
}

/** The form of a submission. */
export function jobForm(imageId, settings, name) {
  return {
    image_id: imageId,
    style: settings.style,
    strength: settings.strength,
    size: settings.size,
    format: settings.format,
    quality: settings.quality,
    // The archive names its pictures after this.
    metadata: name ? JSON.stringify({ file: name.slice(0, MAX_METADATA_NAME) }) : null,
  };
}

function begin(photo, work) {
  const controller = new AbortController();
  album.update(photo, { abort: controller, problem: null, isWaiting: false });
  return work(controller.signal).catch((error) => {
    if (controller.signal.aborted) return; // whoever aborted it says what becomes of it
    if (!(error instanceof Problem)) throw error;
    const { code, message } = error;
    if (NOT_TAKEN.has(error.status) && !photo.imageId) {
      album.update(photo, { phase: "refused", problem: { code, message }, isWaiting: false });
      return;
    }
    const isGone = code === "not_found" && photo.imageId; // kept for a day
    const problem = isGone ? { code: "photo_forgotten" } : { code, message };
    const known = isGone ? { imageId: null } : {};
    album.update(photo, { phase: "failed", problem, isWaiting: false, ...known });
  });
}

async function read(photo, abort) {
  const { limits } = service;
  const refused = refusal(photo.file, limits);
  if (refused) return refuse(photo, refused);
  await reading.run(async () => {
    const seen = await thumbnailOf(photo.file);
    const sides = seen ? { width: seen.width, height: seen.height, thumbnail: seen.url } : {};
    album.update(photo, { canShow: Boolean(seen), ...sides });
  }, abort);
  const wrong = photo.width && refusalOfSize(photo, limits);
  return wrong ? refuse(photo, wrong) : true;
}

function refuse(photo, problem) {
  album.update(photo, { phase: "refused", problem });
  return false;
}

async function send(photo, abort) {
  album.update(photo, { phase: "waiting", settings: photo.settings ?? current(), percent: 0 });
  const image = await uploading.run(() => {
    const attempt = () => {
      album.update(photo, { phase: "uploading", percent: 0, isWaiting: false });
      const onProgress = (percent) => album.update(photo, { percent });
      return uploadImage(photo.file, { onProgress, abort });
    };
    return patiently(attempt, { abort, onWait: waits(photo) });
  }, abort);
  album.update(photo, { imageId: image.image_id, width: image.width, height: image.height });
  await submit(photo, abort);
}

async function submit(photo, abort) {
  album.update(photo, { phase: "submitting", jobId: null, job: null, tookMs: null });
  // The same key for every try: an answer that got lost makes no second job.
  const headers = { "Idempotency-Key": `page-${photo.id}-${Date.now()}` };
  const form = jobForm(photo.imageId, photo.settings, photo.name);
  let begunMs = 0;
  const { body } = await submitting.run(
    () =>
      patiently(
        () => {
          begunMs = performance.now();
          return call("POST", "v1/jobs", { form, headers, abort });
        },
        { abort, onWait: waits(photo) },
      ),
    abort,
  );
  const tookMs = Math.max(1, Math.round(performance.now() - begunMs));
  album.update(photo, { jobId: body.id, jobs: [...photo.jobs, body.id], tookMs });
  settle(photo, body);
}

async function runAgain(photo, abort) {
  const { jobId } = photo;
  album.update(photo, { phase: "submitting" });
  try {
    const again = () => call("POST", `v1/jobs/${jobId}/retry`, { abort });
    const { body } = await patiently(again, { abort, onWait: waits(photo) });
    settle(photo, body);
  } catch (error) {
    if (!(error instanceof Problem) || !photo.imageId) throw error;
    await submit(photo, abort); // its record or its photo is gone: a new job
  }
}

const waits = (photo) => (problem) =>
  album.update(photo, {
    isWaiting: true,
    problem: problem && { code: problem.code, message: problem.message },
  });

/** Tell the service what it may forget; where that fails, it forgets by itself in time. */
function quietly(method, path) {
  tidying.run(() => call(method, path)).catch(() => {});
}
