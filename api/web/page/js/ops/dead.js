// Dead jobs: what failed for good, of all callers; each may be retried or purged.

import { patiently } from "../connection.js";
import { icon, make } from "../dom.js";
import { Lost, Problem, call } from "../http.js";
import { knows, label } from "../i18n.js";
import { ask } from "../views/ask.js";
import { toast } from "../views/toasts.js";
import { sentence, showTable, text } from "./table.js";

const byId = (id) => document.getElementById(id);
const PAGE = 20;
const COLUMNS = [
  { name: "ops.died", kind: "is-narrow" },
  { name: "ops.caller" },
  { name: "ops.style", kind: "is-narrow" },
  { name: "ops.cause" },
  { name: "ops.job" },
  { name: "ops.actions", kind: "is-number", isUnseen: true },
];

let letters = [];
let cursor = null;
let shown = "";

/** Bring the buttons to life. */
export function deadJobs() {
  byId("dead-more").addEventListener("click", () => more().catch(tell));
  byId("purge-all").addEventListener("click", async () => {
    if (await ask("ops.purge")) await change("DELETE", "v1/admin/dead", "ops.purged.all");
  });
}

/** Look anew; as many as are shown now. */
export async function refreshDead() {
  const most = Math.max(PAGE, letters.length);
  const { body } = await call("GET", `v1/admin/dead?limit=${Math.min(most, 1000)}`);
  letters = body.data;
  cursor = body.next_cursor;
  show();
}

async function more() {
  const { body } = await patiently(() => call("GET", `v1/admin/dead?limit=${PAGE}&cursor=${encodeURIComponent(cursor)}`));
  letters = [...letters, ...body.data];
  cursor = body.next_cursor;
  show();
}

function show() {
  byId("dead-more").hidden = cursor === null;
  byId("purge-all").hidden = !letters.length;
  const seen = letters.map((each) => `${each.job_id}/${each.run}/${each.retryable}`).join();
  if (seen === shown && letters.length) return; // buttons stay where the focus is
  shown = seen;
  showTable(byId("dead"), COLUMNS, letters.map(row), "ops.dead.none");
}

function row(letter) {
  return [
    sentence("said", { words: { time: letter.died_at } }),
    text(letter.caller),
    text(letter.style),
    cause(letter),
    make("code", { textContent: letter.job_id }),
    buttons(letter),
  ];
}

function cause({ code, message, attempts }) {
  const known = knows(`ops.cause.${code}`) ? sentence(`ops.cause.${code}`) : text(message);
  return make("span", { title: code }, known, " ", sentence("ops.attempts", { count: { number: attempts } }));
}

function buttons({ job_id: id, caller, retryable }) {
  const retry = make("button.small", { disabled: !retryable }, icon("retry"), sentence("ops.retry"));
  label(retry, retryable ? "ops.retry.of" : "ops.retry.gone", { caller });
  retry.addEventListener("click", () => change("POST", `v1/admin/dead/${id}/retry`, "ops.retried"));
  const purge = make("button.small.only-icon", {}, icon("remove"));
  label(purge, "ops.purge.of", { caller });
  purge.addEventListener("click", () => change("DELETE", `v1/admin/dead/${id}`, "ops.purged"));
  return make("span.row-buttons", {}, retry, purge);
}

async function change(method, path, done) {
  try {
    await call(method, path);
    toast(done);
    await refreshDead();
  } catch (error) {
    tell(error);
  }
}

function tell(error) {
  if (error instanceof Problem) toast("said", { words: error.message });
  else if (error instanceof Lost) toast("ops.lost");
  else throw error;
}
