"use strict";

import {
  AuthorizationResponseError,
  None,
  ResponseBodyError,
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomNonce,
  generateRandomState,
  getValidatedIdTokenClaims,
  processAuthorizationCodeResponse,
  processRefreshTokenResponse,
  refreshTokenGrantRequest,
  revocationRequest,
  validateAuthResponse,
} from "./oauth4webapi/index.js";

// Signing in with OpenID Connect: authorization code with PKCE, state and nonce. Tokens are in memory only.
// While files are being uploaded the page cannot be left: then the provider opens in a separate window, and
// that window hands its answer to this one, which alone can redeem it.

const ATTEMPT = "sign-in"; // in sessionStorage while the provider has the tab: what its answer is checked with
const SIGNED_IN = "signed-in"; // in sessionStorage: reloading the page signs in again
const TAKEN_WITHIN = 2_000; // milliseconds in which the page that opened a window takes its answer
const SCOPES = ["email", "offline_access"]; // asked for where the provider knows them, beside openid

const section = document.getElementById("sign-in");
const forget = document.getElementById("sign-out");
const { provider, clientId, audience } = JSON.parse(section.dataset.settings);
const relyingParty = { client_id: clientId };
const otherWindows = new BroadcastChannel("sign-in");

let session = {}; // `refresh` is the refresh token, if there is one; `identity` the claims of the ID token
let accepted = false; // whether the API has accepted the token
let awaited = null; // the attempt in another window
let asking = null; // a promise while there is no token, so that it is asked for once
let signedIn = () => {};

token.ask = (refused) => {
  if (token.value !== refused) return Promise.resolve(); // a newer one is there already
  asking ??= newToken().finally(() => (asking = null));
  return asking;
};

token.accepted = (sent) => {
  if (sent !== token.value) return;
  accepted = true;
  sessionStorage.setItem(SIGNED_IN, "yes");
  forget.hidden = false;
  showAccount(sent, session.identity);
};

async function newToken() {
  if (accepted && token.value && (await renew())) return;
  const reason = !provider ? "unreachable" : !token.value ? "needed" : accepted ? "ended" : "refused";
  token.value = null;
  const again = reason === "needed" && sessionStorage.getItem(SIGNED_IN);
  sessionStorage.removeItem(SIGNED_IN);
  if (again) await leave(newAttempt());
  await askPerson(reason);
}

/** Resolves once a person has signed in. */
function askPerson(reason, code) {
  explain(reason, code);
  return new Promise((resolve) => (signedIn = resolve));
}

/** `code` is an error of OAuth, for those whom the person asks for help. */
function explain(reason, code) {
  const [title, hint] = SIGN_IN[reason];
  document.getElementById("sign-in-title").textContent = title;
  document.getElementById("sign-in-hint").textContent = /^\w+$/.test(code ?? "") ? `${hint} (${code})` : hint;
  fillAccount("Not signed in.");
  forget.hidden = true;
  section.hidden = false;
  document.getElementById("sign-in-title").focus();
}

function newAttempt() {
  return { state: generateRandomState(), nonce: generateRandomNonce(), verifier: generateRandomCodeVerifier() };
}

async function begin() {
  if (!provider) return location.reload();
  const attempt = newAttempt();
  if (!rows.busy) return leave(attempt);
  awaited = attempt;
  const opened = window.open(await authorizationAddress(attempt), "_blank", "popup,width=520,height=720");
  if (!opened) explain("blocked");
}

/** Hand the tab to the provider; never resolves. */
async function leave(attempt) {
  sessionStorage.setItem(ATTEMPT, JSON.stringify(attempt));
  location.assign(await authorizationAddress(attempt));
  return new Promise(() => {});
}

async function authorizationAddress({ state, nonce, verifier }) {
  const address = new URL(provider.authorization_endpoint);
  const known = SCOPES.filter((scope) => provider.scopes_supported?.includes(scope));
  const parameters = {
    client_id: clientId,
    redirect_uri: BASE.href,
    response_type: "code",
    scope: ["openid", ...known].join(" "),
    state,
    nonce,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...(audience && { audience }), // Auth0's own; `resource` is the standard's (RFC 8707)
    ...resource(),
  };
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
  return address.href;
}

function resource() {
  return /^[a-z][a-z0-9+.-]*:[^#]+$/i.test(audience) ? { resource: audience } : {};
}

/** Redeem what the provider answered to an attempt; returns the reason if that fails, and its code. */
async function redeem(answer, { state, nonce, verifier }) {
  try {
    const parameters = validateAuthResponse(provider, relyingParty, answer, state);
    const options = { ...requestOptions(), additionalParameters: resource() };
    const response = await authorizationCodeGrantRequest(
      provider, relyingParty, None(), parameters, BASE.href, verifier, options,
    );
    const checks = { expectedNonce: nonce, requireIdToken: true };
    const tokens = await processAuthorizationCodeResponse(provider, relyingParty, response, checks);
    const before = session.identity?.sub;
    if (before && before !== getValidatedIdTokenClaims(tokens).sub) return ["stranger"];
    keep(tokens);
    return null;
  } catch (error) {
    if (error instanceof AuthorizationResponseError && error.error === "access_denied") return ["denied"];
    return ["failed", error.error];
  }
}

function keep(tokens) {
  token.value = tokens.access_token;
  accepted = false;
  session = {
    refresh: tokens.refresh_token ?? session.refresh,
    identity: getValidatedIdTokenClaims(tokens) ?? session.identity,
  };
  section.hidden = true;
  signedIn();
}

/** Get a new token without anybody noticing; returns whether there is one. */
async function renew() {
  for (let attempt = 0; session.refresh && attempt < TRIES; attempt++) {
    try {
      const options = { ...requestOptions(), additionalParameters: resource() };
      const response = await refreshTokenGrantRequest(provider, relyingParty, None(), session.refresh, options);
      keep(await processRefreshTokenResponse(provider, relyingParty, response));
      return true;
    } catch (error) {
      if (error instanceof ResponseBodyError) return false; // the provider says no
      await pauseBefore(attempt);
    }
  }
  return false;
}

function requestOptions() {
  return {
    // The configuration allows plain HTTP for an issuer on this machine only.
    [allowInsecureRequests]: provider.issuer.startsWith("http://"),
    signal: AbortSignal.timeout(ANSWER_WITHIN),
  };
}

async function signOut() {
  const { refresh } = session;
  session = {};
  token.value = null;
  sessionStorage.removeItem(SIGNED_IN);
  if (refresh && provider.revocation_endpoint) {
    const hint = { additionalParameters: { token_type_hint: "refresh_token" } };
    await revocationRequest(provider, relyingParty, None(), refresh, { ...requestOptions(), ...hint }).catch(() => {});
  }
  if (!provider.end_session_endpoint) return location.reload();
  // Without a hint, since that would be a token in an address. `logout_uri` is what Amazon Cognito reads:
  // https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html
  const address = new URL(provider.end_session_endpoint);
  const parameters = { client_id: clientId, post_logout_redirect_uri: BASE.href, logout_uri: BASE.href };
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
  location.assign(address);
}

/** This tab is where the provider sent its answer. */
async function comeBack(answer) {
  history.replaceState(null, "", BASE.pathname);
  const attempt = JSON.parse(sessionStorage.getItem(ATTEMPT));
  sessionStorage.removeItem(ATTEMPT);
  if (!attempt || attempt.state !== answer.get("state")) return handOver(answer);
  const failure = provider ? await redeem(answer, attempt) : ["unreachable"];
  if (failure) await askPerson(...failure);
}

/** To the page that opened this window; without one it is an answer that nobody here has asked for. */
async function handOver(answer) {
  const taken = new Promise((resolve) => {
    otherWindows.addEventListener("message", ({ data }) => data.taken === answer.get("state") && resolve(true));
  });
  otherWindows.postMessage({ answer: answer.toString() });
  if (!(await Promise.race([taken, sleep(TAKEN_WITHIN)]))) return askPerson("failed");
  window.close();
  fillAccount("You are signed in. This window can be closed.");
  return new Promise(() => {});
}

otherWindows.addEventListener("message", async ({ data }) => {
  const answer = new URLSearchParams(data.answer);
  if (!awaited || awaited.state !== answer.get("state")) return;
  const attempt = awaited;
  awaited = null;
  otherWindows.postMessage({ taken: attempt.state });
  const failure = await redeem(answer, attempt);
  if (failure) explain(...failure);
});

forget.textContent = "Sign out";
forget.addEventListener("click", signOut);
document.getElementById("sign-in-button").addEventListener("click", begin);
const arrived = new URLSearchParams(location.search);
if (arrived.has("state") && (arrived.has("code") || arrived.has("error"))) {
  asking = comeBack(arrived).finally(() => (asking = null));
}
