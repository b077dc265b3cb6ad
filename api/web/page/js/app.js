// The page's beginning: joins its parts, meets the service, and takes up what was here before.

import * as album from "./album.js";
import { withIcons } from "./dom.js";
import { call, Problem } from "./http.js";
import { translate } from "./i18n.js";
import * as keys from "./key.js";
import { resume } from "./pipeline.js";
import { pause } from "./pause.js";
import { meet, refreshUsage, service } from "./service.js";
import { restore } from "./settings.js";
import { showSources } from "./sources.js";
import { watchConnection } from "./views/banner.js";
import { gallery } from "./views/gallery.js";
import { header, showLoad } from "./views/header.js";
import { hero } from "./views/hero.js";
import { openIntake } from "./views/intake.js";
import { askForKey } from "./views/key_dialog.js";
import { speak } from "./views/live.js";
import { settingsPanel } from "./views/settings_panel.js";
import { toast } from "./views/toasts.js";
import { showUsage } from "./views/usage.js";
import { openViewer } from "./views/viewer.js";
import { problemWords } from "./views/wording.js";
import { watch } from "./watcher.js";

const AGAIN_MS = 5000; // after a failure that no key would help
const LOAD_EVERY_MS = 10_000;
const BUSY_LOAD_EVERY_MS = 3000;

async function start() {
  translate(document.documentElement);
  withIcons(document);
  header({ onKey: () => askForKey(null, { canForget: true }).then(again) });
  watchConnection();
  hero();
  gallery({ onOpen: openViewer });
  speak();
  showSources();
  await comeIn();
  restore();
  settingsPanel();
  openIntake();
  album.restore(service.caller);
  album.follow();
  resume();
  showUsage();
  keys.wanted.on(comeInAgain);
  window.addEventListener("beforeunload", holdUploads);
  watch();
  showLoadNowAndThen();
  refreshWhenDone();
}

/** Meet the service, with a key where it wants one. */
async function comeIn() {
  for (;;) {
    try {
      return await meet();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 403) await askForKey("key.forbidden");
      else if (error.status === 401) await askForKey(keys.key() ? "key.wrong" : null);
      else {
        toast("said", { words: problemWords(error) });
        await pause(AGAIN_MS);
      }
    }
  }
}

let comingIn = null;

/** The key is not good any more: ask for another, once for all the requests that were refused. */
function comeInAgain() {
  comingIn ??= askForKey("key.wrong")
    .then(again)
    .finally(() => (comingIn = null));
}

/** Another key may be another caller: the page begins anew as his. */
async function again() {
  const before = service.caller;
  await comeIn();
  restore();
  if (service.caller === before) return;
  album.restore(service.caller);
  resume();
}

/** Ask before a reload that would break an upload off. */
function holdUploads(event) {
  const isSending = album.all().some(({ phase }) => ["reading", "waiting", "uploading"].includes(phase));
  if (isSending) event.preventDefault();
}

async function showLoadNowAndThen() {
  for (;;) {
    if (!document.hidden) {
      await call("GET", "v1/queue").then(({ body }) => showLoad(body), () => {});
    }
    await pause(isBusy() ? BUSY_LOAD_EVERY_MS : LOAD_EVERY_MS);
  }
}

const isBusy = () => album.all().some(({ phase }) => album.BUSY.has(phase));

/** What is left of the day's share, whenever nothing is under way any more. */
function refreshWhenDone() {
  let wasBusy = false;
  album.changed.on(() => {
    const busy = isBusy();
    if (wasBusy && !busy) refreshUsage().catch(() => {});
    wasBusy = busy;
  });
}

start();
