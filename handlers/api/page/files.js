"use strict";

// From what was dropped or chosen to files, however deep the folders are.

const LITTER = new Set(["thumbs.db", "desktop.ini"]);

// What browsers leave empty because their system does not know the type.
const TYPES = {
  avif: "image/avif",
  heic: "image/heic",
  heif: "image/heif",
  tif: "image/tiff",
  tiff: "image/tiff",
  webp: "image/webp",
};

function contentTypeOf(file) {
  const extension = file.name.split(".").pop().toLowerCase();
  return file.type || TYPES[extension] || "application/octet-stream";
}

/** What the same file has in common when it is dropped or chosen twice; a copy that was edited differs. */
function identityOf(file) {
  return [file.name, file.size, file.lastModified].join("/");
}

/** The files of a drop, folders included. Has to be called while the drop event is handled. */
function droppedFiles(transfer) {
  // The list of items is emptied when the event is over, so nothing may be awaited before this.
  const sources = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  return expand(sources.filter(Boolean));
}

async function* expand(sources) {
  for (const source of sources) {
    if (source instanceof File) yield source;
    else if (source.isFile) yield* readable(source);
    else if (source.isDirectory) yield* folderFiles(source);
  }
}

async function* folderFiles(folder) {
  const reader = folder.createReader();
  // One call returns some hundred entries at most, and none when there are no more.
  for (let entries; (entries = await read(reader)).length; ) {
    yield* expand(entries.filter((entry) => !isLitter(entry.name)));
  }
}

async function* readable(entry) {
  try {
    yield await new Promise((resolve, reject) => entry.file(resolve, reject));
  } catch {
    // It went away, or may not be read, between the drop and now.
  }
}

function read(reader) {
  return new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
}

function isLitter(name) {
  return name.startsWith(".") || LITTER.has(name.toLowerCase());
}

/** The files of an `<input type=file>`, for single files or for a folder. */
async function* chosenFiles(input) {
  const files = [...input.files];
  input.value = ""; // so that the same choice can be made again
  for (const file of files) {
    if (!file.webkitRelativePath || !file.webkitRelativePath.split("/").some(isLitter)) yield file;
  }
}
