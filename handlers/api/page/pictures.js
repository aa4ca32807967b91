"use strict";

// An image document as a picture: its blurred placeholder at once, then the variant that fits.

/** The smallest variant that fills a square of `side` CSS pixels sharply, else the largest. */
function fittingVariant(image, side) {
  const pixels = side * Math.min(window.devicePixelRatio || 1, 2);
  const variants = Object.values(image.variants ?? {}).sort((a, b) => a.width * a.height - b.width * b.height);
  return variants.find((variant) => Math.min(variant.width, variant.height) >= pixels) ?? variants.at(-1);
}

/** Fill `frame` with the picture of a READY image; `side` as it is shown, in CSS pixels. */
function showPicture(frame, image, side, description) {
  const placeholder = placeholderOf(image);
  const picture = document.createElement("img");
  picture.alt = description;
  picture.decoding = "async";
  picture.addEventListener("load", () => picture.classList.add("loaded"));
  // Signed URLs expire while a page stays open: one that fails is asked for again, once.
  picture.addEventListener(
    "error",
    async () => {
      try {
        picture.src = fittingVariant(await getImage(image.imageId), side)?.url ?? "";
      } catch {
        picture.remove();
      }
    },
    { once: true },
  );
  frame.replaceChildren(...(placeholder ? [placeholder] : []), picture);
  picture.src = fittingVariant(image, side)?.url ?? "";
}

function placeholderOf(image) {
  if (!image.placeholder) return null;
  const canvas = document.createElement("canvas");
  const preview = decodeThumbhash(image.placeholder);
  canvas.width = preview.width;
  canvas.height = preview.height;
  canvas.getContext("2d").putImageData(preview, 0, 0);
  canvas.setAttribute("aria-hidden", "true");
  return canvas;
}
