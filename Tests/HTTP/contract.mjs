// Every example of the contract, by a client that is not ours, against the real server on SQLite: field by field.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import http from "node:http";
import net from "node:net";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { promisify } from "node:util";
import { start, check, until, madeUpKey, poolKey, poorPoolKey } from "./harness.mjs";
import { startRaw } from "./stub.mjs";

const server = await start();
const acme = server.token("acme").token;
const keysURL = `${server.url}/v1/account/llm-keys`;
const bearer = (token) => ({ Authorization: `Bearer ${token}`, "Content-Type": "application/json" });
const store = (keys, token = acme, headers = {}) =>
  fetch(keysURL, { method: "POST", headers: { ...bearer(token), ...headers }, body: JSON.stringify(keys) });
const status = async (token = acme) => (await fetch(keysURL, { headers: bearer(token) })).json();
const remove = (query = "", token = acme) => fetch(keysURL + query, { method: "DELETE", headers: bearer(token) });
const chat = (body = {}, token = acme, headers = {}) => fetch(`${server.url}/v1/chat/completions`, {
  method: "POST", headers: { ...bearer(token), ...headers },
  body: JSON.stringify({ model: "stratus-x1ac-small-gpt-4o", messages: [{ role: "user", content: "What happens if I click submit?" }], ...body }),
});
const nothing = {
  formation_keys_available: true, has_openai_key: false, has_anthropic_key: false, has_google_key: false, has_openrouter_key: false,
  openai_last_validated: null, anthropic_last_validated: null, google_last_validated: null, openrouter_last_validated: null,
};
async function refused(response, code, expected) {
  assert.equal(response.status, code);
  assert.equal(response.headers.get("cache-control"), "no-store");
  const { request_id, hint, ...rest } = await response.json();
  assert.match(request_id, /^req_/);
  assert.equal(request_id, response.headers.get("x-request-id"));
  assert.deepEqual(rest, expected);
  return hint;
}
const last = () => server.provider.seen.at(-1);

try {
  await check("health", async () => {
    const health = await fetch(`${server.url}/health`).then((response) => response.json());
    assert.equal(health.vault, "connected");
    assert.equal((await fetch(`${server.url}/health/live`)).status, 200);
  });

  await check("zero-config flow: the pool serves, with its markup", async () => {
    assert.deepEqual(await status(), nothing);
    const data = await (await chat()).json();
    assert.equal(data.stratus.key_source, "formation");
    assert.equal(data.stratus.formation_markup_applied, 0.25);
    assert.equal(data.choices[0].message.content, "Hello.");
    assert.equal(last().path, "/api/v1/chat/completions");
    assert.equal(last().body.model, "openai/gpt-4o");
    assert.equal(last().headers["accept-encoding"], "identity");
  });

  await check("store: all four keys", async () => {
    const before = Date.now();
    const response = await store({
      openai_key: madeUpKey("openai"), anthropic_key: madeUpKey("anthropic"), google_key: madeUpKey("google"), openrouter_key: madeUpKey("openrouter"),
    });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.deepEqual(await response.json(), { success: true, message: "LLM API keys stored and validated successfully" });
    const now = await status();
    for (const name of ["openai", "anthropic", "google", "openrouter"]) {
      assert.equal(now[`has_${name}_key`], true);
      assert.match(now[`${name}_last_validated`], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      const validated = new Date(now[`${name}_last_validated`]).getTime();
      // In whole seconds.
      assert.ok(validated > before - 1000 && validated <= Date.now());
    }
    assert.deepEqual(Object.keys(now).sort(), Object.keys(nothing).sort());
  });

  await check("a stored key serves: no markup", async () => {
    const response = await chat();
    const data = await response.json();
    assert.equal(data.stratus.key_source, "user");
    assert.equal(data.stratus.formation_markup_applied, null);
    assert.equal(data.stratus.key_origin, "vault");
    assert.equal(response.headers.get("x-key-source"), "user");
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.equal(last().key, madeUpKey("openai"));
    assert.equal(last().path, "/v1/chat/completions");
    assert.equal(last().body.model, "gpt-4o");
    for (const [model, path, key] of [
      ["claude-sonnet-4", "/v1/chat/completions", madeUpKey("anthropic")], ["gemini-2.0-flash", "/v1beta/openai/chat/completions", madeUpKey("google")],
      ["meta-llama/llama-3.3-70b", "/api/v1/chat/completions", madeUpKey("openrouter")],
    ]) {
      assert.equal((await chat({ model })).status, 200);
      assert.deepEqual([last().path, last().key, last().body.model], [path, key, model]);
    }
  });

  await check("inline headers come first", async () => {
    for (const [header, provider, model] of [
      ["X-OpenAI-Key", "openai", "gpt-4o"], ["X-Anthropic-Key", "anthropic", "claude-3"], ["X-Google-Key", "google", "gemini-pro"], ["X-OpenRouter-Key", "openrouter", "a/b"],
    ]) {
      const key = madeUpKey(provider, "inline");
      const data = await (await chat({ model }, acme, { [header]: key })).json();
      assert.deepEqual([data.stratus.key_source, data.stratus.key_origin, data.stratus.formation_markup_applied], ["user", "inline", null]);
      assert.equal(last().key, key);
      for (const name of Object.keys(last().headers)) assert.ok(!/^x-.*-key$/.test(name), name);
    }
    assert.equal((await status()).has_openai_key, true);
    // By its shape it is another provider's, which this one must not get to see.
    server.provider.seen.length = 0;
    const others = [madeUpKey("anthropic"), `sk-ant-admin01-${"aB3".repeat(30)}`, `sk-admin-${"aB3".repeat(20)}`, "aB3xY9kQ".repeat(4), acme];
    for (const key of others) {
      await refused(await chat({}, acme, { "X-OpenAI-Key": key }), 400, { error: "invalid_request", message: "Invalid OpenAI API key format", provider: "openai" });
    }
    assert.equal(server.provider.seen.length, 0);
    // However long it is; the stub takes 16 KiB.
    assert.equal((await chat({}, acme, { "X-OpenAI-Key": `sk-proj-${"x".repeat(15_000)}` })).status, 200);
    await refused(await store({ groq_key: acme }), 400, { error: "invalid_request", message: "Invalid Groq API key format", provider: "groq" });
  });

  await check("a stream brings the source before [DONE]", async () => {
    const response = await chat({ stream: true });
    assert.match(response.headers.get("content-type"), /^text\/event-stream/);
    assert.equal(response.headers.get("x-key-source"), "user");
    const events = (await response.text()).split("\n\n").filter(Boolean);
    assert.equal(events.at(-1), "data: [DONE]");
    const report = JSON.parse(events.at(-2).slice(6));
    assert.deepEqual(report.choices, []);
    assert.equal(report.stratus.key_source, "user");
    assert.equal(report.stratus.formation_markup_applied, null);
    assert.equal(events.length, 5);
    assert.equal(events.slice(0, 3).map((event) => JSON.parse(event.slice(6)).choices[0].delta.content).join(""), "Hello.");
  });

  await check("delete one, again, then all", async () => {
    for (const query of ["?provider=openai", "?provider=openai", ""]) {
      const response = await remove(query);
      assert.equal(response.status, 200);
      assert.deepEqual(await response.json(), { success: true, message: "LLM keys deleted" });
      assert.equal((await status()).has_openai_key, false);
      assert.equal((await status()).has_google_key, query !== "");
    }
    assert.deepEqual(await status(), nothing);
    await refused(await remove("?provider=nobody"), 400, { error: "invalid_request", message: "The provider is not known" });
    for (const query of ["?providers=openai", "?provider=openai&provider=google", "?provider=openai&Label=x"]) {
      await refused(await remove(query), 400, { error: "invalid_request", message: "A query parameter is not known, or there twice" });
    }
    await refused(await remove("?provider="), 400, { error: "invalid_request", message: "The provider is not known" });
    // What seems to name one must not delete all, or none.
    assert.equal((await store({ google_key: madeUpKey("google") })).status, 200);
    const hint = await refused(
      await fetch(keysURL, { method: "DELETE", headers: bearer(acme), body: '{"provider":"openai"}' }), 400,
      { error: "invalid_request", message: "A deletion takes no body" });
    assert.match(hint, /\?provider=/);
    await refused(await remove("?provider=google&label="), 400, { error: "invalid_request", message: "The name of a key cannot be used" });
    assert.equal((await status()).has_google_key, true);
    await remove();
  });

  await check("invalid formats", async () => {
    for (const [name, key] of [["OpenAI", "pk-wrong"], ["Anthropic", "sk-proj-x"], ["Google", "AIzo"], ["OpenRouter", "sk-xx-1"]]) {
      const field = name.toLowerCase();
      await refused(await store({ [`${field}_key`]: key }), 400, { error: "invalid_request", message: `Invalid ${name} API key format`, provider: field });
    }
    await refused(await store({ openai_key: "sk-…AbCd" }), 400, { error: "invalid_request", message: "Invalid OpenAI API key format", provider: "openai" });
    const hint = await refused(await store({ openai_key: madeUpKey("anthropic") }), 400, { error: "invalid_request", message: "Invalid OpenAI API key format", provider: "openai" });
    assert.match(hint, /Anthropic/);
  });

  await check("a key that its provider refuses is not stored, and none beside it", async () => {
    await refused(await store({ openai_key: madeUpKey("openai", "bad") }), 422, { error: "validation_failed", message: "OpenAI API key is invalid or inactive", provider: "openai" });
    await refused(await store({ anthropic_key: madeUpKey("anthropic"), google_key: madeUpKey("google", "bad") }), 422, { error: "validation_failed", message: "Google API key is invalid or inactive", provider: "google" });
    assert.deepEqual(await status(), nothing);
  });

  await check("null, empty, unknown and malformed", async () => {
    for (const value of [null, "", "  "]) {
      const hint = await refused(await store({ openai_key: value }), 400, { error: "invalid_request", message: "A key is empty or null", provider: "openai" });
      assert.match(hint, /DELETE/);
    }
    for (const length of [65_537, 100_000]) {
      await refused(await store({ groq_key: "x".repeat(length) }), 400, { error: "invalid_request", message: "The key is too long", ...(length > 73_728 ? { provider: "groq" } : {}) });
    }
    await refused(await store({ nobody_key: "x" }), 400, { error: "invalid_request", message: "A field of the request is not known" });
    await refused(await store([]), 400, { error: "invalid_request", message: "The request body is not a JSON object" });
    const twice = await fetch(keysURL, { method: "POST", headers: bearer(acme), body: '{"openai_key":"a","openai_key":"b"}' });
    assert.equal(twice.status, 400);
    assert.deepEqual(await (await store({})).json(), { success: true, message: "No LLM API keys were sent, and none has changed" });
  });

  await check("authentication", async () => {
    const wrong = { error: "authentication_failed", message: "Invalid Stratus API key" };
    await refused(await store({}, "kvt_0123456789abcdef_" + "A".repeat(43)), 401, wrong);
    await refused(await fetch(keysURL), 401, wrong);
    await refused(await fetch(keysURL, { headers: { Authorization: `Basic ${acme}` } }), 401, wrong);
    await refused(await chat({}, "nonsense"), 401, wrong);
    const other = server.token("other");
    assert.deepEqual(await status(other.token), nothing);
    server.cli("token", "revoke", other.id);
    let answer;
    // The server looks for what others have changed four times a second.
    await until(async () => {
      answer = await fetch(keysURL, { headers: bearer(other.token) });
      return answer.status !== 200;
    }, () => "the revoked token is let in");
    await refused(answer, 401, wrong);
  });

  await check("rotation", async () => {
    await store({ openai_key: madeUpKey("openai", "first") });
    await chat();
    assert.equal(last().key, madeUpKey("openai", "first"));
    await store({ openai_key: madeUpKey("openai", "second") });
    assert.equal((await status()).has_openai_key, true);
    await chat();
    assert.equal(last().key, madeUpKey("openai", "second"));
    await remove();
  });

  await check("other providers, and a key that could not be verified", async () => {
    const answer = await (await store({ groq_key: madeUpKey("groq"), openai_key: madeUpKey("openai", "broken") })).json();
    assert.equal(answer.success, true);
    assert.deepEqual(answer.warnings.map((one) => one.provider), ["openai"]);
    const now = await status();
    assert.deepEqual([now.has_groq_key, now.has_openai_key, now.openai_last_validated], [true, true, null]);
    await remove();
  });

  await check("compare-and-swap", async () => {
    const tag = (await fetch(keysURL, { headers: bearer(acme) })).headers.get("etag");
    assert.equal((await store({ openai_key: madeUpKey("openai") }, acme, { "If-Match": tag })).status, 200);
    const stale = { error: "precondition_failed", message: "The stored keys have changed since they were read" };
    await refused(await store({ openai_key: madeUpKey("openai", "late") }, acme, { "If-Match": tag }), 412, stale);
    const act = (verb, query = "", headers = {}) =>
      fetch(`${keysURL}/openai/${verb}${query}`, { method: "POST", headers: { ...bearer(acme), ...headers } });
    await refused(await act("disable", "", { "If-Match": tag }), 412, stale);
    const now = (await fetch(keysURL, { headers: bearer(acme) })).headers.get("etag");
    // As a proxy passes it on that compresses.
    assert.equal((await act("disable", "", { "If-Match": `W/${now}` })).status, 200);
    await refused(await act("enable", "", { "If-Match": now }), 412, stale);
    // One that is misspelt must not act on another key.
    const unknown = { error: "invalid_request", message: "A query parameter is not known, or there twice" };
    for (const query of ["?lable=default", "?label=default&label=other"]) await refused(await act("enable", query), 400, unknown);
    await refused(await fetch(`${keysURL}?label=other`, { method: "POST", headers: bearer(acme), body: "{}" }), 400, unknown);
    assert.equal((await act("enable")).status, 200);
    await remove();
  });

  await check("a key of a provider that is not known here can be disabled and deleted", async () => {
    for (const provider of ["foo", "my prov", "50%"]) {
      execFileSync("bash", ["-c", 'printf %s "$1" | "$0" put "elsewhere/$4" --store "$2" --master-key-file "$3"',
        process.env.KEYVAULT_CLI || new URL("../../.build/debug/keyvault", import.meta.url).pathname, "some-key-of-foo",
        `sqlite:${server.folder}/keyvault.db`, `${server.folder}/master.key`, provider]);
    }
    const token = server.token("elsewhere").token;
    assert.equal((await status(token)).has_foo_key, true);
    for (const provider of ["foo", "my%20prov", "50%25"]) {
      assert.equal((await fetch(`${keysURL}/${provider}/disable`, { method: "POST", headers: bearer(token) })).status, 200, provider);
      assert.equal((await remove(`?provider=${provider}`, token)).status, 200, provider);
    }
    await refused(await fetch(`${keysURL}/50%/disable`, { method: "POST", headers: bearer(token) }), 400, { error: "invalid_request", message: "The name of a key cannot be used" });
    assert.notEqual((await status(token)).has_foo_key, true);
    await refused(await remove("?provider=foo", token), 400, { error: "invalid_request", message: "The provider is not known" });
  });

  await check("of two labels that look alike the one is deleted that is named", async () => {
    for (const label of ["\u00e9", "e\u0301"]) {
      execFileSync("bash", ["-c", 'printf %s "$1" | "$0" put "lookalike/openai/$4" --store "$2" --master-key-file "$3"',
        process.env.KEYVAULT_CLI || new URL("../../.build/debug/keyvault", import.meta.url).pathname, madeUpKey("openai"),
        `sqlite:${server.folder}/keyvault.db`, `${server.folder}/master.key`, label]);
    }
    const token = server.token("lookalike").token;
    assert.equal((await remove(`?provider=openai&label=${encodeURIComponent("\u00e9")}`, token)).status, 200);
    const left = await (await fetch(`${keysURL}/details`, { headers: bearer(token) })).json();
    assert.deepEqual(left.keys.map((one) => one.label), ["e\u0301"]);
  });

  await check("a provider's refusals feed back", async () => {
    for (const [word, code, error] of [["badlater", 422, "validation_failed"], ["limitedlater", 429, "rate_limited"]]) {
      const tenant = server.token(`feedback-${word}`).token;
      // Live when it is stored, so that the refusal comes with the first chat.
      await store({ openai_key: madeUpKey("openai", word) }, tenant);
      assert.match((await status(tenant)).openai_last_validated, /^20/);
      const first = await chat({}, tenant);
      assert.equal(first.status, code);
      assert.equal((await first.json()).error, error);
      if (code === 429) assert.equal(first.headers.get("retry-after"), "7");
      // A refusal is no validation.
      if (code === 422) assert.equal((await status(tenant)).openai_last_validated, null);
      const paused = (await (await fetch(`${keysURL}/details`, { headers: bearer(tenant) })).json()).keys[0].explanation;
      if (code === 429) assert.match(paused, /used again at 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ\.$/);
      const second = await (await chat({}, tenant)).json();
      assert.equal(second.stratus.key_source, "formation");
      assert.equal(second.stratus.passed_over.length > 0, true);
    }
  });

  await check("of two chats that are under way with one key, both refusals count", async () => {
    const asked = [];
    const provider = http.createServer((request, response) => request.resume().on("end", () => asked.push(response)));
    await new Promise((resolve) => provider.listen(0, "127.0.0.1", resolve));
    const stub = { url: `http://127.0.0.1:${provider.address().port}`, close: () => { provider.closeAllConnections(); provider.close(); } };
    const held = await start({ stub, pool: null, level: "info", validation: "off" });
    try {
      const headers = bearer(held.token("acme").token);
      const url = `${held.url}/v1/account/llm-keys`;
      assert.equal((await fetch(url, { method: "POST", headers, body: JSON.stringify({ openai_key: madeUpKey("openai") }) })).status, 200);
      const send = () => fetch(`${held.url}/v1/chat/completions`, { method: "POST", headers, body: '{"model":"gpt-4o","messages":[]}' });
      const chats = Promise.all([send(), send()].map(async (one) => (await one).status));
      await until(() => asked.length === 2, () => "both were not asked");
      const state = async () => (await (await fetch(`${url}/details`, { headers })).json()).keys[0].state;
      asked[0].writeHead(429, { "Retry-After": "7" }).end("{}");
      await until(async () => await state() === "cooling_down", () => "the pause is not noted");
      asked[1].writeHead(401).end("{}");
      assert.deepEqual((await chats).sort(), [422, 429]);
      assert.equal(await state(), "rejected");
    } finally { assert.equal(await held.stop(), 0); }
  });

  await check("a provider's refusal is passed on without the key", async () => {
    const key = madeUpKey("openai", "echo");
    const response = await chat({}, acme, { "X-OpenAI-Key": key });
    assert.equal(response.status, 400);
    const text = await response.text();
    for (let index = 8; index + 12 <= key.length; index += 1) assert.ok(!text.includes(key.slice(index, index + 12)));
  });

  await check("how long to wait is passed on with any refusal", async () => {
    const response = await chat({}, acme, { "X-OpenAI-Key": madeUpKey("openai", "overloaded") });
    assert.deepEqual([response.status, response.headers.get("retry-after")], [503, "11"]);
  });

  await check("a refusal that spells the key in escapes is not passed on", async () => {
    const response = await chat({}, acme, { "X-OpenAI-Key": madeUpKey("openai", "dead404") });
    const hint = await refused(response, 404, { error: "upstream_error", message: "OpenAI answered with status 404", provider: "openai" });
    assert.equal(hint, "What OpenAI says may hold a part of the key, and is not passed on.");
  });

  await check("nothing is passed on of what is said to a key that is too long to be looked for", async () => {
    const key = `sk-proj-echo${"x".repeat(1100)}`;
    const response = await chat({}, acme, { "X-OpenAI-Key": key });
    const hint = await refused(response, 400, { error: "upstream_error", message: "OpenAI answered with status 400", provider: "openai" });
    assert.equal(hint, "What OpenAI says may hold a part of the key, and is not passed on.");
  });

  await check("a status that there is not ends nothing, in a chat or in a check", async () => {
    const stub = await startRaw();
    const odd = await start({ stub, pool: null, level: "info" });
    try {
      const headers = bearer(odd.token("acme").token);
      const send = (path, body, more = {}) => fetch(odd.url + path, { method: "POST", headers: { ...headers, ...more }, body: JSON.stringify(body) });
      for (const status of ["000", "050", "099"]) {
        stub.answer = `HTTP/1.1 ${status} X\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
        const response = await send("/v1/chat/completions", { model: "gpt-4o", messages: [] }, { "X-OpenAI-Key": madeUpKey("openai") });
        await refused(response, 502, { error: "upstream_error", message: "OpenAI did not answer as HTTP asks", provider: "openai" });
        const stored = await send("/v1/account/llm-keys", { openai_key: madeUpKey("openai") });
        assert.equal(stored.status, 200);
        assert.deepEqual((await stored.json()).warnings.map((warning) => warning.provider), ["openai"]);
      }
    } finally { assert.equal(await odd.stop(), 0); }
  });

  await check("an answer that breaks off is told from one that never came", async () => {
    const stub = await startRaw();
    const odd = await start({ stub, pool: null, level: "info", args: ["--metrics-listen", "127.0.0.1:0"] });
    try {
      const headers = { ...bearer(odd.token("acme").token), "X-OpenAI-Key": madeUpKey("openai") };
      const send = (answer) => {
        stub.answer = answer;
        return fetch(`${odd.url}/v1/chat/completions`, { method: "POST", headers, body: '{"model":"gpt-4o","messages":[]}' });
      };
      const failure = (message) => ({ error: "upstream_error", message, provider: "openai" });
      for (const answer of ["HTTP/1.1 200 OK\r\ncontent-ty", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"]) {
        await refused(await send(answer), 502, failure("OpenAI broke its answer off"));
      }
      await refused(await send("SSH-2.0-x\r\n\r\n"), 502, failure("OpenAI did not answer as HTTP asks"));
      await refused(await send(""), 502, failure("OpenAI closed the connection"));
      const stream = await send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n:x\n\r\n");
      assert.equal(stream.status, 200);
      await assert.rejects(stream.text());
      await odd.logged("a stream broke off");
      assert.match(odd.log, new RegExp(`warning.*OpenAI broke its answer off.*${stream.headers.get("x-request-id")}.*a stream broke off`));
      const metrics = await (await fetch(/metrics on (http:\S+)/.exec(odd.log)[1])).text();
      assert.match(metrics, /^keyvault_broken_streams_total\{.*\} 1$/m);
    } finally { assert.equal(await odd.stop(), 0); }
  });

  await check("clients of HTTP/1.0 are answered as such", async () => {
    const body = '{"model":"gpt-4o","messages":[],"stream":true}';
    const head = `Host: x\r\nAuthorization: Bearer ${acme}\r\nConnection: keep-alive\r\n`;
    const ask = async (request) => {
      const socket = net.connect(new URL(server.url).port, "127.0.0.1");
      socket.write(request);
      let text = "";
      for await (const part of socket) text += part;
      return text;
    };
    const stream = await ask(`POST /v1/chat/completions HTTP/1.0\r\n${head}Expect: 100-continue\r\nX-OpenAI-Key: ${madeUpKey("openai")}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    assert.match(stream, /^HTTP\/1\.0 200 OK\r\n(?![^]*transfer-encoding)[^]*\r\n\r\ndata: \{[^]*\n\ndata: \[DONE\]\n\n$/i);
    assert.match(await ask(`GET /health HTTP/1.0\r\n${head}\r\n`), /^HTTP\/1\.0 200 OK\r\n[^]*\r\nContent-Length: \d+\r\n[^]*\}$/);
  });

  await check("an answer that is compressed, unasked, is the provider's failure", async () => {
    const stub = await startRaw();
    const odd = await start({ stub, pool: null, level: "info" });
    try {
      const headers = { ...bearer(odd.token("acme").token), "X-OpenAI-Key": madeUpKey("openai") };
      const answered = (status, coding, text) => {
        const body = coding === "gzip" ? gzipSync(text) : Buffer.from(text);
        stub.answer = Buffer.concat([Buffer.from(`HTTP/1.1 ${status} X\r\nContent-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n`), body]);
        return fetch(`${odd.url}/v1/chat/completions`, { method: "POST", headers, body: '{"model":"gpt-4o","messages":[]}' });
      };
      const failure = (message) => ({ error: "upstream_error", message, provider: "openai" });
      for (const coding of ["gzip", "identity, br"]) {
        await refused(await answered(200, coding, "{}"), 502, failure("OpenAI compressed its answer, which it was not asked to"));
        // What its status says is known all the same.
        assert.equal(await refused(await answered(400, coding, "no such thing"), 400, failure("OpenAI answered with status 400")), undefined);
        await refused(await answered(401, coding, "no"), 422, { error: "validation_failed", message: "OpenAI API key is invalid or inactive", provider: "openai" });
      }
      for (const coding of ["Identity", ""]) {
        assert.equal((await (await answered(200, coding, "{}")).json()).stratus.key_source, "user");
        assert.equal(await refused(await answered(400, coding, "no such thing"), 400, failure("OpenAI answered with status 400")), "no such thing");
      }
    } finally { await odd.stop(); }
  });

  await check("a refusal whose body does not come is told all the same", async () => {
    const response = await chat({}, acme, { "X-OpenAI-Key": madeUpKey("openai", "stall") });
    await refused(response, 422, { error: "validation_failed", message: "OpenAI API key is invalid or inactive", provider: "openai" });
  });

  await check("a success that brings no chat is the provider's failure, and no answer runs into the next", async () => {
    const body = '{"model":"gpt-4o","messages":[],"stream":true}';
    const socket = net.connect(new URL(server.url).port, "127.0.0.1");
    const head = `Host: x\r\nAuthorization: Bearer ${acme}\r\n`;
    socket.write(`POST /v1/chat/completions HTTP/1.1\r\n${head}X-OpenAI-Key: ${madeUpKey("openai", "hollow")}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
      + `GET /health/live HTTP/1.1\r\n${head}Connection: close\r\n\r\n`);
    let text = "";
    for await (const part of socket) text += part;
    assert.match(text, /^HTTP\/1\.1 502 [^]*"message":"OpenAI answered with status 204"[^]*}HTTP\/1\.1 200 /);
  });

  await check("what the pool lacks is the operator's to know", async () => {
    // Without credit, and not known at all.
    for (const pool of [poorPoolKey, poolKey.replace("0123", "bad0")]) {
      const poor = await start({ pool, level: "info" });
      try {
        const headers = bearer(poor.token("acme").token);
        const body = JSON.stringify({ model: "gpt-4o", messages: [] });
        const response = await fetch(`${poor.url}/v1/chat/completions`, { method: "POST", headers, body });
        const hint = await refused(response, 502, { error: "upstream_error", message: "The shared pool cannot serve this request", provider: "openrouter" });
        assert.equal(hint, undefined);
        await poor.logged("the pool's key was refused");
        const lines = poor.log.split("\n").filter((line) => line.includes(response.headers.get("x-request-id")));
        assert.equal(lines.length, 1, poor.log);
      } finally { await poor.stop(); }
    }
  });

  await check("what is wrong with a request is its account's to know, whoever's key it was", async () => {
    for (const [code, message, hint] of [[400, "OpenRouter answered with status 400", "no such thing, [removed]"], [403, "OpenRouter refused this request", undefined],
      [404, "OpenRouter answered with status 404", "no such thing, [removed]"], [500, "OpenRouter answered with status 500", undefined]]) {
      const word = code === 500 ? "broken" : `dead${code}`;
      const other = await start({ pool: poolKey.replace("0123456", word), level: "info" });
      try {
        const headers = bearer(other.token("acme").token);
        const body = JSON.stringify({ model: "gpt-4o", messages: [] });
        const response = await fetch(`${other.url}/v1/chat/completions`, { method: "POST", headers, body });
        assert.equal(await refused(response, code, { error: "upstream_error", message, provider: "openrouter" }), hint);
        assert.doesNotMatch(other.log, /the pool's key was refused/);
      } finally { await other.stop(); }
    }
  });

  await check("clients that leave before the call leave no call behind", async () => {
    server.provider.seen.length = 0;
    const body = JSON.stringify({ model: "gpt-4o", messages: [] });
    const request = `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${acme}\r\nX-OpenAI-Key: ${madeUpKey("openai", "hang")}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(Array.from({ length: 40 }, () => new Promise((resolve) => {
        const socket = net.connect(new URL(server.url).port, "127.0.0.1", () => socket.write(request, () => socket.resetAndDestroy()));
        socket.on("close", resolve);
        socket.on("error", () => {});
      })));
    }
    // What begins later than this would be left behind.
    for (let tries = 0, quiet = 0; tries < 400 && quiet < 40; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      quiet = server.provider.open.size === 0 ? quiet + 1 : 0;
    }
    assert.equal(server.provider.open.size, 0, `${server.provider.open.size} of ${server.provider.seen.length} calls go on`);
  });

  await check("bodies that break off, or are not sent as HTTP asks, are no failures of ours", async () => {
    const before = server.log.length;
    const post = (rest, end) => new Promise((resolve) => {
      const socket = net.connect(new URL(server.url).port, "127.0.0.1");
      let text = "";
      socket.on("data", (part) => { text += part; });
      socket.on("close", () => resolve(text));
      socket.on("error", () => {});
      socket.write(`POST /v1/account/llm-keys HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${acme}\r\n${rest}`, () => end && socket.end());
    });
    assert.match(await post("Transfer-Encoding: chunked\r\n\r\nZZ\r\n"), /^HTTP\/1\.1 400 /);
    assert.match(await post("Connection: close\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"), /^HTTP\/1\.1 501 /);
    await post("Content-Length: 500\r\n\r\n{", true);
    assert.equal((await status()).formation_keys_available, true);
    assert.ok(!server.log.slice(before).includes("a request failed"), server.log.slice(before));
  });

  await check("a failure of ours or a provider's is one warning with the answer's id, a client's mistake none", async () => {
    const quiet = await start({ level: "info" });
    const before = quiet.log.length;
    try {
      const headers = bearer(quiet.token("acme").token);
      const send = (path, body, more = {}) => fetch(quiet.url + path, { method: "POST", headers: { ...headers, ...more }, body: JSON.stringify(body) });
      const message = { model: "gpt-4o", messages: [] };
      for (const [code, answer] of [
        [400, await send("/v1/account/llm-keys", { openai_key: "pk-wrong" })], [400, await send("/v1/account/llm-keys", { openai_key: "" })],
        [422, await send("/v1/account/llm-keys", { openai_key: madeUpKey("openai", "bad") })],
        [404, await send("/v1/account/llm-keys/openai/enable", {})],
        [412, await send("/v1/account/llm-keys", { openai_key: madeUpKey("openai") }, { "If-Match": "\"0\"" })],
        [422, await send("/v1/chat/completions", message, { "X-OpenAI-Key": madeUpKey("openai", "bad") })],
      ]) {
        assert.equal(answer.status, code);
        assert.ok(!quiet.log.includes(answer.headers.get("x-request-id")), quiet.log);
      }
      // Whether the connection is known to be gone when its error comes is a matter of luck.
      for (let count = 0; count < 200; count += 1) {
        const reset = net.connect(new URL(quiet.url).port, "127.0.0.1");
        reset.on("error", () => {});
        await new Promise((resolve) => reset.write(`POST /v1/account/llm-keys HTTP/1.1\r\nHost: x\r\nAuthorization: ${headers.Authorization}\r\nContent-Length: 500\r\n\r\n{`, resolve));
        if (count % 2) await new Promise((resolve) => setTimeout(resolve, 1));
        reset.resetAndDestroy();
      }
      const failed = await send("/v1/chat/completions", message, { "X-OpenAI-Key": madeUpKey("openai", "broken") });
      assert.equal(failed.status, 500);
      const id = failed.headers.get("x-request-id");
      await quiet.logged(id);
      const lines = quiet.log.slice(before).split("\n").filter((line) => /warning|error/.test(line));
      assert.equal(lines.length, 1, quiet.log);
      assert.match(lines[0], new RegExp(`warning.*${id}`));
    } finally { await quiet.stop(); }
  });

  await check("a damaged token lets nobody in, and says no more", async () => {
    const damaged = server.token("damaged");
    execFileSync("python3", ["-c", `
import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
(sealed,) = c.execute("SELECT sealed FROM records WHERE tenant = '_tokens' AND provider = ?", (sys.argv[2],)).fetchone()
c.execute("UPDATE records SET sealed = ? WHERE tenant = '_tokens' AND provider = ?", (sealed[:-1] + bytes([sealed[-1] ^ 1]), sys.argv[2]))
c.commit()`, `${server.folder}/keyvault.db`, damaged.id]);
    const response = await chat({}, damaged.token, { "X-OpenAI-Key": madeUpKey("openai") });
    await refused(response, 401, { error: "authentication_failed", message: "Invalid Stratus API key" });
    await server.logged("a token's record is damaged");
  });

  await check("a client that goes away ends the call", async () => {
    for (const body of [{}, { stream: true, silent: true }]) {
      server.provider.seen.length = 0;
      const controller = new AbortController();
      const key = madeUpKey("openai", body.stream ? "live" : "hang");
      const call = fetch(`${server.url}/v1/chat/completions`, {
        method: "POST", signal: controller.signal, headers: { ...bearer(acme), "X-OpenAI-Key": key },
        body: JSON.stringify({ model: "gpt-4o", messages: [], ...body }),
      });
      if (body.stream) await (await call).body.getReader().read();
      await until(() => server.provider.seen.length > 0, () => "the provider was not asked");
      controller.abort();
      await call.catch(() => {});
      await until(() => server.provider.open.size === 0, () => `the call goes on, ${JSON.stringify(body)}`);
    }
  });

  await check("bodies and methods", async () => {
    assert.equal((await store({ openai_key: "x".repeat(300_000) })).status, 413);
    assert.equal((await fetch(keysURL, { method: "PUT", headers: bearer(acme) })).status, 405);
    const odd = http.request(keysURL, { method: "PROPFIND" }).end();
    assert.equal((await new Promise((resolve) => odd.on("response", resolve))).resume().statusCode, 405);
    assert.equal((await fetch(keysURL, { method: "POST", headers: { ...bearer(acme), "Content-Encoding": "gzip" }, body: gzipSync("{}") })).status, 415);
    assert.equal((await fetch(`${server.url}/nowhere`)).status, 404);
    assert.equal((await chat({ model: "unheard-of" })).status, 400);
    assert.equal((await fetch(keysURL, { method: "POST", headers: { ...bearer(acme), "Content-Type": "text/plain" }, body: "{}" })).status, 415);
  });

  await check("the answer to a HEAD has no body", async () => {
    for (const [path, code] of [["/health", 200], ["/", 200], ["/nowhere", 404], ["/v1/chat/completions", 405]]) {
      const socket = net.connect(new URL(server.url).port, "127.0.0.1");
      socket.write(`HEAD ${path} HTTP/1.1\r\nHost: x\r\n\r\nGET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      let text = "";
      for await (const part of socket) text += part;
      const [first, second] = text.split("\r\n\r\n");
      assert.ok(first.startsWith(`HTTP/1.1 ${code} `), path);
      assert.ok(second.startsWith("HTTP/1.1 200 "), `${path}: ${second.slice(0, 80)}`);
    }
  });

  await check("a client that waits with its body is told to send it", async () => {
    const body = '{"openai_key": ""}';
    const socket = net.connect(new URL(server.url).port, "127.0.0.1");
    socket.write(`POST /v1/account/llm-keys HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${acme}\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`);
    let text = "";
    for await (const part of socket) {
      if (text === "") socket.write(body);
      text += part;
    }
    assert.match(text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 400 /);
    // Unless the body is too large in any case.
    for (const [path, length] of [["/v1/account/llm-keys", 300_000], ["/v1/chat/completions", 20_000_000]]) {
      const eager = net.connect(new URL(server.url).port, "127.0.0.1");
      eager.on("error", () => {});
      eager.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${acme}\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`);
      const first = await new Promise((resolve) => eager.once("data", resolve));
      assert.match(first.toString(), /^HTTP\/1\.1 413 /);
      eager.destroy();
    }
  });

  await check("the calls of README.md", async () => {
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    const calls = readme.split("\n").filter((line) => line.startsWith("curl "));
    assert.equal(calls.length, 4);
    const answers = [];
    for (const call of calls) {
      const command = call.replace("http://127.0.0.1:8080", server.url).replace("sk-proj-…", madeUpKey("openai"));
      // Not to be waited for in one call: the stub of the providers lives in this process.
      const { stdout } = await promisify(execFile)("bash", ["-c", command], { env: { ...process.env, TOKEN: server.token("reader").token } });
      answers.push(JSON.parse(stdout));
    }
    assert.deepEqual([answers[0].success, answers[1].has_openai_key, answers[2].stratus.key_source, answers[3].success], [true, true, "user", true]);
  });

  await check("writes are bounded", async () => {
    const token = server.token("busy").token;
    // At once: the bound fills up again by one a second.
    const answers = await Promise.all(Array.from({ length: 120 }, () => store({}, token)));
    const limited = answers.find((response) => response.status === 429);
    assert.ok(limited);
    assert.ok(Number(limited.headers.get("retry-after")) >= 1);
    assert.equal((await store({}, server.token("idle").token)).status, 200);
  });
} finally {
  const code = await server.stop();
  if (code !== 0) { console.log(`FAIL the server ended with ${code}`); process.exitCode = 1; }
}
