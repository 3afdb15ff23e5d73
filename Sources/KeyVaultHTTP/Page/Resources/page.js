"use strict";

// The token lives in this variable and nowhere else: not in storage, not in a cookie, not in the URL.
let token = null;
let details = null;
// What the open dialog is about. Each that opens makes one of its own: an answer finds out by it whether its dialog is still there.
let editing = null;
let deleting = null;

const $ = (id) => document.getElementById(id);
const base = "/v1/account/llm-keys";
const brand = document.body.dataset.brand;
// In milliseconds: longer than the server itself waits for a provider.
const patience = 30_000;

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

// Of keys that serve nothing until somebody does something about them.
const unused = ["disabled", "expired", "rejected", "damaged", "unavailable"];

class Failure extends Error {
  constructor(message, hint, status) {
    super(message);
    this.hint = hint || "";
    this.status = status || 0;
  }
}

// Of a request that may have been carried out all the same.
class Unanswered extends Failure {}

// What was asked for in a session that has ended meanwhile, by signing out: nothing is to be shown of it.
class Ended extends Error {}

async function call(method, path, options = {}) {
  const asked = token;
  const answer = await send(method, path, options);
  if (token !== asked) throw new Ended();
  if (answer instanceof Failure) throw answer;
  return answer;
}

/// The answer, or the failure.
async function send(method, path, { body, match, stop }) {
  const late = AbortSignal.timeout(patience);
  // In the place of AbortSignal.any, which browsers of 2023 do not have.
  const end = new AbortController();
  for (const signal of [late, stop]) signal?.addEventListener("abort", () => end.abort());
  if (stop?.aborted) end.abort();
  let response, answer;
  try {
    response = await fetch(path, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body ? { "Content-Type": "application/json" } : {}),
        ...(match ? { "If-Match": match } : {}),
      },
      body: body ? JSON.stringify(body) : undefined,
      cache: "no-store",
      credentials: "omit",
      signal: end.signal,
    });
    answer = await response.json().catch((error) => {
      if (error instanceof SyntaxError) return {};
      throw error;
    });
  } catch {
    const hint = method === "GET" ? "Try again in a moment." : "It may have been done all the same: look at the list.";
    if (stop?.aborted) return new Unanswered("This was closed before the server answered.", hint);
    if (late.aborted) return new Unanswered(`The server has not answered for ${patience / 1000} seconds.`, hint);
    return new Unanswered("The server cannot be reached.", "Check your connection and try again.");
  }
  if (response.ok) return { ...answer, tag: response.headers.get("ETag") };
  const reference = answer.request_id ? ` (Reference: ${answer.request_id})` : "";
  // What the hints of these say is for programs.
  const hint = { 412: "Nothing was done. Look at the list again.", 503: "Try again in a moment." }[response.status] || answer.hint || "";
  return new Failure(answer.message || `The server answered with status ${response.status}.`, response.status >= 500 ? hint + reference : hint, response.status);
}

const keyOf = (provider, label) => details.keys.find((one) => one.provider === provider && one.label === label);

/// A change of one key that relies on what the page showed of it, `undefined` for no key: what somebody else has made of it
/// meanwhile stays. The tag is of all the account's keys; where it is another of them that has changed, this is asked for again.
async function change(shown, { provider, label }, method, path, options = {}) {
  for (let attempt = 1; ; attempt += 1) {
    if (JSON.stringify(keyOf(provider, label)) !== JSON.stringify(shown)) {
      throw new Failure("The stored keys have changed since they were read", "Nothing was done. Look at the list again.", 412);
    }
    try {
      return await call(method, path, { ...options, match: details.tag });
    } catch (error) {
      if (error.status !== 412) throw error;
      await refresh();
      if (attempt > 1) throw error;
    }
  }
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

/// The message and the hint, as one text.
const wording = ({ message, hint }) => [message, hint].filter(Boolean).join(". ").replaceAll(".. ", ". ");

function say(text, kind = "", trouble = "") {
  $("notice").className = `notice ${kind}`;
  for (const [id, words] of [["notice", text], ["failure", trouble]]) {
    $(id).textContent = words;
    $(id).hidden = !words;
  }
}

function complain(error, about = "") {
  if (error instanceof Ended) return;
  if (error.status === 401) return signOut(`${error.message}. Enter it again.`);
  say("", "", about + wording(error));
}

/// Says what was done, and shows what has become of the list: which may fail without undoing anything.
async function done(text, kind) {
  try {
    await refresh();
    say(text, kind);
  } catch (error) {
    if (error.status === 401 || error instanceof Ended) return complain(error);
    say(text, kind, `The list could not be read again and still shows what was before. ${wording(error)}`);
  }
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
  // Whoever closes the dialog does not wait for the answer any more.
  const dialog = button.closest("dialog");
  const stop = new AbortController();
  const leave = () => stop.abort();
  dialog?.addEventListener("close", leave);
  button.disabled = true;
  label.textContent = text;
  try {
    return await work(stop.signal);
  } finally {
    dialog?.removeEventListener("close", leave);
    button.disabled = false;
    // A dialog that has been opened anew meanwhile has said what it does.
    if (label.textContent === text) label.textContent = before;
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
  // What the API does not take is not offered: it stores under the label `default` alone, and only for the providers it knows.
  const known = details.providers.some((one) => one.name === key.provider);
  const replaceable = known && key.label === "default" && key.state !== "unavailable";
  const advice = replaceable ? "Replace it." : "Delete it here, or replace it where it was stored.";
  const why = ["damaged", "expired", "invalid", "rejected"].includes(key.state) ? `${key.explanation} ${advice}` : key.explanation;
  const action = (kind, text, work, extra = "") => element("button", {
    class: `quiet ${extra}`, type: "button", "data-action": kind, "aria-label": `${text} the ${name(key)} key`, onclick: work,
  }, text);
  return element("tr", { "data-provider": key.provider, "data-label": key.label, "data-state": key.state },
    element("td", { class: "lead" }, element("div", { class: "who" },
      element("span", { class: "monogram", "aria-hidden": "true" }, key.display_name.slice(0, 2)),
      element("span", {}, key.display_name, key.label === "default" ? null : element("small", { dir: "auto" }, key.label)))),
    element("td", { "data-label": "Key" }, element("code", {}, key.hint || "•••")),
    element("td", { "data-label": "State", class: "state-cell" },
      element("span", { class: `state ${kind}` }, icon(kind), word),
      needsReason ? element("p", { class: "why" }, why) : null),
    element("td", { "data-label": "Last validated" }, when(key.last_validated)),
    element("td", { class: "actions" },
      details.can_test && known && !["damaged", "unavailable"].includes(key.state) ? action("test", "Test", (event) => test(key, event.currentTarget)) : null,
      replaceable ? action("replace", "Replace", () => openKey(key)) : null,
      // Neither makes one of these serve.
      ["expired", "damaged", "unavailable"].includes(key.state) ? null
        : action("toggle", idle ? "Enable" : "Disable", (event) => toggle(key, idle, event.currentTarget), "toggle"),
      action("delete", "Delete", () => openDelete(key), "risky")));
}

/// To a button of a key, or to what is nearest where it has none.
function focusOn(key, kind) {
  const row = [...$("keys").rows].find((one) => one.dataset.provider === key.provider && one.dataset.label === key.label);
  (row?.querySelector(`[data-action="${kind}"]`) || row?.querySelector("button") || $("add")).focus();
}

function render() {
  const { keys } = details;
  const held = document.activeElement;
  const at = held.closest("tbody tr")?.dataset;
  $("keys").querySelector("tbody").replaceChildren(...keys.map(row));
  if (at) focusOn(at, held.dataset.action);
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
    if (error.status === 401) error.hint = "Check that it is complete and has not been revoked.";
    box.textContent = wording(error);
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
  const provider = details.providers.find((one) => one.name === (editing.key?.provider || $("provider").value));
  const starts = (provider?.begins_with || []).flatMap((start, index) => [index ? " or " : " It begins with ", element("code", {}, start)]);
  $("key-help").replaceChildren("It is encrypted before it is stored, and never shown again.", ...starts);
}

function openKey(key) {
  editing = { key };
  $("key-dialog-title").textContent = key ? `Replace the ${key.display_name} key` : "Add a key";
  $("key-save").querySelector(".label").textContent = key ? "Replace key" : "Save key";
  $("provider-row").hidden = Boolean(key);
  const stored = new Set(details.keys.filter((one) => one.label === "default").map((one) => one.provider));
  const free = details.providers.filter((one) => !stored.has(one.name));
  $("provider").replaceChildren(...free.map((one) => element("option", { value: one.name }, one.display_name)));
  if (!key && free.length === 0) return say("Every known provider has a key already. Replace one instead.", "warn");
  $("key-save").disabled = false;
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
  $("reveal").textContent = "Show";
  clearKeyError();
}

function clearKeyError() {
  $("key").removeAttribute("aria-invalid");
  $("key-error").hidden = true;
}

/// What came of it stands in the dialog that asked; on the page where that is gone, or the list has to be looked at.
function fail(error, isOpen, dialog, about, box, input) {
  if (error.status === 401 || error instanceof Ended) return complain(error);
  if (error.status === 412 && isOpen()) {
    dialog.close();
    // Its row has been made anew meanwhile.
    if (document.activeElement === document.body) $("add").focus();
  }
  if (isOpen()) showError(box, input, error);
  else complain(error, about);
  if (error instanceof Unanswered) refresh().catch(() => {});
}

async function saveKey(event) {
  event.preventDefault();
  clearKeyError();
  const asked = editing;
  const isOpen = () => editing === asked && $("key-dialog").open;
  const { key } = asked;
  const id = { provider: key?.provider || $("provider").value, label: "default" };
  const shown = details.providers.find((one) => one.name === id.provider)?.display_name || id.provider;
  try {
    const value = $("key").value.trim();
    if (!value) throw new Failure("Enter the key.", `Copy it from ${shown}'s page.`);
    const body = { [`${id.provider}_key`]: value };
    const answer = await busy($("key-save"), "Checking the key…", (stop) => change(key, id, "POST", base, { body, stop }));
    if (isOpen()) closeKey();
    const warnings = (answer.warnings || []).map((one) => one.message).join(" ");
    await done(warnings || `The ${shown} key was ${key ? "replaced" : "added"}.`, warnings ? "warn" : "");
    if (key) focusOn(key, "replace");
    else $("add").focus();
  } catch (error) {
    fail(error, isOpen, $("key-dialog"), `${shown}: `, $("key-error"), $("key"));
  }
}

function openDelete(key) {
  deleting = { key };
  const others = details.keys.some((one) => one !== key && [key.provider, "openrouter"].includes(one.provider) && !unused.includes(one.state));
  const next = [others ? "another key of yours" : "", details.formation_keys_available ? "the shared pool" : ""].filter(Boolean).join(" or ");
  $("delete-title").textContent = `Delete the ${name(key)} key?`;
  $("delete-text").replaceChildren(
    "The key ", ...(key.hint ? [element("code", {}, key.hint), " "] : []), "is removed for good",
    unused.includes(key.state) ? ". It is not used as it is."
      : next ? ` and stops being used at once. Its requests are then served by ${next} where possible, and fail otherwise.`
        : " and stops being used at once. Its requests then fail, unless they bring a key along.");
  $("delete-error").hidden = true;
  $("delete-confirm").querySelector(".label").textContent = "Delete key";
  $("delete-confirm").disabled = false;
  $("delete-dialog").showModal();
  $("delete-cancel").focus();
}

async function confirmDelete(event) {
  event.preventDefault();
  const asked = deleting;
  const isOpen = () => deleting === asked && $("delete-dialog").open;
  const { key } = asked;
  $("delete-error").hidden = true;
  try {
    const path = `${base}?provider=${encodeURIComponent(key.provider)}&label=${encodeURIComponent(key.label)}`;
    await busy($("delete-confirm"), "Deleting…", (stop) => change(key, key, "DELETE", path, { stop }));
    if (isOpen()) $("delete-dialog").close();
    await done(`The ${name(key)} key was deleted.`);
    $("add").focus();
  } catch (error) {
    fail(error, isOpen, $("delete-dialog"), `${name(key)}: `, $("delete-error"));
  }
}

/// Does something with a key by its button, and says what came of it.
async function act(key, button, text, work, outcome) {
  let failed = false;
  try {
    await done(...outcome(await busy(button, text, work)));
  } catch (error) {
    failed = true;
    complain(error, `${name(key)}: `);
  }
  if (!token) return;
  // Unless the person has gone on meanwhile.
  if (document.activeElement === document.body) focusOn(key, button.dataset.action);
  // A refusal changes what is known of a key, too.
  if (failed) refresh().catch(() => {});
}

function pathOf(key, verb) {
  const query = key.label === "default" ? "" : `?label=${encodeURIComponent(key.label)}`;
  return `${base}/${encodeURIComponent(key.provider)}/${verb}${query}`;
}

function test(key, button) {
  // Which no test changes.
  const still = { expired: " It is still not used: it has expired.", disabled: " It is still not used: it is disabled." }[key.state];
  return act(key, button, "Testing…", () => call("POST", pathOf(key, "test")), ({ message, success }) =>
    [`${name(key)}: ${message}${success && still ? still : ""}`, success && !still ? "" : "warn"]);
}

function toggle(key, enable, button) {
  const path = pathOf(key, enable ? "enable" : "disable");
  return act(key, button, enable ? "Enabling…" : "Disabling…", () => change(key, key, "POST", path), () =>
    [enable ? `The ${name(key)} key is used again.` : `The ${name(key)} key is kept, and not used.`]);
}

$("sign-in").addEventListener("submit", signIn);
$("sign-out").addEventListener("click", () => signOut());
$("add").addEventListener("click", () => openKey());
$("add-first").addEventListener("click", () => openKey());
$("provider").addEventListener("change", () => {
  help();
  clearKeyError();
});
$("key-form").addEventListener("submit", saveKey);
$("key-cancel").addEventListener("click", closeKey);
// By Escape. A browser says so with its next frame, by when the dialog may be open again, and cleared.
$("key-dialog").addEventListener("close", () => $("key-dialog").open || clearKey());
$("reveal").addEventListener("click", () => {
  const shown = $("key").type === "text";
  $("key").type = shown ? "password" : "text";
  $("reveal").textContent = shown ? "Show" : "Hide";
  $("key").focus();
});
$("delete-form").addEventListener("submit", confirmDelete);
$("delete-cancel").addEventListener("click", () => $("delete-dialog").close());
$("token").focus();
