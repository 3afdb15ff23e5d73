"use strict";

// The token lives in this variable and nowhere else: not in storage, not in a cookie, not in the URL.
let token = null;
let details = null;
let editing = null;
let deleting = null;

const $ = (id) => document.getElementById(id);
const base = "/v1/account/llm-keys";
const brand = document.body.dataset.brand;

const icons = {
  good: "M20 7 10 17l-5-5",
  warn: "M12 8v5m0 3.5v.1M12 3 2.5 20h19L12 3Z",
  bad: "m7 7 10 10M17 7 7 17",
  off: "M7 12h10",
};

const states = {
  valid: ["good", "Valid"],
  restricted: ["good", "Valid, restricted"],
  without_credit: ["warn", "No credit"],
  unverified: ["warn", "Not verified"],
  cooling_down: ["warn", "Paused"],
  disabled: ["off", "Disabled"],
  expired: ["bad", "Expired"],
  rejected: ["bad", "Rejected"],
  invalid: ["bad", "Rejected"],
  damaged: ["bad", "Unreadable"],
  unavailable: ["warn", "Unavailable"],
};

class Failure extends Error {
  constructor(message, hint, status) {
    super(message);
    this.hint = hint || "";
    this.status = status || 0;
  }
}

// What was asked for in a session that has ended meanwhile, by signing out: nothing is to be shown of it.
class Ended extends Error {}

async function call(method, path, body) {
  const asked = token;
  const answer = await send(method, path, body);
  if (token !== asked) throw new Ended();
  if (answer instanceof Failure) throw answer;
  return answer;
}

/// The answer, or the failure.
async function send(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(body ? { "Content-Type": "application/json" } : {}) },
      body: body ? JSON.stringify(body) : undefined,
      cache: "no-store",
      credentials: "omit",
    });
  } catch {
    return new Failure("The server cannot be reached.", "Check your connection and try again.");
  }
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const reference = answer.request_id ? ` (Reference: ${answer.request_id})` : "";
  // What the hint of a 503 says is for programs.
  const hint = response.status === 503 ? "Try again in a moment." : answer.hint || "";
  return new Failure(answer.message || `The server answered with status ${response.status}.`, response.status >= 500 ? hint + reference : hint, response.status);
}

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") made.className = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

function icon(kind) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  for (const [key, value] of Object.entries({
    d: icons[kind], fill: "none", stroke: "currentColor", "stroke-width": "2.4", "stroke-linecap": "round", "stroke-linejoin": "round",
  })) path.setAttribute(key, value);
  svg.append(path);
  return svg;
}

function say(text, kind = "") {
  $("failure").hidden = true;
  $("notice").className = `notice ${kind}`;
  $("notice").textContent = text;
  $("notice").hidden = false;
}

function complain(error) {
  if (error instanceof Ended) return;
  if (error.status === 401) return signOut(`${error.message}. Enter it again.`);
  $("notice").hidden = true;
  $("failure").textContent = [error.message, error.hint].filter(Boolean).join(". ").replace(/\.\. /g, ". ");
  $("failure").hidden = false;
}

function showError(box, input, error) {
  box.querySelector("strong").textContent = error.message;
  box.querySelector("span").textContent = error.hint;
  box.hidden = false;
  if (input) {
    input.setAttribute("aria-invalid", "true");
    input.focus();
  }
}

async function busy(button, text, work) {
  const label = button.querySelector(".label") || button;
  const before = label.textContent;
  // What has been sent cannot be taken back: a dialog stays until it is answered.
  const dialog = button.closest("dialog");
  const buttons = dialog ? [...dialog.querySelectorAll("button")] : [button];
  const stay = (event) => event.preventDefault();
  dialog?.addEventListener("cancel", stay);
  for (const one of buttons) one.disabled = true;
  label.textContent = text;
  try {
    return await work();
  } finally {
    dialog?.removeEventListener("cancel", stay);
    for (const one of buttons) one.disabled = false;
    label.textContent = before;
  }
}

function when(text) {
  if (!text) return element("span", { class: "never" }, "Never");
  const date = new Date(text);
  const shown = date.toLocaleDateString(undefined, { year: "numeric", month: "short", day: "numeric" });
  return element("time", { datetime: text, title: date.toLocaleString() }, shown);
}

function name(key) {
  return key.label === "default" ? key.display_name : `${key.display_name} (${key.label})`;
}

function row(key) {
  const [kind, word] = states[key.state] || ["off", key.state];
  const needsReason = !["valid", "restricted"].includes(key.state);
  const idle = ["disabled", "rejected", "cooling_down"].includes(key.state);
  const action = (text, work, extra = "") =>
    element("button", { class: `quiet ${extra}`, type: "button", "aria-label": `${text} the ${name(key)} key`, onclick: work }, text);
  return element("tr", { "data-provider": key.provider, "data-label": key.label, "data-state": key.state },
    element("td", { class: "lead" }, element("div", { class: "who" },
      element("span", { class: "monogram", "aria-hidden": "true" }, key.display_name.slice(0, 2)),
      element("span", {}, key.display_name, key.label === "default" ? null : element("small", {}, key.label)))),
    element("td", { "data-label": "Key" }, element("code", {}, key.hint || "•••")),
    element("td", { "data-label": "State", class: "state-cell" },
      element("span", { class: `state ${kind}` }, icon(kind), word),
      needsReason ? element("p", { class: "why" }, key.explanation) : null),
    element("td", { "data-label": "Last validated" }, when(key.last_validated)),
    element("td", { class: "actions" },
      details.can_test ? action("Test", (event) => test(key, event.currentTarget)) : null,
      key.label === "default" ? action("Replace", () => openKey(key)) : null,
      action(idle ? "Enable" : "Disable", (event) => toggle(key, idle, event.currentTarget), "toggle"),
      action("Delete", () => openDelete(key), "risky")));
}

function render() {
  const { keys } = details;
  $("keys").querySelector("tbody").replaceChildren(...keys.map(row));
  $("keys").hidden = keys.length === 0;
  $("empty").hidden = keys.length > 0;
  const pool = details.formation_keys_available;
  $("empty-text").textContent = pool
    ? "The shared pool serves your requests for now. Add a key of your own to pay your provider directly."
    : "Add a key of your own: without one, requests cannot be served.";
  $("pool-dot").className = `dot ${pool ? "on" : ""}`;
  $("pool-title").textContent = pool ? "Shared pool: on" : "Shared pool: off";
  const markup = (details.formation_markup || 0).toLocaleString(undefined, { style: "percent" });
  $("pool-text").textContent = pool
    ? `Requests for which you have no key are served by the shared pool, with a markup of ${markup}.`
    : "Requests for which you have no key are refused.";
  $("account").textContent = details.account;
}

async function refresh() {
  details = await call("GET", `${base}/details`);
  render();
}

async function signIn(event) {
  event.preventDefault();
  const box = $("token-error");
  box.hidden = true;
  token = $("token").value.trim();
  const button = event.submitter || event.target.querySelector("button");
  try {
    if (!token) throw new Failure(`Enter your ${brand} API key.`);
    // Only visible ASCII can travel in a header.
    if (!/^[\x21-\x7e]+$/.test(token)) throw new Failure("This is not an API key. Copy it again, in one piece.");
    await busy(button, "Checking…", refresh);
  } catch (error) {
    token = null;
    box.textContent = [error.message, error.status === 401 ? "Check that it is complete and has not been revoked." : error.hint]
      .filter(Boolean).join(". ").replace(/\.\. /g, ". ");
    box.hidden = false;
    $("token").setAttribute("aria-invalid", "true");
    $("token").focus();
    return;
  }
  $("token").value = "";
  $("token").removeAttribute("aria-invalid");
  $("welcome").hidden = true;
  for (const id of ["workspace", "account", "sign-out"]) $(id).hidden = false;
  $("main").focus();
}

function signOut(reason) {
  token = details = null;
  closeKey();
  $("delete-dialog").close();
  for (const id of ["workspace", "account", "sign-out", "notice", "failure"]) $(id).hidden = true;
  $("keys").querySelector("tbody").replaceChildren();
  $("welcome").hidden = false;
  $("token-error").hidden = typeof reason !== "string";
  if (typeof reason === "string") $("token-error").textContent = reason;
  $("token").focus();
}

function help() {
  const provider = details.providers.find((one) => one.name === (editing?.provider || $("provider").value));
  const starts = (provider?.begins_with || []).flatMap((start, index) => [index ? " or " : " It begins with ", element("code", {}, start)]);
  $("key-help").replaceChildren("It is encrypted before it is stored, and never shown again.", ...starts);
}

function openKey(key) {
  editing = key || null;
  $("key-dialog-title").textContent = key ? `Replace the ${key.display_name} key` : "Add a key";
  $("key-save").querySelector(".label").textContent = key ? "Replace key" : "Save key";
  $("provider-row").hidden = Boolean(key);
  const stored = new Set(details.keys.filter((one) => one.label === "default").map((one) => one.provider));
  const free = details.providers.filter((one) => !stored.has(one.name));
  $("provider").replaceChildren(...free.map((one) => element("option", { value: one.name }, one.display_name)));
  if (!key && free.length === 0) return say("Every known provider has a key already. Replace one instead.", "warn");
  clearKey();
  help();
  $("key-dialog").showModal();
  (key ? $("key") : $("provider")).focus();
}

function closeKey() {
  clearKey();
  $("key-dialog").close();
}

function clearKey() {
  $("key").value = "";
  $("key").type = "password";
  $("key").removeAttribute("aria-invalid");
  $("reveal").textContent = "Show";
  $("reveal").setAttribute("aria-pressed", "false");
  $("key-error").hidden = true;
}

async function saveKey(event) {
  event.preventDefault();
  $("key-error").hidden = true;
  $("key").removeAttribute("aria-invalid");
  const provider = editing?.provider || $("provider").value;
  const shown = details.providers.find((one) => one.name === provider)?.display_name || provider;
  const replaced = Boolean(editing);
  try {
    const value = $("key").value.trim();
    if (!value) throw new Failure("Enter the key.", `Copy it from ${shown}'s page.`);
    const answer = await busy($("key-save"), "Checking the key…", () => call("POST", base, { [`${provider}_key`]: value }));
    closeKey();
    await refresh();
    const warnings = (answer.warnings || []).map((one) => one.message).join(" ");
    say(warnings || `The ${shown} key was ${replaced ? "replaced" : "added"}.`, warnings ? "warn" : "");
    $("add").focus();
  } catch (error) {
    if (error.status === 401 || error instanceof Ended) return complain(error);
    if ($("key-dialog").open) showError($("key-error"), $("key"), error);
    else complain(error);
  }
}

function openDelete(key) {
  deleting = key;
  $("delete-title").textContent = `Delete the ${name(key)} key?`;
  $("delete-text").replaceChildren(
    "The key ", ...(key.hint ? [element("code", {}, key.hint), " "] : []), "is removed for good and stops being used at once. ",
    `Requests for ${key.display_name} models then ${details.formation_keys_available ? "go to the shared pool" : "fail"}.`);
  $("delete-error").hidden = true;
  $("delete-dialog").showModal();
  $("delete-cancel").focus();
}

async function confirmDelete(event) {
  event.preventDefault();
  const key = deleting;
  try {
    const query = `provider=${encodeURIComponent(key.provider)}&label=${encodeURIComponent(key.label)}`;
    await busy($("delete-confirm"), "Deleting…", () => call("DELETE", `${base}?${query}`));
    $("delete-dialog").close();
    await refresh();
    say(`The ${name(key)} key was deleted.`);
    $("add").focus();
  } catch (error) {
    if ($("delete-dialog").open && error.status !== 401 && !(error instanceof Ended)) showError($("delete-error"), null, error);
    else complain(error);
  }
}

async function act(key, verb, button, text) {
  try {
    const query = key.label === "default" ? "" : `?label=${encodeURIComponent(key.label)}`;
    return await busy(button, text, () => call("POST", `${base}/${encodeURIComponent(key.provider)}/${verb}${query}`));
  } finally {
    if (token) await refresh().catch(() => {});
    document.querySelector(`tr[data-provider="${CSS.escape(key.provider)}"] button`)?.focus();
  }
}

async function test(key, button) {
  try {
    const answer = await act(key, "test", button, "Testing…");
    say(`${name(key)}: ${answer.message}`, answer.success ? "" : "warn");
  } catch (error) {
    complain(error);
  }
}

async function toggle(key, enable, button) {
  try {
    await act(key, enable ? "enable" : "disable", button, enable ? "Enabling…" : "Disabling…");
    say(enable ? `The ${name(key)} key is used again.` : `The ${name(key)} key is kept, and not used.`);
  } catch (error) {
    complain(error);
  }
}

$("sign-in").addEventListener("submit", signIn);
$("sign-out").addEventListener("click", () => signOut());
$("add").addEventListener("click", () => openKey());
$("add-first").addEventListener("click", () => openKey());
$("provider").addEventListener("change", help);
$("key-form").addEventListener("submit", saveKey);
$("key-cancel").addEventListener("click", closeKey);
// By Escape. A browser says so with its next frame, by when the dialog may be open again, and cleared.
$("key-dialog").addEventListener("close", () => $("key-dialog").open || clearKey());
$("reveal").addEventListener("click", () => {
  const shown = $("key").type === "text";
  $("key").type = shown ? "password" : "text";
  $("reveal").textContent = shown ? "Show" : "Hide";
  $("reveal").setAttribute("aria-pressed", String(!shown));
  $("key").focus();
});
$("delete-form").addEventListener("submit", confirmDelete);
$("delete-cancel").addEventListener("click", () => $("delete-dialog").close());
$("token").focus();
