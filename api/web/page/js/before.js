// The picture before: the file that was dropped, else the photo that the API keeps, else (where the
// browser cannot show that, as HEIC) the same photo rendered at strength 0, which is the photo.

import * as album from "./album.js";
import { call, Problem } from "./http.js";
import { jobForm, settle } from "./pipeline.js";

const WAIT_S = 30;
const FAR_FROM_IT = new Set(["failed", "canceled", "expired"]);

/** An address of the photo itself that this browser shows; null when there is none any more. */
export async function beforeOf(photo) {
  if (photo.file && photo.canShow) {
    if (!photo.fileUrl) album.update(photo, { fileUrl: URL.createObjectURL(photo.file) });
    return photo.fileUrl;
  }
  if (!photo.imageId) return photo.thumbnail;
  try {
    if (photo.canShow !== false) {
      const url = await keptPhoto(photo);
      if (url) return url;
    }
    return await renderedPhoto(photo);
  } catch (error) {
    if (error instanceof Problem) return photo.thumbnail; // no longer kept
    throw error;
  }
}

async function keptPhoto(photo) {
  const { body } = await call("GET", `v1/images/${photo.imageId}`);
  const canShow = await shows(body.url);
  album.update(photo, { canShow });
  return canShow ? body.url : null;
}

async function renderedPhoto(photo) {
  const { settings } = photo;
  const form = jobForm(photo.imageId, { ...settings, strength: 0, format: "jpeg", quality: 92 });
  let { body } = await call("POST", "v1/jobs", { form, waitS: WAIT_S });
  album.update(photo, { jobs: [...photo.jobs, body.id] });
  while (!body.output && !FAR_FROM_IT.has(body.status)) {
    ({ body } = await call("GET", `v1/jobs/${body.id}`, { waitS: WAIT_S }));
  }
  return body.output?.url ?? null;
}

async function shows(url) {
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
    return true;
  } catch {
    return false;
  }
}

/** Ask anew for a job whose signed link has expired, and return the fresh one; null without. */
export async function freshLink(photo) {
  const id = photo.picture?.id;
  if (!id) return null;
  const { body } = await call("GET", `v1/jobs/${id}`);
  if (body.id === photo.jobId) settle(photo, body);
  else if (photo.picture?.id === id) album.update(photo, { picture: body });
  return body.output?.url ?? null;
}
