"use strict";

// A token that a person pastes. It stays in the tab.

const section = document.getElementById("sign-in");
const field = document.getElementById("token");
const forget = document.getElementById("sign-out");
let given = null; // a promise while the question is open, so that it is asked once

function use(text) {
  token.value = text || null;
  if (text) sessionStorage.setItem("token", text);
  else sessionStorage.removeItem("token");
  forget.hidden = !text;
}

token.ask = (refused) => {
  if (token.value !== refused) return Promise.resolve(); // a newer one is there already
  given ??= new Promise((resolve) => {
    document.getElementById("sign-in-title").textContent = refused
      ? "The service does not accept this token any more"
      : "Your access token, please";
    use("");
    fillAccount("Not signed in.");
    section.hidden = false;
    field.focus();
    section.addEventListener("submit", (event) => {
      event.preventDefault();
      use(field.value.trim());
      field.value = "";
      section.hidden = true;
      given = null;
      resolve();
    }, { once: true });
  });
  return given;
};

token.accepted = showAccount;
use(sessionStorage.getItem("token"));
forget.addEventListener("click", () => {
  use("");
  location.reload();
});
