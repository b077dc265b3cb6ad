// The tables of what is there now: workers, lines and callers.

import { make } from "../dom.js";
import { label, say } from "../i18n.js";
import { sentence, showTable, text } from "./table.js";

const byId = (id) => document.getElementById(id);

const number = (value) => sentence("said", { words: { number: value } });

const STATES = { ready: "is-good", sick: "is-bad" };

function state(name) {
  const words = make("span");
  say(words, `ops.state.${name}`);
  const node = make("span.state", {}, make("span.dot"), words);
  if (name in STATES) node.classList.add(STATES[name]);
  return node;
}

function busy(share, worker) {
  const bar = make("progress", { max: 1, value: share });
  label(bar, "ops.busy.of", { worker }, { title: false });
  const words = make("span.number");
  say(words, "said", { words: { percent: share } });
  return make("span.busy", {}, bar, words);
}

function chips(words) {
  return make("span.chips", {}, ...words.map((each) => make("span.chip", { textContent: each })));
}

const batch = ({ batch_size: mean, max_batch: most }) =>
  mean === null
    ? sentence("ops.batch.most", { most: { number: most } })
    : sentence("ops.batch", { mean: { number: mean }, most: { number: most } });

function showWorkers(workers) {
  const columns = [
    { name: "ops.worker", kind: "is-narrow" },
    { name: "ops.state" },
    { name: "ops.busy" },
    { name: "ops.batch.size", kind: "is-number" },
    { name: "ops.models" },
    { name: "ops.device" },
  ];
  const rows = workers.map((worker) => [
    text(worker.name),
    state(worker.state),
    busy(worker.busy_share, worker.name),
    batch(worker),
    chips(worker.models),
    text(worker.device),
  ]);
  showTable(byId("workers"), columns, rows, "ops.workers.none");
}

function whoWaits({ callers, counted, waiting }) {
  const node = chips(callers.map(({ caller, waiting: many }) => `${caller} ${many}`));
  if (counted < waiting) node.append(sentence("ops.counted", { count: { number: counted } }));
  return node;
}

function showLines(lines) {
  const columns = [
    { name: "ops.style", kind: "is-narrow" },
    { name: "ops.version", kind: "is-narrow" },
    { name: "ops.in_line", kind: "is-number" },
    { name: "ops.megapixels", kind: "is-number" },
    { name: "ops.who" },
  ];
  const rows = lines.map((line) => [
    text(line.style),
    make("code", { textContent: line.version }),
    number(line.waiting),
    number(line.waiting_megapixels),
    whoWaits(line),
  ]);
  showTable(byId("lines"), columns, rows, "ops.lines.none");
}

function showCallers(callers) {
  const columns = [{ name: "ops.caller" }, { name: "ops.open", kind: "is-number" }];
  const rows = callers.map(({ caller, open_jobs: open }) => [text(caller), number(open)]);
  showTable(byId("callers"), columns, rows, "ops.callers.none");
}

/** Show who works, what waits and for whom. */
export function showTables({ workers, lines, callers }) {
  showWorkers(workers);
  showLines(lines);
  showCallers(callers);
}
