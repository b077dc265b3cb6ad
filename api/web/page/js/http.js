// Calls of the API. Every failure is a Problem (the API's own words) or a Lost (nobody answered).
// Addresses are relative to the page: the service may live behind a path of its own.

import { credentials, wanted } from "./key.js";

const ANSWER_MS = 30_000;

/** The API refused: its stable code, status, sentence and pause. */
export class Problem extends Error {
  constructor({ code, status, detail, errors }, retryAfterS) {
    super(detail);
    this.code = code;
    this.status = status;
    this.errors = errors ?? [];
    this.retryAfterS = retryAfterS;
  }

  /** Whether the moment was the reason: the same request may pass later. */
  get isPassing() {
    return this.status === 503 || this.status === 408 || PASSING.has(this.code);
  }
}

const PASSING = new Set(["rate_limited", "queue_full_for_key"]);

/** Nobody answered: no network, or no service. */
export class Lost extends Error {}

/** Read the Problem out of an answer that is an error; text is its body. */
export function problemOf(status, text, retryAfter) {
  let body = {};
  try {
    body = JSON.parse(text);
  } catch {
    // Not ours: a proxy's page, perhaps.
  }
  if (status === 401) wanted.emit();
  const seconds = Number.parseInt(retryAfter ?? "", 10);
  // A proxy that reaches nobody behind it says so with these.
  if (!body.code && [502, 503, 504].includes(status)) return new Lost(`HTTP ${status}`);
  const known = { code: body.code ?? `http_${status}`, detail: body.detail ?? `HTTP ${status}` };
  return new Problem({ ...body, ...known, status }, Number.isNaN(seconds) ? null : seconds);
}

/**
 * Send a request and return {body, waited, retryAfterS}.
 *
 * @param {string} method
 * @param {string} path relative, e.g. "v1/jobs"
 * @param {{form?: object, json?: object, waitS?: number, headers?: object, abort?: AbortSignal}} options
 */
export async function call(method, path, options = {}) {
  const { form, json, waitS = 0, headers = {}, abort } = options;
  const timeout = AbortSignal.timeout(ANSWER_MS + waitS * 1000);
  const sent = { ...credentials(), ...headers };
  if (waitS) sent.Prefer = `wait=${waitS}`;
  if (json) sent["Content-Type"] = "application/json";
  let answer;
  let text;
  try {
    answer = await fetch(path, {
      method,
      headers: sent,
      body: json ? JSON.stringify(json) : form && formOf(form),
      signal: abort ? AbortSignal.any([abort, timeout]) : timeout,
      // `cache` stays as it is: "no-store" would send Cache-Control: no-cache, and render anew.
      credentials: "omit",
      redirect: "error",
    });
    text = await answer.text();
  } catch (error) {
    if (abort?.aborted) throw abort.reason;
    throw new Lost(String(error));
  }
  const retryAfter = answer.headers.get("Retry-After");
  if (!answer.ok) throw problemOf(answer.status, text, retryAfter);
  return {
    body: bodyOf(text),
    waited: answer.headers.has("Preference-Applied"),
    retryAfterS: Number.parseInt(retryAfter ?? "", 10) || null,
  };
}

/** Read an answer; what is no JSON came from somebody in between, such as a network's log-in page. */
export function bodyOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Lost("not the service's answer");
  }
}

function formOf(fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== null && value !== undefined) form.append(name, value);
  }
  return form;
}
