// The parameters that new photos get: one set for one photo and for many, remembered.

import { defaultStyle, service, styleNamed } from "./service.js";
import { Signal } from "./signal.js";
import { kept } from "./storage.js";

export const SIZES = [512, 768, 1024, 1536, 2048];
const NAME = "settings";

let settings = { style: null, strength: 0.7, size: null, format: "jpeg", quality: 92 };

/** The parameters were changed. */
export const changed = new Signal();

/** Take up what was chosen last time, as far as the service still takes it. */
export function restore() {
  const { limits } = service;
  const defaults = {
    style: defaultStyle()?.name ?? null,
    strength: limits.strength.default,
    size: null,
    format: limits.formats[0],
    quality: limits.quality.default,
  };
  const before = kept.get(NAME) ?? {};
  settings = fitting({ ...defaults, ...before });
  changed.emit(settings);
}

/** The parameters as they are. */
export function current() {
  return { ...settings };
}

/** Change some of them. */
export function choose(part) {
  settings = fitting({ ...settings, ...part });
  kept.set(NAME, settings);
  changed.emit(settings);
}

/** Whether two sets ask for the same picture. */
export function same(one, other) {
  if (!one || !other) return false;
  const names = ["style", "strength", "size", "format"];
  const lossy = one.format !== "png";
  return [...names, ...(lossy ? ["quality"] : [])].every((name) => one[name] === other[name]);
}

/** The sizes that a style draws. */
export function sizesOf(style) {
  if (!style) return SIZES;
  const within = SIZES.filter((size) => size >= style.min_size && size <= style.max_size);
  return [...new Set([...within, style.default_size])].sort((a, b) => a - b);
}

function fitting(wanted) {
  const { limits } = service;
  const style = styleNamed(wanted.style) ?? defaultStyle();
  const size = wanted.size ?? style?.default_size ?? limits.size.default;
  return {
    style: style?.name ?? wanted.style,
    strength: clamped(Math.round(wanted.strength * 100) / 100, limits.strength),
    size: style ? clamped(size, { min: style.min_size, max: style.max_size }) : size,
    format: limits.formats.includes(wanted.format) ? wanted.format : limits.formats[0],
    quality: clamped(Math.round(wanted.quality), limits.quality),
  };
}

function clamped(value, { min, max }) {
  return Math.min(max, Math.max(min, Number.isFinite(value) ? value : max));
}
