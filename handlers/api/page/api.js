"use strict";

// The public API, relative to wherever this page is served from.

const BASE = new URL(location.pathname.replace(/\/*$/, "/"), location.origin);
const ANSWER_WITHIN = 30_000; // milliseconds
const TRANSIENT = new Set([429, 500, 502, 503, 504]);

/** The API answered, and it is a no; the message is a sentence. */
class Refusal extends Error {
  constructor(sentence, status) {
    super(sentence);
    this.status = status;
  }
}

/** What may be announced in an hour has been: `limit` images or bytes (`unit`); in `seconds` it may go on. */
class QuotaReached extends Refusal {
  constructor(problem, seconds) {
    super(problemSentence(problem), problem.status);
    this.limit = problem.limit;
    this.unit = problem.unit;
    this.seconds = seconds;
  }
}

const token = {
  value: null,
  /** Replaced by the credentials: resolves once there is another token than the one that was refused. */
  ask: () => Promise.reject(new Refusal("The service asks for a token.", 401)),
  /** Replaced by the credentials: called with the token (null: none) of each call that succeeds. */
  accepted: () => {},
};

/**
 * Call a route; returns its JSON, or null where it has none.
 * Tries again while the network or the service is away, and asks for a token where one is needed.
 * Throws Refusal, or QuotaReached.
 */
async function call(method, path, body) {
  for (let attempt = 0; ; ) {
    const sent = token.value;
    const response = await request(method, path, body, sent).catch(() => null);
    if (response?.status === 401) {
      await token.ask(sent);
    } else if (response && (!TRANSIENT.has(response.status) || isQuota(response))) {
      if (response.ok) token.accepted(sent);
      return answerOf(response);
    } else {
      if (navigator.onLine && attempt + 1 >= TRIES) {
        throw new Refusal(response ? PROBLEMS["internal-error"] : NO_CONNECTION, response?.status ?? 0);
      }
      await pauseBefore(attempt);
      attempt += 1;
    }
  }
}

function request(method, path, body, bearer) {
  const headers = { Accept: "application/json" };
  if (body) headers["Content-Type"] = "application/json";
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  return fetch(new URL(path, BASE), {
    method,
    headers,
    body: body && JSON.stringify(body),
    cache: "no-store",
    credentials: "omit",
    signal: AbortSignal.timeout(ANSWER_WITHIN),
  });
}

async function answerOf(response) {
  const answer = response.status === 204 ? null : await response.json().catch(() => ({}));
  if (response.ok) return answer;
  if (isQuota(response)) throw new QuotaReached(answer, Number(response.headers.get("Retry-After")) || 60);
  throw new Refusal(problemSentence(answer), response.status);
}

/** A 429 of the gateway passes in a moment; one that the service explains is over when it says so. */
function isQuota(response) {
  return response.status === 429 && response.headers.get("Content-Type")?.startsWith("application/problem+json");
}

const imagePath = (imageId) => `images/${imageId.split("/").map(encodeURIComponent).join("/")}`;
const getImage = (imageId) => call("GET", imagePath(imageId));
const deleteImage = (imageId) => call("DELETE", imagePath(imageId));
const getBatch = (batchId) => call("GET", `batches/${batchId}`);
const getQuota = () => call("GET", "quota");
const announceFiles = (batchId, files) => call("POST", "uploads", { batchId, files });

function listImages({ status, cursor, limit }) {
  const query = new URLSearchParams({ limit });
  if (status) query.set("status", status);
  if (cursor) query.set("cursor", cursor);
  return call("GET", `images?${query}`);
}

/** A new BatchID, unguessable. */
function newBatchId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
