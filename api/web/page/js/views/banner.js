// The line that says that the connection is lost, and goes when it is back.

import { changed, tryNow } from "../connection.js";
import { say } from "../i18n.js";
import { toast } from "./toasts.js";

const banner = document.getElementById("connection");
const words = document.getElementById("connection-words");

/** Show it whenever it is true. */
export function watchConnection() {
  document.getElementById("connection-again").addEventListener("click", tryNow);
  changed.on(({ isLost, nextMs }) => {
    banner.hidden = !isLost;
    if (isLost) say(words, "connection.lost", { pause: { seconds: nextMs / 1000 } });
    else toast("connection.back");
  });
}
