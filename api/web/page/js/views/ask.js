// Asks before something that cannot be undone.

import { make } from "../dom.js";
import { say } from "../i18n.js";

const dialog = document.getElementById("ask-dialog");

function said(tag, name, properties) {
  const node = make(tag, properties);
  say(node, name);
  return node;
}

/** Ask by the sentences `NAME.title`, `.words`, `.yes` and `.no`; whether it was affirmed. */
export function ask(name) {
  const form = make(
    "form",
    { method: "dialog" },
    said("h2", `${name}.title`, { id: "ask-title" }),
    said("p", `${name}.words`, { className: "muted" }),
    make(
      "div.box-buttons",
      {},
      make("button", { value: "no" }, said("span", `${name}.no`)),
      make("button.primary", { value: "yes" }, said("span", `${name}.yes`)),
    ),
  );
  dialog.replaceChildren(form);
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "yes");
  });
}
