// The look of new photos: chosen once, for one photo and for many, and applied to all on a word.

import * as album from "../album.js";
import { make } from "../dom.js";
import { percent } from "../formatting.js";
import * as i18n from "../i18n.js";
import { render } from "../pipeline.js";
import * as service from "../service.js";
import * as settings from "../settings.js";
import { choices, slider, styleCards } from "./controls.js";
import { styleWords } from "./wording.js";

const form = document.getElementById("settings-form");
const toggle = document.getElementById("settings-toggle");
const summary = document.getElementById("settings-summary");

/** Build the panel and keep it true. */
export function settingsPanel() {
  form.addEventListener("submit", (event) => event.preventDefault());
  toggle.addEventListener("click", () => {
    toggle.setAttribute("aria-expanded", String(toggle.getAttribute("aria-expanded") !== "true"));
  });
  const apply = applyButton();
  let known = "";
  const build = () => {
    const { styles, limits } = service.service;
    // Nothing is built anew under somebody's hands unless the styles are others.
    const now = JSON.stringify([styles, i18n.currentLanguage(), settings.current().style]);
    if (!limits || now === known) return;
    known = now;
    fill(apply);
  };
  service.changed.on(build);
  i18n.changed.on(build);
  settings.changed.on(build);
  build();
}

function fill(apply) {
  const focused = document.activeElement?.value;
  const hadFocus = form.contains(document.activeElement);
  const parts = controls();
  const show = (chosen) => {
    for (const [name, control] of Object.entries(parts)) control.set(chosen[name]);
    parts.quality.input.disabled = chosen.format === "png";
    const style = styleWords(chosen.style, service.styleNamed(chosen.style));
    i18n.say(summary, "settings.summary", { style, strength: { percent: chosen.strength } });
  };
  fill.off?.();
  fill.off = settings.changed.on(show);
  form.replaceChildren(...Object.values(parts).map(({ node }) => node), apply);
  show(settings.current());
  if (hadFocus) form.querySelector(`input[value="${CSS.escape(focused)}"]`)?.focus();
}

function controls() {
  const { styles, limits } = service.service;
  const sizes = settings.sizesOf(service.styleNamed(settings.current().style));
  return {
    style: styles.length ? styleCards({ styles, onChange: (style) => settings.choose({ style }) }) : waiting(),
    strength: slider({
      name: "settings.strength",
      min: 0,
      max: 1,
      step: 0.05,
      ends: ["settings.photo", "settings.cartoon"],
      format: percent,
      onInput: (strength) => settings.choose({ strength }),
    }),
    size: choices({
      name: "settings.size",
      options: sizes.map((size) => ({ value: String(size), text: String(size) })),
      onChange: (size) => settings.choose({ size: Number(size) }),
    }),
    format: choices({
      name: "settings.format",
      options: limits.formats.map((format) => ({ value: format, text: format === "webp" ? "WebP" : format.toUpperCase() })),
      onChange: (format) => settings.choose({ format }),
    }),
    quality: slider({
      name: "settings.quality",
      min: limits.quality.min,
      max: limits.quality.max,
      step: 1,
      format: String,
      onInput: (quality) => settings.choose({ quality }),
    }),
  };
}

function waiting() {
  const node = make("p.muted");
  i18n.say(node, "settings.waiting");
  return { node, set() {} };
}

/** Photos that another look would change: all but those that were never taken. */
export function differing(chosen) {
  return album.all().filter((photo) => {
    const isThere = photo.imageId || photo.file;
    return isThere && photo.phase !== "refused" && photo.settings && !settings.same(photo.settings, chosen);
  });
}

/** Render every photo with a look; those that have it already stay as they are. */
export function applyToAll(chosen) {
  for (const photo of differing(chosen)) render(photo, chosen);
}

function applyButton() {
  const words = make("span");
  const button = make("button.primary", { type: "button" }, words);
  button.addEventListener("click", () => applyToAll(settings.current()));
  const show = () => {
    const count = differing(settings.current()).length;
    button.hidden = !album.all().length;
    button.disabled = !count;
    if (count) i18n.say(words, "settings.apply", { count: { number: count } });
    else i18n.say(words, "settings.applied");
  };
  for (const signal of [album.added, album.changed, album.removed, settings.changed]) signal.on(show);
  show();
  return button;
}
