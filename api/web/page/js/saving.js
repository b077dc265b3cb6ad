// What leaves the page: one picture under its photo's name, all of them as a ZIP, or a link.

import { freshLink } from "./before.js";
import { call } from "./http.js";
import { key } from "./key.js";
import { service } from "./service.js";

const ENDINGS = { "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp" };
const KEEP_MS = 60_000; // a blob's address must outlive the start of its download

/** The name under which a photo's picture is saved, e.g. beach-ink.jpg. */
export function nameOf(photo) {
  const stem = photo.name.replace(/\.[^.]*$/, "") || "photo";
  return `${stem}-${photo.picture.style}.${ENDINGS[photo.picture.output.content_type] ?? "bin"}`;
}

/** Save a photo's picture. */
export async function savePicture(photo) {
  const url = await freshLink(photo);
  if (!url) return;
  try {
    // By way of a blob, for only so is it saved under its photo's name. A storage elsewhere may not
    // let pages read it: then the browser follows the link and takes the storage's name.
    const answer = await fetch(url, { credentials: "omit" });
    if (!answer.ok) throw new TypeError(`HTTP ${answer.status}`);
    const address = URL.createObjectURL(await answer.blob());
    follow(address, nameOf(photo));
    setTimeout(() => URL.revokeObjectURL(address), KEEP_MS);
  } catch {
    follow(url, nameOf(photo));
  }
}

/** Save the pictures of these photos as ZIPs, each made while it is read: how many pictures. */
export async function saveArchive(photos) {
  const ids = photos.map((photo) => photo.picture?.id).filter(Boolean);
  let pictures = 0;
  for (let from = 0; from < ids.length; from += service.limits.max_archive_jobs) {
    const part = ids.slice(from, from + service.limits.max_archive_jobs);
    const { body } = await call("POST", "v1/archives", { json: { job_ids: part } });
    follow(body.url, `celshade-${body.id}.zip`);
    pictures += body.pictures;
  }
  return pictures;
}

/**
 * A link to a photo's picture for somebody else: {url, until}. With a key it is the signed one, for
 * the stable one would ask him for a key of his own.
 */
export async function linkTo(photo) {
  const signed = await freshLink(photo);
  const { urls, expires_at: until, output } = photo.picture;
  return key() ? { url: signed, until: output.url_expires_at } : { url: urls.result, until };
}

/** Put a text on the clipboard. */
export async function copy(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Pages without TLS have no clipboard, only the old command.
  const field = document.createElement("textarea");
  field.value = text;
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

function follow(url, name) {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.rel = "noopener";
  document.body.append(link);
  link.click();
  link.remove();
}
