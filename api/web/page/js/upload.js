// Uploads a photo and tells how far it is: only XMLHttpRequest does, fetch has no such event.

import { bodyOf, Lost, problemOf } from "./http.js";
import { credentials } from "./key.js";

/**
 * Send a photo to be kept, and return the API's image.
 *
 * @param {Blob} file
 * @param {{onProgress: (percent: number) => void, abort: AbortSignal}} options
 */
export function uploadImage(file, { onProgress, abort }) {
  return new Promise((resolve, reject) => {
    abort.throwIfAborted();
    const request = new XMLHttpRequest();
    request.open("POST", "v1/images");
    for (const [name, value] of Object.entries(credentials())) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress(Math.floor((100 * event.loaded) / event.total));
    });
    request.addEventListener("load", () => {
      try {
        resolve(imageOf(request));
      } catch (error) {
        reject(error);
      }
    });
    request.addEventListener("error", () => reject(new Lost("the upload broke off")));
    request.addEventListener("abort", () => reject(abort.reason));
    abort.addEventListener("abort", () => request.abort(), { once: true });
    // The part has a name of ours: what the file is called concerns nobody but its owner.
    const form = new FormData();
    form.append("image", file, "photo");
    request.send(form);
  });
}

function imageOf(request) {
  const { status, responseText: text } = request;
  if (status < 300) return bodyOf(text);
  throw problemOf(status, text, request.getResponseHeader("Retry-After"));
}
