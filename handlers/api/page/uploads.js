"use strict";

// Uploading: policies just in time and in chunks, a few files at once, until each is stored.

const SENDERS = 4; // files uploaded at the same time
const CHUNK = 25; // policies asked for in one call
const STALLED_AFTER = 60_000; // milliseconds without any progress
const MARGIN = 10_000; // milliseconds that a policy has to live when an upload starts
const LOOK_AGAIN = 1_000; // milliseconds; a machine that slept meanwhile has to look at the clock
const SIGNED_AGAIN = new Set([403, 408]); // S3 answers 403 to an expired policy

class Uploads {
  #waiting = [];
  #signed = [];
  #signing = null;
  #senders = 0;
  #changed;
  #stored;
  #paused;

  /**
   * `changed(item)` is called whenever an item's `state` or `sent` changes, `stored(item)` once S3 has it,
   * `paused(sentence)` while all that is left waits, and without a sentence when it goes on.
   */
  constructor({ changed, stored, paused }) {
    this.#changed = changed;
    this.#stored = stored;
    this.#paused = paused;
  }

  add(item) {
    this.#move(item, "waiting");
    if (!item.file.size) return this.#fail(item, REASONS.EmptyObject, "refused");
    this.#waiting.push(item);
    this.#open();
  }

  cancel(item) {
    item.cancelled = true;
    this.#waiting = this.#waiting.filter((other) => other !== item);
    item.request?.abort();
  }

  #open() {
    if (this.#senders === SENDERS) return;
    this.#senders += 1;
    // After this task, so that a drop of many files is asked for in whole chunks.
    setTimeout(() => this.#sendAll());
  }

  async #sendAll() {
    for (let item; (item = await this.#next()); ) {
      await this.#send(item).catch((error) => this.#fail(item, sentenceOf(error), "failed"));
    }
    this.#senders -= 1;
    if (this.#waiting.length) this.#open(); // something was added while this sender was closing
  }

  async #next() {
    while (!this.#signed.length) {
      if (!this.#waiting.length && !this.#signing) return null;
      this.#signing ??= this.#signChunk().finally(() => (this.#signing = null));
      await this.#signing;
    }
    return this.#signed.shift();
  }

  async #signChunk() {
    const { batch } = this.#waiting[0];
    const end = this.#waiting.findIndex((item, at) => at === CHUNK || item.batch !== batch);
    const chunk = this.#waiting.splice(0, end === -1 ? this.#waiting.length : end);
    try {
      await this.#sign(chunk);
      this.#signed.push(...chunk.filter((item) => item.policy && !item.cancelled));
    } catch (error) {
      if (error instanceof QuotaReached) return this.#pause(chunk, error);
      for (const item of chunk) this.#fail(item, sentenceOf(error), "failed");
    }
  }

  /** What is still to be announced. */
  get unannounced() {
    const items = this.#waiting.filter((item) => !item.imageId);
    return { images: items.length, bytes: items.reduce((bytes, item) => bytes + item.file.size, 0) };
  }

  async #pause(items, reached) {
    const until = Date.now() + reached.seconds * 1000;
    this.#putBack(items);
    this.#paused(quotaSentence(reached, until));
    while (this.#waiting.length && Date.now() < until) await sleep(LOOK_AGAIN);
    this.#paused("");
  }

  #putBack(items) {
    this.#waiting.unshift(...items.filter((item) => !item.cancelled));
  }

  /**
   * Ask for the policies of items of one batch; one that gets none is done with, or starts anew.
   * Those beyond a quota wait; throws QuotaReached if all are.
   */
  async #sign(items) {
    const asked = items.map((item) => ({
      name: item.name.slice(0, 1024),
      contentType: item.type,
      bytes: item.file.size,
      ...(item.imageId && { imageId: item.imageId }),
    }));
    const { files } = await announceFiles(items[0].batch, asked);
    const beyond = [];
    for (const [at, item] of items.entries()) {
      const { upload, imageId, lane, error } = files[at];
      item.policy = upload ? { ...upload, goodUntil: Date.now() + lifetime(upload) } : null;
      if (upload) Object.assign(item, { imageId, lane });
      else if (problemCode(error) === "quota-exceeded") beyond.push(item);
      else if (item.imageId) await this.#settleUnsigned(item, error);
      else this.#fail(item, problemSentence(error), "refused");
    }
    this.#putBack(beyond);
  }

  /** An image is not signed again when it has arrived in the meantime, or when its row is gone. */
  async #settleUnsigned(item, error) {
    if (await this.#arrived(item)) this.#finish(item);
    else if (item.imageId) this.#fail(item, problemSentence(error), "failed");
    else this.#waiting.push(item);
  }

  async #arrived(item) {
    try {
      return (await getImage(item.imageId)).status !== "PENDING";
    } catch (error) {
      if (error.status !== 404) throw error;
      item.imageId = null;
      return false;
    }
  }

  async #send(item) {
    for (let attempt = 0; !item.cancelled; attempt++) {
      if (!item.policy || Date.now() > item.policy.goodUntil) {
        await this.#sign([item]);
        if (!item.policy) return;
      }
      if (!(await isReadable(item.file))) return this.#fail(item, UNREADABLE, "failed");
      this.#move(item, "uploading");
      const { status, code } = await this.#post(item);
      if (item.cancelled) return;
      if (status >= 200 && status < 300) return this.#finish(item);
      if (status >= 400 && status < 500 && !SIGNED_AGAIN.has(status)) {
        return this.#fail(item, code === "EntityTooLarge" ? REASONS.TooLarge : NOT_STORED, "failed");
      }
      if (navigator.onLine && attempt + 1 >= TRIES) {
        return this.#fail(item, status ? NOT_STORED : NO_CONNECTION, "failed");
      }
      this.#move(item, "interrupted");
      await pauseBefore(attempt);
      // The bytes may have arrived although the answer did not: then there is nothing to sign.
      item.policy = null;
    }
  }

  #post(item) {
    const form = new FormData();
    for (const [name, value] of Object.entries(item.policy.fields)) form.append(name, value);
    form.append("file", item.file);
    const request = new XMLHttpRequest();
    item.request = request;
    return new Promise((resolve) => {
      const watch = stallWatch(() => request.abort());
      request.upload.addEventListener("progress", (event) => {
        watch.progress();
        // The form is a little more than the file.
        item.sent = event.total ? Math.min(1, event.loaded / event.total) : 0;
        this.#changed(item);
      });
      request.addEventListener("loadend", () => {
        watch.end();
        item.request = null;
        resolve({ status: request.status, code: /<Code>(\w+)<\/Code>/.exec(request.responseText)?.[1] });
      });
      request.open("POST", item.policy.url);
      request.send(form);
    });
  }

  #finish(item) {
    item.policy = null;
    item.sent = 1;
    this.#move(item, "processing");
    this.#stored(item);
  }

  #fail(item, sentence, state) {
    if (item.cancelled) return;
    item.sentence = sentence;
    item.policy = null;
    item.sent = 0;
    this.#move(item, state);
  }

  #move(item, state) {
    item.state = state;
    this.#changed(item);
  }
}

/** How long a policy lives, in milliseconds: from its own dates, since clocks of clients are off. */
function lifetime(upload) {
  const signed = upload.fields["x-amz-date"].replace(/(....)(..)(..)T(..)(..)/, "$1-$2-$3T$4:$5:");
  return Date.parse(upload.expiresAt) - Date.parse(signed) - MARGIN;
}

function isReadable(file) {
  return file.slice(0, 1).arrayBuffer().then(() => true, () => false);
}

function sentenceOf(error) {
  return error instanceof Refusal ? error.message : NO_CONNECTION;
}

function stallWatch(stalled) {
  let timer = setTimeout(stalled, STALLED_AFTER);
  return {
    progress() {
      clearTimeout(timer);
      timer = setTimeout(stalled, STALLED_AFTER);
    },
    end: () => clearTimeout(timer),
  };
}
