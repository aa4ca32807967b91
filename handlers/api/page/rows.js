"use strict";

// The list of uploads: one row a file, the summary above them, and what a screen reader is told.

const MOST_ROWS = 120; // more files than this get their row when their turn comes
const ANNOUNCE_AFTER = 1_000; // milliseconds
const DONE = new Set(["ready", "refused", "failed"]);
const OVER = { retry: new Set(["failed"]), cancel: new Set(["waiting", "uploading", "interrupted"]) };

class Rows {
  #list = document.getElementById("rows");
  #template = document.getElementById("row-template");
  #rows = new Map(); // item -> elements
  #items = new Set();
  #drawing = 0;
  #announcing = 0;
  #actions;

  /** `actions` has `retry(item)` and `cancel(item)`, which the buttons of a row call. */
  constructor(actions) {
    this.#actions = actions;
    document.getElementById("clear").addEventListener("click", () => this.#clear());
    document.getElementById("retry-failed").addEventListener("click", () => {
      for (const item of this.#items) if (item.state === "failed") this.#actions.retry(item);
    });
  }

  get busy() {
    return [...this.#items].some((item) => OVER.cancel.has(item.state));
  }

  /** Show an item as it is now. */
  update(item) {
    this.#items.add(item);
    const row = this.#rows.get(item) ?? (this.#mayHaveRow(item) ? this.#open(item) : null);
    if (row) this.#fill(row, item);
    // Summing up thousands of files is done once a frame at most.
    this.#drawing ||= requestAnimationFrame(() => {
      this.#drawing = 0;
      this.#summarise();
    });
  }

  remove(item) {
    this.#items.delete(item);
    const row = this.#rows.get(item);
    this.#rows.delete(item);
    if (row?.element.contains(document.activeElement)) this.#focusAfter(row.element);
    row?.element.remove();
    this.#summarise();
  }

  #mayHaveRow(item) {
    if (this.#rows.size < MOST_ROWS || item.state === "failed" || item.state === "refused") return true;
    if (item.state === "waiting") return false;
    const done = [...this.#rows.keys()].find((other) => other.state === "ready");
    if (!done) return false;
    this.#rows.get(done).element.remove();
    this.#rows.delete(done);
    return true;
  }

  #open(item) {
    const element = this.#template.content.cloneNode(true).firstElementChild;
    const part = (selector) => element.querySelector(selector);
    const row = {
      element,
      picture: part(".picture"),
      state: part(".state"),
      progress: part("progress"),
      retry: part(".retry"),
      cancel: part(".cancel"),
    };
    part(".name").textContent = item.name;
    row.progress.setAttribute("aria-label", `Upload of ${item.name}`);
    for (const action of ["retry", "cancel"]) {
      row[action].setAttribute("aria-label", `${row[action].textContent}: ${item.name}`);
      row[action].addEventListener("click", () => this.#actions[action](item));
    }
    this.#rows.set(item, row);
    this.#list.append(element);
    return row;
  }

  #fill(row, item) {
    row.element.dataset.state = item.state;
    row.state.textContent = stateSentence(item);
    row.progress.hidden = item.state !== "uploading" && item.state !== "interrupted";
    row.progress.value = item.sent;
    for (const action of ["retry", "cancel"]) {
      const available = OVER[action].has(item.state);
      if (!available && row[action] === document.activeElement) this.#focusAfter(row.element);
      row[action].hidden = !available;
    }
    if (item.state === "ready" && !row.picture.firstChild) showPicture(row.picture, item.image, 64, "");
  }

  /** A button that goes away while it has the focus hands it on, instead of dropping it. */
  #focusAfter(element) {
    const next = element.nextElementSibling?.querySelector("button:not([hidden])");
    (next ?? document.getElementById("uploads-title")).focus();
  }

  #clear() {
    for (const item of this.#items) if (DONE.has(item.state)) this.remove(item);
    document.getElementById(this.#items.size ? "uploads-title" : "choose-files").focus();
  }

  #summarise() {
    const counts = { all: this.#items.size, ready: 0, refused: 0, failed: 0, processing: 0 };
    let total = 0;
    let sent = 0;
    for (const item of this.#items) {
      counts[item.state] = (counts[item.state] ?? 0) + 1;
      total += item.file.size;
      sent += DONE.has(item.state) || item.state === "processing" ? item.file.size : item.sent * item.file.size;
    }
    const over = counts.ready + counts.refused + counts.failed;
    const sentence = summarySentence(counts, over);
    document.getElementById("uploads").hidden = !counts.all;
    document.getElementById("summary").textContent = sentence;
    const overall = document.getElementById("overall");
    overall.value = total ? sent / total : 1;
    overall.classList.toggle("over", over === counts.all);
    document.getElementById("retry-failed").hidden = counts.failed < 2;
    document.getElementById("clear").hidden = !over;
    const unlisted = document.getElementById("unlisted");
    unlisted.hidden = counts.all === this.#rows.size;
    unlisted.textContent = `and ${plural(counts.all - this.#rows.size, "more file", "more files")} that are not listed one by one`;
    this.#announce(sentence);
  }

  #announce(sentence) {
    clearTimeout(this.#announcing);
    this.#announcing = setTimeout(() => {
      const region = document.getElementById("announcements");
      if (region.textContent !== sentence) region.textContent = sentence;
    }, ANNOUNCE_AFTER);
  }
}

function stateSentence(item) {
  if (item.state === "uploading") return `${STATES.uploading}, ${Math.floor(item.sent * 100)} % of ${bytesInWords(item.file.size)}`;
  if (item.state === "ready") return `${STATES.ready}, ${item.image.width} × ${item.image.height}`;
  if (item.state === "processing" && item.lane === "bulk") return STATES.queued;
  return item.sentence && DONE.has(item.state) ? item.sentence : STATES[item.state];
}

function summarySentence(counts, over) {
  if (!counts.all) return "";
  const parts = [`${counts.ready.toLocaleString("en")} of ${plural(counts.all, "file", "files")} ready`];
  if (counts.refused) parts.push(`${counts.refused.toLocaleString("en")} refused`);
  if (counts.failed) parts.push(`${counts.failed.toLocaleString("en")} failed`);
  if (counts.processing) parts.push(`${counts.processing.toLocaleString("en")} being processed`);
  const left = counts.all - over - counts.processing;
  if (left) parts.push(`${left.toLocaleString("en")} to upload`);
  return parts.join(", ");
}
