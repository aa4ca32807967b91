"use strict";

// Decodes ThumbHash, the blurred preview of an image: https://evanw.github.io/thumbhash/

/** The aspect ratio (width / height) that a hash carries; `hash` is a Uint8Array. */
function thumbhashAspect(hash) {
  const isLandscape = hash[4] >> 7;
  const limit = hash[2] >> 7 ? 5 : 7;
  const other = hash[3] & 7;
  return isLandscape ? limit / other : other / limit;
}

/** Decode base64 of a ThumbHash to an ImageData whose longer side is 32 pixels. */
function decodeThumbhash(base64) {
  const hash = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const header24 = hash[0] | (hash[1] << 8) | (hash[2] << 16);
  const header16 = hash[3] | (hash[4] << 8);
  const hasAlpha = header24 >> 23;
  const isLandscape = header16 >> 15;
  const shorter = Math.max(3, header16 & 7);
  const longer = hasAlpha ? 5 : 7;

  let nibble = (hasAlpha ? 6 : 5) * 2;
  const channel = (columns, rows, constant, scale) => {
    const factors = [];
    for (let row = 0; row < rows; row++) {
      for (let column = row ? 0 : 1; column * rows < columns * (rows - row); column++) {
        const value = (hash[nibble >> 1] >> ((nibble & 1) << 2)) & 15;
        nibble += 1;
        factors.push({ column, row, factor: (value / 7.5 - 1) * scale });
      }
    }
    return (across, down) =>
      factors.reduce((sum, f) => sum + 2 * f.factor * across[f.column] * down[f.row], constant);
  };
  // The published decoder, too, makes colours 1.25 times as strong, for what quantisation took.
  const light = channel(
    isLandscape ? longer : shorter,
    isLandscape ? shorter : longer,
    (header24 & 63) / 63,
    ((header24 >> 18) & 31) / 31,
  );
  const yellowBlue = channel(3, 3, ((header24 >> 6) & 63) / 31.5 - 1, (((header16 >> 3) & 63) / 63) * 1.25);
  const redGreen = channel(3, 3, ((header24 >> 12) & 63) / 31.5 - 1, (((header16 >> 9) & 63) / 63) * 1.25);
  const alpha = hasAlpha ? channel(5, 5, (hash[5] & 15) / 15, (hash[5] >> 4) / 15) : () => 1;

  const aspect = thumbhashAspect(hash);
  const width = Math.max(1, Math.round(aspect > 1 ? 32 : 32 * aspect));
  const height = Math.max(1, Math.round(aspect > 1 ? 32 / aspect : 32));
  const image = new ImageData(width, height);
  for (let y = 0, at = 0; y < height; y++) {
    const down = cosines(y, height);
    for (let x = 0; x < width; x++, at += 4) {
      const across = cosines(x, width);
      const l = light(across, down);
      const p = yellowBlue(across, down);
      const q = redGreen(across, down);
      const blue = l - (2 / 3) * p;
      const red = (3 * l - blue + q) / 2;
      // Assigning to a clamped array clamps and rounds.
      image.data.set([red * 255, (red - q) * 255, blue * 255, alpha(across, down) * 255], at);
    }
  }
  return image;
}

function cosines(position, size) {
  return Array.from({ length: 7 }, (_, n) => Math.cos((Math.PI / size) * (position + 0.5) * n));
}
