// The operator's view: looks at the service every few seconds, with a key that may.

import { patiently } from "../connection.js";
import { withIcons } from "../dom.js";
import { Problem, call } from "../http.js";
import { learn, say, translate } from "../i18n.js";
import * as keys from "../key.js";
import { pause } from "../pause.js";
import { watchConnection } from "../views/banner.js";
import { header } from "../views/header.js";
import { askForKey } from "../views/key_dialog.js";
import { deadJobs, refreshDead } from "./dead.js";
import { showTables } from "./tables.js";
import { showTiles } from "./tiles.js";
import en from "./words_en.js";
import zh from "./words_zh.js";

const LOOK_EVERY_MS = 5000;

async function start() {
  learn({ en, zh });
  translate(document.documentElement);
  withIcons(document);
  header({ onKey: () => askForKey(null, { canForget: true }) });
  watchConnection();
  deadJobs();
  for (;;) {
    if (!document.hidden) await look();
    await pause(LOOK_EVERY_MS);
  }
}

async function look() {
  try {
    const { body } = await patiently(() => call("GET", "v1/admin/overview"));
    showTiles(body);
    showTables(body);
    say(document.getElementById("seen"), "ops.seen", { time: { time: body.now } });
    await patiently(refreshDead);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const isKnown = error.status === 403;
    await askForKey(isKnown ? "ops.forbidden" : keys.key() ? "key.wrong" : null);
    await look();
  }
}

start();
