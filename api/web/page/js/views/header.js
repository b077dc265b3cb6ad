// The bar on top: language, dark or light, the key, and how busy the service is.

import { setIcon } from "../dom.js";
import * as i18n from "../i18n.js";
import * as keys from "../key.js";
import { kept } from "../storage.js";

const byId = (id) => document.getElementById(id);

/** Bring the buttons to life; `onKey` is called when somebody wants to see to his key. */
export function header({ onKey }) {
  const language = byId("language");
  const showLanguage = () => {
    const isChinese = i18n.currentLanguage() === "zh";
    byId("language-name").textContent = isChinese ? "English" : "中文";
    byId("language-name").lang = isChinese ? "en" : "zh";
    i18n.label(language, "language");
  };
  language.addEventListener("click", () => i18n.setLanguage(i18n.currentLanguage() === "zh" ? "en" : "zh"));
  i18n.changed.on(showLanguage);
  showLanguage();
  theme(byId("theme"));
  const key = byId("key-button");
  const showKey = () => (key.hidden = !keys.key());
  key.addEventListener("click", onKey);
  keys.changed.on(showKey);
  showKey();
}

function theme(button) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const show = () => {
    setIcon(button, isDark() ? "sun" : "moon");
    i18n.label(button, isDark() ? "theme.light" : "theme.dark");
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    kept.setText("theme", root.dataset.theme);
    show();
  });
  system.addEventListener("change", show);
  show();
}

/** Show how busy the service is, from /v1/queue. */
export function showLoad({ waiting, workers }) {
  const words = byId("load-words");
  byId("load").hidden = false;
  byId("load").classList.toggle("is-ready", workers.ready > 0);
  if (!workers.ready) i18n.say(words, workers.starting ? "load.starting" : "load.none");
  else if (waiting) i18n.say(words, "load.busy", { count: { number: waiting } });
  else i18n.say(words, "load.idle", { count: { number: workers.ready } });
}
