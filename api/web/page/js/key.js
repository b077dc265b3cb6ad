// The API key: lives in this tab's session storage alone, and travels in one header, never in a link.

import { Signal } from "./signal.js";
import { passing } from "./storage.js";

const NAME = "key";

/** Somebody must give a key: none is known, or the one known is not good. */
export const wanted = new Signal();
/** A key was given, or forgotten. */
export const changed = new Signal();

export function key() {
  return passing.text(NAME);
}

export function setKey(text) {
  passing.setText(NAME, text.trim());
  changed.emit();
}

export function forgetKey() {
  passing.setText(NAME, "");
  changed.emit();
}

/** The headers that say who asks. */
export function credentials() {
  const known = key();
  return known ? { Authorization: `Bearer ${known}` } : {};
}
