// Takes photos in: dropped anywhere on the page, pasted, chosen, or taken with a telephone's camera.

import { say } from "../i18n.js";
import { take } from "../pipeline.js";
import { acceptedTypes } from "../reading.js";
import { service } from "../service.js";
import { toast } from "./toasts.js";

const byId = (id) => document.getElementById(id);
const NAMES = { "image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WebP", "image/avif": "AVIF", "image/gif": "GIF", "image/heic": "HEIC", "image/heif": "HEIC" };

/** Let photos come in from now on. */
export function openIntake() {
  const files = byId("files");
  const shot = byId("shot");
  showKinds();
  files.accept = acceptedTypes(service.limits);
  for (const [button, input] of [["pick", files], ["camera", shot]]) {
    byId(button).disabled = false;
    byId(button).onclick = () => input.click();
    input.onchange = () => {
      taken([...input.files]);
      input.value = ""; // the same file again is a change too
    };
  }
  listenForDrops();
  document.onpaste = (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (pasted.length) taken(pasted);
  };
}

function showKinds() {
  const { content_types: types, max_upload_bytes: most } = service.limits;
  const kinds = [...new Set(types.map((type) => NAMES[type] ?? type))].join(", ");
  say(byId("intake-kinds"), "intake.kinds", { kinds, most: { bytes: most } });
}

function taken(files) {
  if (files.length) take(files);
  else toast("intake.none");
}

function listenForDrops() {
  const veil = byId("drop-veil");
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  document.ondragover = (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    veil.hidden = false;
  };
  document.ondragleave = (event) => {
    if (!event.relatedTarget) veil.hidden = true; // out of the window
  };
  document.ondrop = async (event) => {
    veil.hidden = true;
    if (!holdsFiles(event)) return;
    event.preventDefault();
    taken(await filesIn(event.dataTransfer));
  };
}

/** The files of a drop, those in dropped folders included. */
async function filesIn(transfer) {
  // Both must be read before the first await: the browser empties them then.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.());
  const plain = [...transfer.files];
  if (!entries.some((entry) => entry?.isDirectory)) return plain;
  const found = await Promise.all(entries.filter(Boolean).map(filesBelow));
  return found.flat();
}

async function filesBelow(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
    return file && !file.name.startsWith(".") ? [file] : [];
  }
  const reader = entry.createReader();
  const inside = [];
  for (;;) {
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!some.length) break; // it gives a hundred at a time
    inside.push(...some);
  }
  return (await Promise.all(inside.map(filesBelow))).flat();
}
