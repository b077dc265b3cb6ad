// The gallery: a card for each photo, and above it what holds for all of them.

import * as album from "../album.js";
import { make } from "../dom.js";
import { changed as languageChanged, say, t } from "../i18n.js";
import { cancel, remove, retry } from "../pipeline.js";
import { saveArchive } from "../saving.js";
import { ask } from "./ask.js";
import { canRetry, makeCard } from "./card.js";
import { toast } from "./toasts.js";

const byId = (id) => document.getElementById(id);
const list = byId("gallery");
const cards = new Map();

/** Show the album as it is, and as it changes; `onOpen` is called with a photo. */
export function gallery({ onOpen }) {
  album.added.on((photo) => {
    const card = makeCard(photo, { onOpen });
    cards.set(photo.id, card);
    list.append(card.node);
    showAll();
  });
  album.changed.on((photo) => {
    cards.get(photo.id)?.show();
    showAll();
  });
  album.removed.on((photo) => {
    takeAway(photo);
    showAll();
  });
  languageChanged.on(() => cards.forEach((card) => card.show()));
  actions();
  showAll();
}

/** Bring a photo's card into view and the keyboard to it. */
export function focusCard(photo) {
  cards.get(photo.id)?.focus();
}

function takeAway(photo) {
  const { node } = cards.get(photo.id) ?? {};
  if (!node) return;
  // Who works by keyboard goes on with the neighbour.
  const hadFocus = node.contains(document.activeElement);
  const neighbour = node.nextElementSibling ?? node.previousElementSibling;
  node.remove();
  cards.delete(photo.id);
  if (!hadFocus) return;
  const next = neighbour?.querySelector("button:not([hidden]):not(:disabled)") ?? byId("pick");
  next.focus();
}

let isDue = false;

/** Once for all changes of a moment. */
function showAll() {
  if (isDue) return;
  isDue = true;
  queueMicrotask(() => {
    isDue = false;
    showTally(album.all());
  });
}

function showTally(photos) {
  document.body.classList.toggle("has-photos", photos.length > 0);
  byId("work").hidden = !photos.length;
  const busy = photos.filter((photo) => album.BUSY.has(photo.phase));
  const done = photos.filter((photo) => photo.phase === "succeeded");
  const failed = photos.filter((photo) => !album.BUSY.has(photo.phase) && !["succeeded", "canceled"].includes(photo.phase));
  const saveable = photos.filter((photo) => photo.picture?.output?.url);
  tell([["all.done", done.length], ["all.busy", busy.length], ["all.failed", failed.length]]);
  const words = { t: "all.busy", values: { count: { number: busy.length } } };
  document.title = busy.length ? t("all.title", { busy: words }) : "Celshade"; // seen from other tabs
  const overall = byId("overall");
  overall.classList.toggle("is-done", !busy.length);
  overall.max = photos.length || 1;
  overall.value = photos.length - busy.length;
  byId("cancel-all").hidden = busy.length < 2;
  byId("retry-all").hidden = failed.filter(canRetry).length < 1;
  byId("save-all").hidden = !saveable.length;
  byId("clear").hidden = !photos.length || busy.length > 0;
}

function tell(parts) {
  const nodes = parts
    .filter(([, count]) => count)
    .map(([name, count]) => {
      const node = make(name === "all.failed" ? "span.is-bad" : "span");
      say(node, name, { count: { number: count } });
      return node;
    });
  const apart = nodes.flatMap((node, index) => (index ? [" · ", node] : [node]));
  byId("tally").replaceChildren(...apart);
}

function actions() {
  byId("cancel-all").addEventListener("click", () => {
    for (const photo of album.all()) cancel(photo);
  });
  byId("retry-all").addEventListener("click", () => {
    for (const photo of album.all()) if (photo.phase !== "canceled" && canRetry(photo)) retry(photo);
  });
  byId("save-all").addEventListener("click", async () => {
    const pictures = await saveArchive(album.all());
    toast("all.saved", { count: { number: pictures } });
  });
  byId("clear").addEventListener("click", async () => {
    if (!(await ask("clear"))) return;
    for (const photo of album.all()) remove(photo);
    byId("pick").focus();
  });
}
