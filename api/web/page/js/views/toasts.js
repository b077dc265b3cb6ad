// What is said once and goes by itself: shown at the bottom, and read aloud.

import { make } from "../dom.js";
import { say } from "../i18n.js";

const STAYS_MS = 6000;
const box = document.getElementById("toasts");

/** Show a sentence for a while. */
export function toast(name, values) {
  const words = make("p.toast");
  say(words, name, values);
  (document.querySelector("dialog[open]") ?? document.body).append(box); // a dialog covers the rest
  box.replaceChildren(words);
  setTimeout(() => words.remove(), STAYS_MS);
}
