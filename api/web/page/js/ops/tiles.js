// The tiles: the figures of the last hour, each with a sparkline of its minutes.

import { make } from "../dom.js";
import { say } from "../i18n.js";
import { sparkline } from "./sparkline.js";

const list = document.getElementById("tiles");
const MINUTES = 61;
const FULL_MEMORY = 0.85; // above it nothing new is accepted
const SHORT_S = 5; // of a minute that has only begun no rate is told
const RECENT = 5; // minutes that the present pace is told from

const ratio = (part, whole) => (whole ? part / whole : null);
const perMinute = ({ pictures, seconds }) => (seconds < SHORT_S ? null : (pictures / seconds) * 60);

function recentPace(minutes) {
  const recent = minutes.slice(-RECENT);
  const sum = (name) => recent.reduce((whole, each) => whole + each[name], 0);
  return perMinute({ pictures: sum("pictures"), seconds: sum("seconds") });
}

/** What each tile shows: {name, figure, note, values, most, isBad}. */
function tilesOf({ hour, lines, running, delayed, dead, memory_share: memory }) {
  const waiting = lines.reduce((sum, line) => sum + line.waiting, 0);
  const { minutes } = hour;
  const pace = recentPace(minutes);
  const took = hour.p50_seconds;
  return [
    {
      name: "waiting",
      figure: ["said", { words: { number: waiting } }],
      note: ["ops.waiting.note", { running: { number: running }, delayed: { number: delayed } }],
      values: [...minutes.map((each) => each.waiting), waiting],
    },
    {
      name: "pictures",
      figure: pace === null ? ["ops.nothing"] : ["ops.per_minute", { rate: { number: pace } }],
      note: ["ops.pictures.note", { count: { number: hour.pictures } }],
      values: minutes.map(perMinute),
    },
    {
      name: "hits",
      figure: hour.hit_rate === null ? ["ops.nothing"] : ["said", { words: { percent: hour.hit_rate } }],
      note: ["ops.hits.note", { count: { number: hour.submissions } }],
      values: minutes.map((each) => ratio(each.hits, each.submissions)),
      most: 1,
    },
    {
      name: "latency",
      figure: took === null ? ["ops.nothing"] : ["said", { words: { ms: took * 1000 } }],
      note: took === null ? ["ops.latency.none"] : ["ops.latency.note", { slow: { ms: hour.p95_seconds * 1000 } }],
      values: minutes.map((each) => each.p50_seconds),
    },
    {
      name: "failed",
      figure: ["said", { words: { number: hour.failed } }],
      note: ["ops.failed.note", { count: { number: dead } }],
      values: minutes.map((each) => each.failed),
      isBad: hour.failed > 0,
    },
    {
      name: "memory",
      figure: ["said", { words: { percent: memory } }],
      note: ["ops.memory.note", { most: { percent: FULL_MEMORY } }],
      values: null,
      isBad: memory > FULL_MEMORY,
    },
  ];
}

/** Pad on the left: a service younger than an hour has its present at the right edge all the same. */
function padded(values) {
  return [...Array(Math.max(0, MINUTES - values.length)).fill(null), ...values];
}

function said(tag, [name, values]) {
  const node = make(tag);
  say(node, name, values);
  return node;
}

function tile({ name, figure, note, values, most, isBad }) {
  const node = make(
    "li.tile",
    { data: { tile: name } },
    said("p.tile-name", [`ops.${name}`]),
    said("p.tile-figure", figure),
    said("p.tile-note", note),
  );
  node.classList.toggle("is-bad", Boolean(isBad));
  if (values) node.append(sparkline(padded(values), most));
  return node;
}

/** Show the figures of an overview. */
export function showTiles(overview) {
  list.replaceChildren(...tilesOf(overview).map(tile));
}
