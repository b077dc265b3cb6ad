// The viewer: one photo and its cartoon, large; its look can be changed here, for it or for all.

import * as album from "../album.js";
import { beforeOf } from "../before.js";
import { Compare } from "../compare.js";
import { percent } from "../formatting.js";
import * as i18n from "../i18n.js";
import { render } from "../pipeline.js";
import * as saving from "../saving.js";
import * as service from "../service.js";
import * as settings from "../settings.js";
import { slider, styleCards } from "./controls.js";
import { focusCard } from "./gallery.js";
import { applyToAll } from "./settings_panel.js";
import { toast } from "./toasts.js";
import { buildViewer } from "./viewer_parts.js";
import { isBad, isHit, stateWords } from "./wording.js";

const dialog = document.getElementById("viewer");
let photo = null;
let parts = null;
let compare = null;
let look = null;

/** Open the viewer on a photo. */
export function openViewer(chosen) {
  if (!parts) build();
  turnTo(chosen);
  dialog.showModal();
  compare.fit();
  compare.node.querySelector("input").focus();
}

/** Photos that there is something to see of. */
const seen = () => album.all().filter((each) => each.picture?.output?.url);

function build() {
  compare = new Compare({ canZoom: true, onZoom: showZoom });
  parts = buildViewer({
    compare,
    onStep: step,
    onSave: () => saving.savePicture(photo),
    onLink: copyLink,
    onApply: () => {
      settings.choose(photo.settings);
      applyToAll(settings.current());
    },
  });
  dialog.append(...parts.nodes);
  dialog.addEventListener("close", () => focusCard(photo));
  dialog.addEventListener("keydown", onKey);
  album.changed.on((changed) => dialog.open && changed === photo && show());
  album.removed.on((gone) => dialog.open && gone === photo && dialog.close());
  i18n.changed.on(() => dialog.open && show());
}

function turnTo(chosen) {
  photo = chosen;
  compare.divider = 50;
  compare.fit();
  look = makeLook();
  parts.look.replaceChildren(look.style.node, look.strength.node);
  parts.before = null;
  show();
  showBefore();
}

function makeLook() {
  const again = (part) => render(photo, { ...photo.settings, ...part });
  return {
    style: styleCards({ styles: service.service.styles, onChange: (style) => again({ style }) }),
    strength: slider({
      name: "settings.strength",
      min: 0,
      max: 1,
      step: 0.05,
      ends: ["settings.photo", "settings.cartoon"],
      format: percent,
      onChange: (strength) => again({ strength }),
    }),
  };
}

async function showBefore() {
  const asked = photo;
  const url = await beforeOf(asked).catch(() => null);
  if (asked !== photo || !dialog.open) return;
  parts.before = url;
  show();
}

function show() {
  const { picture, name } = photo;
  const photos = seen();
  const { name: words, values } = stateWords(photo);
  parts.name.textContent = name;
  i18n.say(parts.position, "viewer.position", { at: photos.indexOf(photo) + 1, count: photos.length });
  i18n.say(parts.state, words, values);
  parts.stateBox.classList.toggle("is-hit", isHit(photo));
  parts.stateBox.classList.toggle("is-bad", isBad(photo));
  parts.busy.hidden = !album.BUSY.has(photo.phase);
  for (const button of [parts.previous, parts.next]) button.disabled = photos.length < 2;
  look.style.set(photo.settings.style);
  look.strength.set(photo.settings.strength);
  if (!picture?.output?.url) return;
  const { width, height, size_bytes: size } = picture.output;
  i18n.say(parts.facts, "viewer.facts", { width, height, size: { bytes: size } });
  const after = shownUrl(picture);
  compare.show({ before: parts.before, after, width, height });
}

/** The link that is shown already, as long as the picture is the same. */
function shownUrl({ id, output }) {
  if (parts.afterOf !== id) {
    parts.afterOf = id;
    parts.after = output.url;
  }
  return parts.after;
}

function showZoom(zoom, isFitted) {
  if (!parts) return;
  i18n.say(parts.level, "viewer.zoom", { percent: { percent: zoom } });
  parts.fit.disabled = isFitted;
}

function step(by) {
  const photos = seen();
  if (photos.length < 2) return;
  turnTo(photos[(photos.indexOf(photo) + by + photos.length) % photos.length]);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("[type=text]")) return;
  const acts = {
    "+": () => compare.zoomIn(),
    "=": () => compare.zoomIn(),
    "-": () => compare.zoomOut(),
    0: () => compare.fit(),
    1: () => compare.showPixels(),
    PageUp: () => step(-1),
    PageDown: () => step(1),
  };
  const act = acts[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

async function copyLink() {
  const { url, until } = await saving.linkTo(photo);
  await saving.copy(url);
  toast("viewer.link.copied", { until: { time: until } });
}
