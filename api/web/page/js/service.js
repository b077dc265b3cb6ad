// What the service says of itself: who we are to it, what it takes, which styles it draws.

import { patiently } from "./connection.js";
import { call } from "./http.js";
import { Signal } from "./signal.js";

/** {caller, limits, styles, usage}; null until the service has answered. */
export const service = { caller: null, limits: null, styles: [], usage: null };

/** Styles or usage are known anew. */
export const changed = new Signal();

const STYLES_EVERY_MS = 5000; // asked again only while there are none

const ask = async (path) => (await patiently(() => call("GET", path))).body;

/** Ask for everything. Rejects with a Problem when we may not come in. */
export async function meet() {
  service.usage = await ask("v1/usage"); // the first one alone: it says whether a key is needed
  service.caller = service.usage.caller;
  [service.limits] = await Promise.all([ask("v1/limits"), refreshStyles()]);
  changed.emit();
  return service;
}

export async function refreshStyles() {
  service.styles = (await ask("v1/styles")).data;
  if (!service.styles.length) setTimeout(() => refreshStyles().then(() => changed.emit()), STYLES_EVERY_MS);
}

export async function refreshUsage() {
  service.usage = await ask("v1/usage");
  changed.emit();
}

export function styleNamed(name) {
  return service.styles.find((style) => style.name === name) ?? null;
}

export function defaultStyle() {
  return service.styles.find((style) => style.default) ?? service.styles[0] ?? null;
}
