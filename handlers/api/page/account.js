"use strict";

// Whose account this is. The API decides that; the claims of an accepted token are only displayed.

const NAMES = ["email", "preferred_username", "username", "sub"]; // the first that a token has is shown

/**
 * Show the account of the credentials that the API accepted: a token, or null if it asks for none.
 * `identity` holds the claims of the ID token that came with it, which may know a better name.
 */
function showAccount(bearer, identity) {
  const { sub, iss, ...rest } = bearer ? claimsOf(bearer) : {};
  const claims = identity?.sub === sub ? { ...identity, ...rest } : rest;
  const name = NAMES.map((each) => ({ sub, ...claims })[each]).find(Boolean);
  if (!bearer) fillAccount("Open to everyone: whoever has this address can see and delete what is uploaded.");
  else if (name) fillAccount("Your uploads go to", name, name === sub ? iss : `${sub} at ${iss}`);
  else fillAccount("Your uploads go to an account that the token does not name.");
}

function fillAccount(sentence, name = "", identity = "") {
  document.getElementById("account-sentence").textContent = sentence;
  document.getElementById("account-name").textContent = name;
  document.getElementById("account-identity").textContent = identity;
}

/** The claims of a JSON Web Token (RFC 7519); none of any other token. */
function claimsOf(bearer) {
  try {
    const payload = bearer.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    return Object(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return {};
  }
}
