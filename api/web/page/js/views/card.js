// One photo's card: its picture, how it stands, and what can be done with it.

import { BUSY, update } from "../album.js";
import { freshLink } from "../before.js";
import { icon, make } from "../dom.js";
import { label, say } from "../i18n.js";
import { cancel, remove, retry } from "../pipeline.js";
import { savePicture } from "../saving.js";
import { styleNamed } from "../service.js";
import { isBad, isHit, stateWords, styleWords } from "./wording.js";

const FRESH_MS = 10_000; // a link that fails again so soon is not expired

/** Make a card; `onOpen` is called when somebody wants to look closer. */
export function makeCard(photo, { onOpen }) {
  const picture = make("img.card-picture", { alt: "", decoding: "async", hidden: true });
  const blank = make("span.card-blank");
  const progress = make("progress", { max: 100, hidden: true });
  progress.setAttribute("aria-hidden", "true"); // the state below says it in words
  const view = make("button.card-view", { type: "button", on: { click: () => onOpen(photo) } }, picture, blank, progress);
  const state = make("p.card-state");
  const look = make("span.card-look");
  const buttons = actions(photo);
  const node = make(
    "li.card",
    { data: { photo: photo.id } },
    view,
    make(
      "div.card-words",
      {},
      make("h3.card-name", { textContent: photo.name, title: photo.name, dir: "auto" }),
      state,
      make("div.card-foot", {}, look, make("div.card-buttons", {}, ...Object.values(buttons))),
    ),
  );
  renewLink(picture, photo);
  const card = { node, picture, blank, progress, view, state, look, buttons };
  showCard(card, photo);
  return { node, show: () => showCard(card, photo), focus: () => view.focus() };
}

function showCard({ node, picture, blank, progress, view, state, look, buttons }, photo) {
  const { name, values } = stateWords(photo);
  say(state, name, values);
  const isBusy = BUSY.has(photo.phase);
  node.classList.toggle("is-busy", isBusy);
  node.classList.toggle("is-bad", isBad(photo));
  node.classList.toggle("is-hit", isHit(photo));
  node.dataset.phase = photo.phase;
  showPicture(picture, blank, photo);
  label(view, "card.open", { name: photo.name }, { title: false });
  view.disabled = !photo.picture?.output?.url;
  progress.hidden = !isBusy;
  if (photo.phase === "uploading") progress.value = photo.percent;
  else progress.removeAttribute("value");
  showLook(look, photo);
  buttons.cancel.hidden = !isBusy;
  buttons.retry.hidden = !canRetry(photo);
  buttons.save.hidden = !photo.picture?.output?.url || isBusy;
}

function showPicture(picture, blank, photo) {
  const url = photo.picture?.output?.url ?? photo.thumbnail ?? photo.sourceUrl;
  // A link is signed anew in each answer: the picture that is there is as good.
  const id = photo.picture?.output ? photo.picture.id : url;
  if (url && picture.dataset.of !== id) {
    picture.dataset.of = id;
    picture.src = url;
  }
  picture.hidden = !url;
  blank.hidden = Boolean(url);
  if (url || blank.childElementCount) return;
  const ending = /\.([a-z0-9]{1,5})$/i.exec(photo.name)?.[1]?.toUpperCase() ?? "?";
  blank.append(make("strong", { textContent: ending }));
}

function showLook(look, photo) {
  if (!photo.settings?.style) return;
  const { style, strength, size } = photo.settings;
  const words = styleWords(style, styleNamed(style));
  say(look, "card.look", { style: words, strength: { percent: strength }, size });
}

/** Whether there is something to try again with. */
export function canRetry(photo) {
  if (photo.phase === "succeeded") return Boolean(photo.imageId) && !photo.job?.output?.url;
  if (!["failed", "canceled", "expired"].includes(photo.phase)) return false;
  if (photo.job?.error && !photo.job.error.retryable) return false;
  return Boolean(photo.imageId || photo.file || (photo.jobId && photo.job));
}

function actions(photo) {
  const button = (name, sign, act) => {
    const node = make("button.quiet", { type: "button", on: { click: act } }, icon(sign));
    label(node, name, { name: photo.name });
    return node;
  };
  return {
    save: button("card.save", "download", () => savePicture(photo)),
    retry: button("card.retry", "retry", () => retry(photo)),
    cancel: button("card.cancel", "cancel", () => cancel(photo)),
    remove: button("card.remove", "remove", () => remove(photo)),
  };
}

/** Ask for a new link when the one that is shown has expired. */
function renewLink(picture, photo) {
  let askedMs = -FRESH_MS;
  picture.addEventListener("error", async () => {
    if (!photo.picture || performance.now() - askedMs < FRESH_MS) return;
    askedMs = performance.now();
    delete picture.dataset.of;
    await freshLink(photo).catch(() => null); // what became of it, the answer has told the album
    update(photo, {});
  });
}
