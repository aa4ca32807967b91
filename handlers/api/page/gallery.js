"use strict";

// The gallery: pages of images, newest first, by status.

const PAGE = 24;
const MOST_TILES = 240; // tiles that arriving uploads may add before the list has to be loaded anew

class Gallery {
  #list = document.getElementById("tiles");
  #template = document.getElementById("tile-template");
  #more = document.getElementById("more");
  #reload = document.getElementById("reload");
  #empty = document.getElementById("empty");
  #tiles = new Map(); // imageId -> li
  #status = "";
  #cursor = null;
  #load = 0;
  #open;

  /** `open(image)` is called when a person opens an image. */
  constructor(open) {
    this.#open = open;
    this.#more.addEventListener("click", () => this.#next());
    this.#reload.addEventListener("click", () => this.show(this.#status));
    document.getElementById("filter").addEventListener("change", (event) => this.show(event.target.value));
  }

  /** Show the newest images that have a status, or all. */
  async show(status = "") {
    this.#status = status;
    this.#cursor = null;
    this.#tiles.clear();
    this.#list.replaceChildren();
    await this.#next();
  }

  /** An image that was uploaded just now. */
  add(image) {
    if (this.#status && this.#status !== image.status) return;
    if (this.#tiles.has(image.imageId)) this.#tiles.get(image.imageId).replaceWith(this.#tile(image));
    else if (this.#tiles.size < MOST_TILES) this.#list.prepend(this.#tile(image));
    this.#describe();
  }

  /** An image that was deleted; the focus goes on to the next. */
  remove(imageId) {
    const tile = this.#tiles.get(imageId);
    if (!tile) return;
    const next = tile.nextElementSibling ?? tile.previousElementSibling;
    this.#tiles.delete(imageId);
    tile.remove();
    (next?.querySelector("button") ?? document.getElementById("gallery-title")).focus();
    this.#describe();
  }

  async #next() {
    const load = ++this.#load; // an answer that comes after the filter was changed is of no use
    const grown = this.#tiles.size > 0;
    this.#list.setAttribute("aria-busy", "true");
    this.#more.disabled = true;
    try {
      const { images, cursor } = await listImages({ status: this.#status, cursor: this.#cursor, limit: PAGE });
      if (load !== this.#load) return;
      this.#cursor = cursor ?? null;
      const fresh = images.filter((image) => !this.#tiles.has(image.imageId)).map((image) => this.#tile(image));
      this.#list.append(...fresh);
      this.#describe();
      if (grown) fresh[0]?.querySelector("button").focus();
    } catch (error) {
      if (load === this.#load) this.#describe(`The gallery could not be loaded. ${sentenceOf(error)}`);
    } finally {
      if (load === this.#load) {
        this.#list.removeAttribute("aria-busy");
        this.#more.disabled = false;
      }
    }
  }

  #tile(image) {
    const tile = this.#template.content.cloneNode(true).firstElementChild;
    const name = image.fileName || image.imageId;
    tile.dataset.status = image.status;
    tile.querySelector(".name").textContent = name;
    tile.querySelector(".state").textContent = image.status === "READY" ? "" : tileSentence(image);
    tile.querySelector("button").addEventListener("click", () => this.#open(image));
    if (image.status === "READY") showPicture(tile.querySelector(".picture"), image, 190, "");
    this.#tiles.set(image.imageId, tile);
    return tile;
  }

  #describe(trouble = "") {
    const nothing = this.#status ? `No images are ${statusWord(this.#status).toLowerCase()}.` : "Nothing here yet. Your first photographs will show up in this place.";
    this.#empty.textContent = trouble || nothing;
    this.#empty.hidden = !trouble && this.#tiles.size > 0;
    this.#reload.hidden = !trouble;
    this.#more.hidden = Boolean(trouble) || !this.#cursor;
  }
}

function tileSentence(image) {
  return image.status === "PENDING" ? "Waiting for its upload or its turn" : reasonSentence(image);
}
