"use strict";

// Every failure in words. A code that is not here (a newer service) falls back to what the service says.

const REASONS = {
  EmptyObject: "The file is empty.",
  NotAnImage: "This is not an image, whatever its name says.",
  FormatNotAllowed: "This kind of image is not accepted here.",
  RawNotSupported: "This is a camera's RAW file; upload the JPEG or HEIC of the same picture.",
  TooLarge: "The file is larger than this service accepts.",
  TooManyPixels: "The image has more pixels than this service accepts.",
  Truncated: "The image is damaged or incomplete; part of it is missing.",
  TooMuchMetadata: "The image carries more metadata than this service accepts.",
  TooComplex: "The image takes far more work to read than its size explains.",
  TooMuchMemory: "The image needs more memory to read than this service has.",
  RenderCrashed: "The image made the program that reads it fail.",
  RenderFailed: "This service could not read the image; its operators will look into it.",
  RenderTimedOut: "The image takes too long to read.",
  MalwareFound: "The scan for malware found some in the file.",
  NotScannable: "The file cannot be scanned for malware, a protected archive for example.",
};

const PROBLEMS = {
  "malformed-request": "The service did not understand the request.",
  "unknown-route": "This service does not offer that.",
  "unknown-image": "This image is gone.",
  "unknown-variant": "This image has no such size.",
  "unknown-batch": "These uploads are not known to the service.",
  "not-pending": "This image has been uploaded already.",
  "unidentified-caller": "The token does not say whose it is.",
  busy: "The image is being changed; try again in a moment.",
  "too-large": "The file is larger than this service accepts.",
  "unsupported-content-type": "Files of this type are not accepted; send photographs or other images.",
  "quota-exceeded": "No more images may be uploaded this hour.",
  "internal-error": "The service had a problem of its own. Try again in a moment.",
};

const STATES = {
  waiting: "Waiting for its turn",
  uploading: "Uploading",
  interrupted: "Connection lost; goes on by itself",
  processing: "Uploaded; sizes are being made",
  queued: "Uploaded; sizes are made when its turn comes",
  ready: "Ready",
};

// Title and explanation of the card that asks people to sign in.
const SIGN_IN = {
  needed: ["Sign in to upload", "This service asks who is uploading. After signing in you come back to this page."],
  ended: ["Sign in again", "Your session has ended. Uploads go on by themselves once you are signed in again."],
  denied: ["You are not signed in", "The sign-in was cancelled or not allowed."],
  failed: ["The sign-in did not work", "Try again. If it keeps failing, the operators of this service can find out why."],
  refused: ["This service does not accept your sign-in", "You are signed in, but your account gives no access to this service. Its operators can change that."],
  stranger: ["This is another account", "The uploads on this page belong to another one. Sign in with that, or reload the page."],
  unreachable: ["The sign-in service cannot be reached", "Try again in a moment."],
  blocked: ["Your browser blocked the sign-in window", "Allow windows for this page, so that the uploads on it can go on meanwhile, and try again."],
};

const NO_CONNECTION = "The service could not be reached.";
const NOT_STORED = "The storage did not accept the file.";
const UNREADABLE = "The file can no longer be read; it was moved or changed.";
const GAVE_UP = "The image could not be processed, although it was tried several times.";

/** The sentence for an image that is REJECTED or FAILED. */
function reasonSentence(image) {
  if (image.status === "FAILED") return GAVE_UP;
  return REASONS[image.reason] ?? `The image was refused (${image.reason ?? "no reason given"}).`;
}

/** The last part of a problem's type, which names it. */
function problemCode(problem) {
  return String(problem?.type ?? "").split(":").pop();
}

/** What is said while uploads wait; `until` is in milliseconds since 1970. */
function quotaSentence({ limit, unit }, until) {
  const most = unit === "bytes" ? bytesInWords(limit) : plural(limit, "image", "images");
  return `You may upload ${most} an hour. The others go on by themselves at ${timeInWords(until)}.`;
}

/** What is left of a quota, and how much of `images` and `bytes` that are still to be announced is beyond it. */
function allowanceSentence(quota, { images, bytes }) {
  const left = { images: quota.images.limit - quota.images.used, bytes: quota.bytes.limit - quota.bytes.used };
  const at = timeInWords(quota.images.resetsAt);
  const sentence = `You may upload ${plural(left.images, "more image", "more images")}, ${bytesInWords(left.bytes)} in all, until ${at}.`;
  const beyond = [];
  if (images > left.images) beyond.push(plural(images - left.images, "file", "files"));
  if (bytes > left.bytes) beyond.push(bytesInWords(bytes - left.bytes));
  return beyond.length ? `${sentence} ${beyond.join(" and ")} beyond that will go on by themselves then.` : sentence;
}

/** What is said of files that were dropped or chosen before. */
function repeatedSentence(count) {
  return count === 1 ? "1 file is left out: it is here already." : `${plural(count, "file", "files")} are left out: they are here already.`;
}

function timeInWords(moment) {
  return new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/** The sentence for a problem document (RFC 9457), with the limit where it names one. */
function problemSentence(problem) {
  const code = problemCode(problem);
  const sentence = PROBLEMS[code] ?? problem.title ?? "The service refused the request.";
  if (code === "too-large" && problem.limit) return `${sentence} The limit is ${bytesInWords(problem.limit)}.`;
  return sentence;
}

/** The state of an image document, in a word or two. */
function statusWord(status) {
  return { READY: "Ready", PENDING: "Waiting", REJECTED: "Refused", FAILED: "Failed" }[status] ?? status;
}

function bytesInWords(bytes) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let power = 0;
  while (bytes >= 1000 && power < units.length - 1) {
    bytes /= 1000;
    power += 1;
  }
  return `${bytes < 10 && power ? bytes.toFixed(1) : Math.round(bytes)} ${units[power]}`;
}

function plural(count, one, many) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
