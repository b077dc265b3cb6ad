// Samples of the styles: pictures that the real styles drew, in the page's own files. A style that
// was brought by the operator has none there: it draws one, small and behind everybody else's
// photos, the first time somebody sees its card.

import { patiently } from "./connection.js";
import { call } from "./http.js";
import { Lanes } from "./lanes.js";
import { kept } from "./storage.js";

const FOLDER = new URL("../samples/", import.meta.url);
const KNOWN = new Set(["ink", "ink-filter", "pencil", "watercolour"]);
const WAIT_S = 30;
const LONGEST_TRIES = 10;
const SIDE_PX = 512;
export const PHOTO = new URL("photo.jpg", FOLDER).href;

/** Whether the page itself has a sample of a style that goes onto its photo. */
export function hasSample(name) {
  return KNOWN.has(name);
}

/** The whole sample photo in a style, at full strength. */
export function wholeSample(name) {
  return new URL(`${name}.jpg`, FOLDER).href;
}

const drawn = new Map();
const drawing = new Lanes(1);

/** The address of a style's sample for its card; null when there is none to be had. */
export function sampleOf(style) {
  if (KNOWN.has(style.name)) return Promise.resolve(new URL(`${style.name}-card.jpg`, FOLDER).href);
  const id = `${style.name}@${style.version}`;
  if (!drawn.has(id)) drawn.set(id, drawing.run(() => draw(style, `sample/${id}`)).catch(() => null));
  return drawn.get(id);
}

async function draw(style, name) {
  const known = kept.get(name);
  if (known) {
    const job = await call("GET", `v1/jobs/${known}`).catch(() => null);
    if (job?.body.output?.url) return job.body.output.url;
  }
  if (!style.workers.ready) return null; // nothing that would wait for a worker to come one day
  const photo = await (await fetch(PHOTO)).blob();
  const size = Math.min(style.max_size, Math.max(style.min_size, SIDE_PX));
  const form = { style: style.name, strength: 1, size, priority: "low", image: photo };
  let { body } = await patiently(() => call("POST", "v1/jobs", { form }));
  kept.set(name, body.id);
  for (let tries = 0; tries < LONGEST_TRIES && ["queued", "running"].includes(body.status); tries += 1) {
    ({ body } = await patiently(() => call("GET", `v1/jobs/${body.id}`, { waitS: WAIT_S })));
  }
  return body.output?.url ?? null;
}
