"use strict";

// Following a batch until every image of it is READY, REJECTED or FAILED.

const FIRST_LOOK = 400; // milliseconds
const RAREST_LOOK = 5_000;
const FEW = 4; // with no more than this many, asking for each costs less than asking for the batch

class Following {
  #batch;
  #settled;
  #waiting = [];
  #found = 0;
  #running = false;

  /** `settled(item, image)` is called with the image document, or null if the image is gone. */
  constructor(batch, settled) {
    this.#batch = batch;
    this.#settled = settled;
  }

  watch(item) {
    this.#waiting.push(item);
    if (!this.#running) this.#run();
  }

  async #run() {
    this.#running = true;
    for (let pause = FIRST_LOOK; this.#waiting.length; ) {
      await sleep(pause);
      const before = this.#found;
      // Whatever goes wrong here is only a look that failed: the next one comes.
      await this.#look().catch(() => {});
      pause = this.#found > before ? FIRST_LOOK : Math.min(pause * 1.5, RAREST_LOOK);
    }
    this.#running = false;
  }

  /** The batch says how many are settled; then as many are asked for, the longest waiting first. */
  async #look() {
    const few = this.#waiting.length <= FEW;
    const asked = this.#waiting.splice(0, few ? FEW : (await this.#ahead()) + FEW);
    const still = [];
    const asker = async () => {
      for (let item; (item = asked.shift()); ) if (!(await this.#ask(item))) still.push(item);
    };
    await Promise.allSettled(Array.from({ length: SENDERS }, asker));
    this.#waiting.push(...still);
  }

  async #ahead() {
    const { counts } = await getBatch(this.#batch);
    return Math.max(0, counts.READY + counts.REJECTED + counts.FAILED - this.#found);
  }

  async #ask(item) {
    const image = await getImage(item.imageId).catch((error) => (error.status === 404 ? null : undefined));
    if (image === undefined || image?.status === "PENDING") return false;
    this.#found += 1;
    this.#settled(item, image);
    return true;
  }
}
