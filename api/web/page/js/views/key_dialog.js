// Asks for an API key, where the service wants one. The field is a password's: nobody looking over a
// shoulder reads it, and no browser puts it into an address.

import { make } from "../dom.js";
import { label, say } from "../i18n.js";
import * as keys from "../key.js";

const dialog = document.getElementById("key-dialog");
let asking = null; // one question at a time, whoever wants to know

function said(tag, name, properties) {
  const node = make(tag, properties);
  say(node, name);
  return node;
}

/**
 * Ask until a key was given; resolves with nothing once it lies in `keys`.
 *
 * @param {string|null} why name of a sentence that says what is wrong with the one before
 * @param {boolean} canForget whether there is one to forget, and the dialog may be closed
 */
export function askForKey(why, { canForget = false } = {}) {
  asking ??= ask(why, canForget).finally(() => (asking = null));
  return asking;
}

function ask(why, canForget) {
  const field = make("input.text-field", {
    type: "password",
    id: "key-field",
    autocomplete: "off",
    spellcheck: false,
    required: true,
    maxLength: 512,
  });
  const problem = make("p", { id: "key-problem", className: "muted", hidden: !why });
  if (why) say(problem, why);
  field.setAttribute("aria-describedby", "key-problem");
  const enter = make("button.primary", { type: "submit" }, said("span", "key.enter"));
  const forget = make("button", { type: "button", hidden: !canForget }, said("span", "key.forget"));
  const form = make(
    "form",
    { method: "dialog" },
    said("h2", "key.title", { id: "key-title" }),
    said("p", "key.words", { className: "muted" }),
    make("div.field", {}, said("label", "key.label", { htmlFor: "key-field", className: "field-head" }), field),
    problem,
    make("div.box-buttons", {}, forget, enter),
  );
  dialog.replaceChildren(form);
  label(dialog, "key.title", null, { title: false });
  dialog.showModal();
  field.focus();
  return new Promise((resolve) => {
    form.addEventListener("submit", () => {
      keys.setKey(field.value);
      field.value = "";
    });
    forget.addEventListener("click", () => {
      keys.forgetKey();
      location.reload(); // nothing of his stays on the page
    });
    dialog.oncancel = (event) => canForget || event.preventDefault();
    dialog.onclose = () => {
      dialog.replaceChildren();
      resolve();
    };
  });
}
