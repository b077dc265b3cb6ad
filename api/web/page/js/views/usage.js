// What the caller has used up today, at the foot of the page.

import { make } from "../dom.js";
import { say } from "../i18n.js";
import { changed, service } from "../service.js";

const foot = document.getElementById("usage");

/** Keep the line true. */
export function showUsage() {
  changed.on(show);
  show();
}

function show() {
  const { answers, megapixels } = service.usage;
  const pictures = Object.values(answers).reduce((sum, count) => sum + count, 0);
  const parts = [["usage.pictures", { count: { number: pictures } }]];
  if (answers.hit) parts.push(["usage.hits", { count: { number: answers.hit } }]);
  if (megapixels.limit !== null) {
    const left = { number: megapixels.left };
    parts.push(["usage.left", { left, limit: { number: megapixels.limit } }]);
  }
  const nodes = parts.map(([name, values]) => {
    const node = make("span");
    say(node, name, values);
    return node;
  });
  foot.replaceChildren(...nodes.flatMap((node, index) => (index ? [" · ", node] : [node])));
}
