"use strict";

// Waiting: between tries, and for the network to come back.

const FIRST_PAUSE = 500; // milliseconds, doubled with every try
const LONGEST_PAUSE = 20_000;
const TRIES = 8; // about a minute and a half in all, not counting the time without any network

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function cameOnline() {
  return new Promise((resolve) => window.addEventListener("online", resolve, { once: true }));
}

/** Wait before try number `attempt` + 1; without a network until there is one. */
async function pauseBefore(attempt) {
  if (!navigator.onLine) return void (await cameOnline());
  const longest = Math.min(FIRST_PAUSE * 2 ** attempt, LONGEST_PAUSE);
  await Promise.race([sleep(longest * (0.5 + Math.random() / 2)), cameOnline()]);
}
