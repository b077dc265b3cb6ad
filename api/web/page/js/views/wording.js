// What is said of a photo's state: the sentence's name and values, for cards and the viewer alike.

import { knows } from "../i18n.js";

/** A problem as a value of a sentence: in the page's words where it has some, else in the API's. */
export function problemWords({ code, message, values }) {
  const full = `problem.${code}`;
  // What the API refused comes without the figures that our own words have.
  const name = !values && knows(`${full}.plain`) ? `${full}.plain` : full;
  return { t: name, values, other: message ?? code };
}

const said = (name, values) => ({ name, values });
const asProblem = (problem) => said("said", { words: problemWords(problem) });

/** What is said of a photo now: {name, values}. */
export function stateWords(photo) {
  if (photo.isWaiting) {
    return photo.problem ? asProblem(photo.problem) : said("state.offline");
  }
  switch (photo.phase) {
    case "uploading":
      return said("state.uploading", { percent: { percent: photo.percent / 100 } });
    case "open":
      return jobWords(photo.job);
    case "succeeded":
      return pictureWords(photo);
    case "failed":
    case "refused":
      return asProblem(photo.problem ?? { code: "internal" });
    default:
      return said(`state.${photo.phase}`);
  }
}

function jobWords(job) {
  if (!job) return said("state.unknown");
  const { stage } = job.progress;
  if (stage && stage !== "waiting") return said(`stage.${stage}`);
  const { position, eta_seconds: eta } = job.queue;
  if (position === null) return said("state.line");
  if (eta === null) return said("state.line.unmanned");
  if (position === 1 && eta < 1) return said("state.next");
  return said("state.place.eta", { place: { number: position }, eta: { seconds: Math.max(1, Math.round(eta)) } });
}

function pictureWords({ job, tookMs }) {
  if (!job?.output?.url) return said("state.gone");
  if (job.cache.status === "hit") return said("state.hit", { took: { ms: tookMs ?? 1 } });
  const { queue_ms: queued, execution_ms: took } = job.metrics;
  if (took === null) return said("state.done");
  if (queued > 1000) return said("state.queued", { took: { ms: took }, queued: { ms: queued } });
  return said("state.rendered", { took: { ms: took } });
}

/** Whether a photo's state is bad news. */
export function isBad(photo) {
  return ["failed", "refused", "interrupted", "expired"].includes(photo.phase);
}

export function isHit(photo) {
  return photo.phase === "succeeded" && photo.job?.cache.status === "hit" && Boolean(photo.job.output?.url);
}

/** A style's name in the page's language, else as its card has it. */
export function styleWords(name, style) {
  return { t: `style.${name}.title`, other: style?.title ?? name };
}
