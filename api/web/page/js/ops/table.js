// A table: columns that have names, rows of nodes, and a sentence where there are no rows.

import { make } from "../dom.js";
import { say } from "../i18n.js";

/** A cell's text. */
export const text = (words) => document.createTextNode(words);

/** A cell that says a sentence. */
export function sentence(name, values) {
  const node = make("span");
  say(node, name, values);
  return node;
}

/**
 * Fill a frame with a table.
 *
 * @param {HTMLElement} frame
 * @param {{name: string, kind?: string}[]} columns name of a sentence; kind is a class of its cells
 * @param {Node[][]} rows
 * @param {string} empty name of the sentence that stands there without rows
 */
export function showTable(frame, columns, rows, empty) {
  if (!rows.length) {
    const words = make("p.muted");
    say(words, empty);
    frame.replaceChildren(words);
    return;
  }
  const head = make("tr", {}, ...columns.map(headCell));
  const body = rows.map((cells) =>
    make("tr", {}, ...cells.map((cell, at) => make("td", { className: columns[at].kind ?? "" }, cell))),
  );
  frame.replaceChildren(make("table.figures", {}, make("thead", {}, head), make("tbody", {}, ...body)));
}

function headCell({ name, kind, isUnseen }) {
  const node = make("th", { scope: "col", className: kind ?? "" });
  const words = make(isUnseen ? "span.unseen" : "span");
  say(words, name);
  node.append(words);
  return node;
}
