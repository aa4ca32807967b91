"use strict";

// One image in a dialog: large, with its facts, and a way to delete it.

class Detail {
  #dialog = document.getElementById("detail");
  #confirm = document.getElementById("confirm");
  #image = null;
  #deleted;

  /** `deleted(imageId)` is called once the service has deleted an image. */
  constructor(deleted) {
    this.#deleted = deleted;
    document.getElementById("close").addEventListener("click", () => this.#dialog.close());
    document.getElementById("delete").addEventListener("click", () => this.#askAndDelete());
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#dialog.close(); // the backdrop
    });
  }

  /** Show an image at once as the gallery knows it, then as it is now. */
  async open(image) {
    this.#fill(image);
    this.#dialog.showModal();
    document.getElementById("detail-title").focus();
    try {
      const current = await getImage(image.imageId);
      if (this.#image === image) this.#fill(current);
    } catch (error) {
      if (this.#image === image) this.#say(sentenceOf(error));
    }
  }

  #fill(image) {
    const shownBefore = this.#image?.imageId === image.imageId && this.#image.status === image.status;
    this.#image = image;
    document.getElementById("detail-title").textContent = image.fileName || image.imageId;
    this.#say(image.status === "READY" ? "" : tileSentence(image));
    this.#dialog.querySelector("dl").replaceChildren(...facts(image));
    const viewer = this.#dialog.querySelector(".viewer");
    viewer.hidden = image.status !== "READY";
    if (viewer.hidden || !shownBefore) viewer.replaceChildren();
    if (!viewer.hidden && !shownBefore) {
      viewer.style.aspectRatio = `${image.width} / ${image.height}`;
      showPicture(viewer, image, 800, image.fileName || "The image");
    }
  }

  #say(sentence) {
    const state = this.#dialog.querySelector(".state");
    state.textContent = sentence;
    state.hidden = !sentence;
  }

  async #askAndDelete() {
    const { imageId, fileName } = this.#image;
    document.getElementById("confirm-text").textContent =
      `${fileName || imageId} and all its sizes will be deleted for everyone.`;
    this.#confirm.returnValue = "keep";
    this.#confirm.showModal();
    await new Promise((resolve) => this.#confirm.addEventListener("close", resolve, { once: true }));
    if (this.#confirm.returnValue !== "delete") return;
    const button = document.getElementById("delete");
    button.disabled = true;
    try {
      await deleteImage(imageId);
      this.#dialog.close();
      this.#deleted(imageId);
    } catch (error) {
      this.#say(`It could not be deleted. ${sentenceOf(error)}`);
    } finally {
      button.disabled = false;
    }
  }
}

function facts(image) {
  const known = [
    ["Status", statusWord(image.status)],
    ["Size", image.width && `${image.width} × ${image.height} pixels`],
    ["Original", image.bytes && `${bytesInWords(image.bytes)}${image.format ? `, ${image.format}` : ""}`],
    ["Taken", taken(image.capturedAt)],
    ["Camera", image.camera],
    ["Uploaded", moment(image.uploadedAt ?? image.createdAt)],
    ["Sizes", image.variants && variantLinks(image.variants)],
    ["Batch", image.batchId],
    ["ID", image.imageId],
  ];
  return known.filter(([, value]) => value).flatMap(([term, value]) => {
    const name = document.createElement("dt");
    const description = document.createElement("dd");
    name.textContent = term;
    description.append(value); // a string becomes text, never markup
    return [name, description];
  });
}

function variantLinks(variants) {
  const links = document.createDocumentFragment();
  for (const [name, variant] of Object.entries(variants)) {
    const link = document.createElement("a");
    link.href = variant.url;
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = name;
    link.title = `${variant.width} × ${variant.height}, ${bytesInWords(variant.bytes)}`;
    links.append(link, " ");
  }
  return links;
}

/** The time where the picture was taken, whatever the time here is. */
function taken(iso) {
  return iso && moment(iso.slice(0, 19));
}

function moment(iso) {
  return iso && new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
