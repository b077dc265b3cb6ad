// The page's words, in the reader's language. A node remembers what it says (`data-t`), so that all
// of them can say it anew in another language. Words become text, never markup.

import en from "./i18n/en.js";
import zh from "./i18n/zh.js";
import * as formatting from "./formatting.js";
import { Signal } from "./signal.js";
import { kept } from "./storage.js";

const WORDS = { en, zh };
const LOCALES = { en: "en", zh: "zh-Hans" };

let language = chosenLanguage();
let plurals = new Intl.PluralRules(LOCALES[language]);
formatting.setLocale(LOCALES[language]);

/** The language was changed. */
export const changed = new Signal();

function chosenLanguage() {
  const wish = kept.get("language") ?? navigator.language.slice(0, 2).toLowerCase();
  return wish in WORDS ? wish : "en";
}

/** Know more words: those of another page, by language. */
export function learn(words) {
  for (const [name, more] of Object.entries(words)) Object.assign(WORDS[name], more);
}

export function currentLanguage() {
  return language;
}

/** Speak another language from now on, everywhere. */
export function setLanguage(name) {
  kept.set("language", name);
  language = name;
  plurals = new Intl.PluralRules(LOCALES[name]);
  formatting.setLocale(LOCALES[name]);
  translate(document.documentElement);
  changed.emit();
}

export function knows(name) {
  return name in WORDS[language] || name in en;
}

/**
 * A sentence. Its `{name}` are filled from the values: plain ones as they are, others by their
 * kind: {seconds}, {ms}, {bytes}, {percent}, {number}, {time} or {t: another sentence's name}.
 */
export function t(name, values = {}) {
  let words = WORDS[language][name] ?? en[name] ?? name;
  if (typeof words === "object") {
    const form = plurals.select(values.count?.number ?? values.count ?? 0);
    words = words[form] ?? words.other;
  }
  return words.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? shown(values[key]) : whole));
}

const KINDS = {
  seconds: formatting.seconds,
  ms: formatting.milliseconds,
  bytes: formatting.bytes,
  percent: formatting.percent,
  number: formatting.count,
  time: (value) => formatting.time(new Date(value)),
};

function shown(value) {
  if (value === null || typeof value !== "object") return String(value);
  if ("t" in value) return knows(value.t) ? t(value.t, value.values) : (value.other ?? value.t);
  const [[kind, given]] = Object.entries(value);
  return KINDS[kind](given);
}

/** Let a node say something; nothing when it says it already. */
export function say(node, name, values) {
  const given = values ? JSON.stringify(values) : "";
  if (node.dataset.t === name && (node.dataset.values ?? "") === given) return;
  node.dataset.t = name;
  if (given) node.dataset.values = given;
  else delete node.dataset.values;
  node.textContent = t(name, values);
}

/** Let a node be called something, for those who hear the page and those who point at it. */
export function label(node, name, values, { title = true } = {}) {
  node.dataset.label = name;
  if (values) node.dataset.labelValues = JSON.stringify(values);
  else delete node.dataset.labelValues;
  const words = t(name, values);
  node.setAttribute("aria-label", words);
  if (title) node.title = words;
}

/** Say everything below a node anew. */
export function translate(root) {
  document.documentElement.lang = LOCALES[language];
  for (const node of root.querySelectorAll("[data-t]")) {
    node.textContent = t(node.dataset.t, JSON.parse(node.dataset.values ?? "{}"));
  }
  for (const node of root.querySelectorAll("[data-label]")) {
    const title = node.hasAttribute("title");
    const values = JSON.parse(node.dataset.labelValues ?? "{}");
    const words = t(node.dataset.label, values);
    node.setAttribute("aria-label", words);
    if (title) node.title = words;
  }
}
