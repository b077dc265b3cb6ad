// What the viewer is made of: nodes and their buttons. What they do, viewer.js says.

import { icon, make } from "../dom.js";
import { label, say } from "../i18n.js";

function said(tag, name) {
  const node = make(tag);
  say(node, name);
  return node;
}

function iconButton(name, sign, act, kind = "button.quiet.only-icon") {
  const node = make(kind, { type: "button", on: { click: act } }, icon(sign));
  label(node, name);
  return node;
}

function wordButton(name, sign, act, kind = "button") {
  return make(kind, { type: "button", on: { click: act } }, icon(sign), said("span", name));
}

/** Build the viewer's parts around a comparison. */
export function buildViewer({ compare, onStep, onSave, onLink, onApply }) {
  const name = make("h2.viewer-name", { id: "viewer-name", dir: "auto" });
  const position = make("p.viewer-position");
  const previous = iconButton("viewer.previous", "previous", () => onStep(-1));
  const next = iconButton("viewer.next", "next", () => onStep(1));
  const close = iconButton("viewer.close", "cancel", () => close.closest("dialog").close());
  const head = make(
    "header.viewer-head",
    {},
    make("div.viewer-title", {}, name, position),
    previous,
    next,
    close,
  );
  const zoom = zoomBar(compare);
  const busy = make("progress.viewer-busy", { hidden: true, aria: { hidden: "true" } });
  const stage = make(
    "div.viewer-stage",
    {},
    said("span.compare-tag.is-before", "viewer.before"),
    said("span.compare-tag.is-after", "viewer.after"),
    compare.node,
    busy,
    zoom.node,
  );
  const side = sidePanel({ onSave, onLink, onApply });
  return { nodes: [head, stage, side.node], name, position, previous, next, busy, ...zoom.parts, ...side.parts };
}

function zoomBar(compare) {
  const level = make("span");
  const pixels = make("button.quiet.viewer-level", { type: "button", on: { click: () => compare.showPixels() } }, level);
  pixels.setAttribute("aria-describedby", "viewer-hint");
  const fit = iconButton("viewer.zoom.fit", "fit", () => compare.fit(), "button.quiet");
  const node = make(
    "div.viewer-zoom",
    {},
    iconButton("viewer.zoom.out", "minus", () => compare.zoomOut(), "button.quiet"),
    pixels,
    iconButton("viewer.zoom.in", "add", () => compare.zoomIn(), "button.quiet"),
    fit,
  );
  return { node, parts: { level, fit } };
}

function sidePanel({ onSave, onLink, onApply }) {
  const state = make("p");
  const facts = make("p.muted.small-words");
  const stateBox = make("div.viewer-state", { role: "status" }, state, facts);
  const look = make("form.viewer-look", { on: { submit: (event) => event.preventDefault() } });
  const buttons = make(
    "div.viewer-buttons",
    {},
    wordButton("viewer.save", "download", onSave, "button.primary"),
    wordButton("viewer.link", "link", onLink),
    wordButton("viewer.apply", "check", onApply, "button.wide"),
  );
  const hint = said("p.muted.small-words.only-mouse", "viewer.hint");
  hint.id = "viewer-hint";
  const node = make("div.viewer-side", {}, stateBox, look, buttons, hint);
  return { node, parts: { state, facts, stateBox, look } };
}
