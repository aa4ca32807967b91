"use strict";

// The parts, put together.

const HANDFUL = 10; // more files than this are a long upload

const detail = new Detail((imageId) => {
  for (const [identity, item] of accepted) if (item.imageId === imageId) accepted.delete(identity);
  gallery.remove(imageId);
});
const gallery = new Gallery((image) => detail.open(image));
const rows = new Rows({ retry, cancel });
const followed = new Map(); // BatchID -> Following
const accepted = new Map(); // identity of a file -> its item
const REPEATABLE = new Set(["refused", "failed"]);
const uploads = new Uploads({
  changed: (item) => rows.update(item),
  stored: (item) => followed.get(item.batch).watch(item),
  paused(sentence) {
    notify("quota", sentence);
    notify("allowance", "");
  },
});

/** Upload files, of which there may be many and more to come; one call is one batch. */
async function uploadAll(files) {
  const batch = newBatchId();
  followed.set(batch, new Following(batch, settled));
  let count = 0;
  let repeated = 0;
  notify("repeated", "");
  for await (const file of files) {
    const identity = identityOf(file);
    if (accepted.has(identity) && !REPEATABLE.has(accepted.get(identity).state)) {
      notify("repeated", repeatedSentence((repeated += 1)));
      continue;
    }
    const item = { file, batch, name: file.name, type: contentTypeOf(file), state: "waiting", sent: 0 };
    accepted.set(identity, item);
    uploads.add(item);
    count += 1;
  }
  if (count > HANDFUL) await showAllowance();
}

/** Say what is left of the quota; where the service does not, uploads go on without. */
async function showAllowance() {
  const quota = await getQuota().catch(() => null);
  notify("allowance", quota ? allowanceSentence(quota, uploads.unannounced) : "");
}

function settled(item, image) {
  item.image = image;
  item.state = { READY: "ready", FAILED: "failed" }[image?.status] ?? "refused";
  if (item.state !== "ready") item.sentence = image ? reasonSentence(image) : PROBLEMS["unknown-image"];
  if (item.state === "failed") item.imageId = null; // to try again is to upload a new image
  rows.update(item);
  if (image) gallery.add(image);
}

function retry(item) {
  item.sentence = "";
  uploads.add(item);
}

function cancel(item) {
  uploads.cancel(item);
  accepted.delete(identityOf(item.file));
  rows.remove(item);
}

function listenForFiles() {
  const drop = document.getElementById("drop");
  let inside = 0; // dragenter and dragleave come for every element on the way
  const hover = (change) => {
    inside = Math.max(0, inside + change);
    drop.classList.toggle("over", inside > 0);
  };
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  window.addEventListener("dragenter", (event) => carriesFiles(event) && hover(1));
  window.addEventListener("dragleave", (event) => carriesFiles(event) && hover(-1));
  window.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
  window.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    hover(-inside);
    uploadAll(droppedFiles(event.dataTransfer));
  });
  for (const [button, field] of [["choose-files", "files"], ["choose-folder", "folder"]]) {
    const input = document.getElementById(field);
    document.getElementById(button).addEventListener("click", () => input.click());
    input.addEventListener("change", () => uploadAll(chosenFiles(input)));
  }
}

/** Say something for as long as it is so; an empty sentence takes it back. */
function notify(id, sentence) {
  const notice = document.getElementById(id);
  notice.textContent = sentence;
  notice.hidden = !sentence;
}

function listenForConnection() {
  const tell = () =>
    notify("offline", navigator.onLine ? "" : "You are offline. Uploads go on by themselves when the connection is back.");
  window.addEventListener("online", tell);
  window.addEventListener("offline", tell);
  tell();
}

window.addEventListener("beforeunload", (event) => {
  if (rows.busy) event.preventDefault();
});

listenForConnection();
listenForFiles();
// Not before the credentials, which are a module, are there.
document.addEventListener("DOMContentLoaded", () => gallery.show());
