// Makes nodes: names and texts become attributes and text nodes, never markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element.
 *
 * @param {string} tag a tag, with classes after dots: "button.icon"
 * @param {object} properties set on the element; `on` holds listeners, `data` and `aria` their kind
 * @param {...(Node|string)} children
 */
export function make(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name);
  if (classes.length) node.className = classes.join(" ");
  const { on = {}, data = {}, aria = {}, ...own } = properties;
  Object.assign(node, own);
  Object.assign(node.dataset, data);
  for (const [key, value] of Object.entries(aria)) node.setAttribute(`aria-${key}`, value);
  for (const [event, listener] of Object.entries(on)) node.addEventListener(event, listener);
  node.append(...children);
  return node;
}

// Paths on a grid of 24, drawn with round strokes.
const PATHS = {
  add: "M12 5v14M5 12h14",
  camera: "M4 8h3l2-3h6l2 3h3v11H4zM12 16.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z",
  cancel: "M6 6l12 12M18 6L6 18",
  check: "M5 12.5l4.5 4.5L19 7.5",
  compare: "M12 3v18M8 7l-4 5 4 5M16 7l4 5-4 5",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  failed: "M12 8v5M12 16.5v.5M12 3l10 18H2z",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  key: "M15 9a4 4 0 1 0-3.8 4L13 15h2v2h2v2h3v-3l-5.2-5.2A4 4 0 0 0 15 9zM10 8.5v.01",
  language: "M4 6h9M8.5 4v2M6 6c0 3.5 3 6.5 6 7.5M11.5 6c0 4-4 7.5-7.5 8.5M12 20l4.5-10L21 20M13.5 17h6",
  link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1-1",
  minus: "M5 12h14",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  next: "M9 5l7 7-7 7",
  previous: "M15 5l-7 7 7 7",
  retry: "M19 12a7 7 0 1 1-2.2-5.1M19 4v4h-4",
  remove: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
  sun: "M12 16.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6L19 19M5 19l1.4-1.4M17.6 6.4L19 5",
  zip: "M5 4h14v16H5zM12 4v2M12 8v2M12 12v2M10.5 16h3v2h-3z",
};

/** An icon that is only seen: what it means, its button says. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Put an icon before what a button of the markup says. */
export function withIcons(root) {
  for (const node of root.querySelectorAll("[data-icon]")) node.prepend(icon(node.dataset.icon));
}

/** Replace a node's icon. */
export function setIcon(node, name) {
  node.querySelector(".icon")?.remove();
  node.prepend(icon(name));
}
