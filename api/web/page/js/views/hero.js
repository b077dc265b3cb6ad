// The picture of an empty page: a photo and what the chosen style makes of it, at the chosen strength.

import { Compare } from "../compare.js";
import { make } from "../dom.js";
import { label, say } from "../i18n.js";
import { hasSample, PHOTO, wholeSample } from "../samples.js";
import * as settings from "../settings.js";

const SIDES = { width: 512, height: 384 };
const FIRST = "ink"; // until the service has said what it draws

/** Put the sample onto the page; it follows the look that is chosen. */
export function hero() {
  const compare = new Compare();
  const figure = document.getElementById("hero");
  label(compare.node, "compare.sample", null, { title: false });
  compare.node.setAttribute("role", "group");
  figure.append(tag("viewer.before", "is-before"), tag("viewer.after", "is-after"), compare.node);
  const show = ({ style, strength }) => {
    const after = wholeSample(hasSample(style) ? style : FIRST);
    // Strength mixes photo and cartoon in equal steps, as this does (worker/images/blend.py).
    compare.show({ before: PHOTO, after, ...SIDES, opacity: strength });
  };
  settings.changed.on(show);
  show({ style: FIRST, strength: settings.current().strength });
}

function tag(name, kind) {
  const node = make(`span.compare-tag.${kind}`);
  say(node, name);
  return node;
}
