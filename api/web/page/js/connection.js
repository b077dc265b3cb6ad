// The connection to the service: says when it is lost, and when it is back.

import { Lost, Problem } from "./http.js";
import { pause } from "./pause.js";
import { Signal } from "./signal.js";

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 15_000;
const PROBE_MS = 5000;

/** Whether the service can be reached, as far as we know. */
let isLost = false;
let again = new AbortController();
let returning = null;

/** Tells {isLost, nextMs}: how long until the next try. */
export const changed = new Signal();

/** A promise that the service answers again; all who ask share the same tries. */
export function back() {
  returning ??= untilItAnswers().finally(() => (returning = null));
  return returning;
}

/** Try at once. */
export function tryNow() {
  again.abort();
}

async function untilItAnswers() {
  let pauseMs = FIRST_PAUSE_MS;
  while (!(await answers())) {
    isLost = true;
    changed.emit({ isLost, nextMs: pauseMs });
    again = new AbortController();
    await pause(pauseMs, again.signal).catch(() => {});
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
  if (isLost) {
    isLost = false;
    changed.emit({ isLost, nextMs: 0 });
  }
}

async function answers() {
  try {
    const answer = await fetch("healthz", {
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(PROBE_MS),
    });
    return answer.ok;
  } catch {
    return false;
  }
}

window.addEventListener("online", tryNow);

const SHORTEST_WAIT_S = 1;
const LONGEST_WAIT_S = 60;

/**
 * Do something until it succeeds, as long as only the moment is against it.
 *
 * @param {() => Promise} attempt
 * @param {{abort?: AbortSignal, onWait?: (problem: Problem|null) => void}} options onWait hears why
 *   there is a pause: a Problem, or null when the connection is lost
 */
export async function patiently(attempt, { abort, onWait = () => {} } = {}) {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      abort?.throwIfAborted();
      if (error instanceof Lost) {
        onWait(null);
        await back();
        // A service that answers probes and breaks off all else must not be asked without a pause.
        await pause(FIRST_PAUSE_MS, abort);
      } else if (error instanceof Problem && error.isPassing) {
        onWait(error);
        const seconds = Math.max(error.retryAfterS ?? SHORTEST_WAIT_S, SHORTEST_WAIT_S);
        await pause(Math.min(seconds, LONGEST_WAIT_S) * 1000, abort);
      } else throw error;
    }
  }
}
