// 1,000 canary keys driven through success and every error at trace level: none of them, and no part of one of 12 characters, may
// be found anywhere afterwards, in raw, hexadecimal, base64 or percent form.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import http from "node:http";
import { start, check, lock } from "./harness.mjs";
import { words } from "./stub.mjs";

const total = 1000;
const server = await start({ level: "trace", args: ["--metrics-listen", "127.0.0.1:0"], env: { KEYVAULT_WRITES_PER_MINUTE: "0" } });
const token = server.token("acme").token;
const answers = [];
const canaries = [];

/// A key with a word for the stub, and 24 random letters that nothing else holds, nor any other such word.
function canary(provider, word) {
  const draw = () => randomBytes(48).toString("base64").replace(/[^A-Za-z0-9]/g, "").slice(0, 24);
  let core = draw();
  while (words.some((other) => other !== word && `${word}${core}`.includes(other))) core = draw();
  canaries.push(core);
  const pad = (length) => `${word}${core}`.padEnd(length, "x1y2z3");
  switch (provider) {
    case "openai": return `sk-proj-${pad(60)}T3BlbkFJ${"a1B2c3D4".repeat(8)}`;
    case "anthropic": return `sk-ant-api03-${pad(93)}AA`;
    case "google": return `AIza${pad(35).slice(0, 35)}`;
    default: return `gsk_${pad(52)}`;
  }
}

async function send(path, { method = "GET", body, headers = {} } = {}) {
  const response = await fetch(server.url + path, {
    method, body, headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", ...headers }, signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  answers.push(JSON.stringify([...response.headers]) + text);
  return response.status;
}
const keys = "/v1/account/llm-keys";
const store = (object) => send(keys, { method: "POST", body: JSON.stringify(object) });
const chat = (headers = {}, body = {}) => send("/v1/chat/completions", {
  method: "POST", headers, body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "hi" }], ...body }),
});

/// Headers that fetch would not send.
function raw(path, headers, method = "POST") {
  const url = new URL(server.url);
  return new Promise((resolve) => {
    const request = http.request({ host: url.hostname, port: url.port, path, method, headers, setHost: true }, (response) => {
      let text = JSON.stringify(response.headers);
      response.on("data", (part) => { text += part; });
      response.on("end", () => { answers.push(text); resolve(response.statusCode); });
    });
    request.on("error", () => resolve(0));
    request.end("{}");
  });
}

// What a key may meet, and the status that it must end in.
const ways = [
  [200, () => store({ openai_key: canary("openai", "live") })],
  [200, async () => { await store({ openai_key: canary("openai", "live") }); return chat(); }],
  [200, async () => { await store({ openai_key: canary("openai", "live") }); return chat({}, { stream: true }); }],
  [200, () => store({ anthropic_key: canary("anthropic", "broken") })],
  [200, () => store({ google_key: canary("google", "limited") })],
  [422, () => store({ openai_key: canary("openai", "bad") })],
  [422, () => store({ google_key: canary("google", "bad"), groq_key: canary("groq", "live") })],
  [400, () => store({ openai_key: "pk-" + canary("openai", "live") })],
  [400, () => store({ openai_key: canary("anthropic", "live") })],
  [400, () => store({ openai_key: canary("openai", "live") + "\nX-Evil: 1" })],
  [400, () => store({ openai_key: canary("openai", "live") + "\u{0}" })],
  [400, () => store({ openai_key: [canary("openai", "live")] })],
  [400, () => store({ [canary("openai", "live")]: "openai" })],
  [400, () => send(keys, { method: "POST", body: `{"openai_key": "${canary("openai", "live")}` })],
  [400, () => send(keys, { method: "POST", body: canary("openai", "live") })],
  [415, () => send(keys, { method: "POST", body: canary("openai", "live"), headers: { "Content-Type": "text/plain" } })],
  [413, () => store({ openai_key: canary("openai", "live") + "x".repeat(300_000) })],
  [412, () => send(keys, { method: "POST", body: JSON.stringify({ openai_key: canary("openai", "live") }), headers: { "If-Match": "\"0\"" } })],
  [401, () => send(keys, { headers: { Authorization: `Bearer ${canary("openai", "live")}` } })],
  [401, () => send(keys, { headers: { Authorization: canary("openai", "live") } })],
  [400, () => send(`${keys}?provider=${canary("openai", "live")}`, { method: "DELETE" })],
  [404, () => send(`/v1/${canary("openai", "live")}`)],
  [400, () => send(`${keys}/${canary("openai", "live")}/test`, { method: "POST" })],
  [405, () => send(`${keys}?key=${canary("openai", "live")}`, { method: "PUT" })],
  [200, () => chat({ "X-OpenAI-Key": canary("openai", "live") })],
  [422, () => chat({ "X-OpenAI-Key": canary("openai", "bad") })],
  [429, () => chat({ "X-OpenAI-Key": canary("openai", "limited") })],
  [500, () => chat({ "X-OpenAI-Key": canary("openai", "broken") })],
  [400, () => chat({ "X-OpenAI-Key": canary("openai", "echo") })],
  [400, () => chat({ "X-OpenAI-Key": `${canary("openai", "live")} ${canary("openai", "live")}` })],
  [400, () => chat({}, { model: canary("openai", "live") })],
  [400, () => send("/v1/chat/completions", { method: "POST", body: `{"model": ${canary("openai", "live")}}` })],
  [400, () => raw(keys, { "X-Long": canary("openai", "live") + "x".repeat(60_000) })],
  [401, () => raw(keys, { Authorization: `Bearer ${"x".repeat(20_000)}${canary("openai", "live")}` })],
];

/// Every form of a text that a search should find.
function forms(core) {
  const bytes = Buffer.from(core);
  const base64 = [0, 1, 2].map((shift) => Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64").replace(/=+$/, "").slice(shift ? 4 : 0, -2));
  const hex = bytes.toString("hex");
  const percent = [...bytes].map((byte) => `%${byte.toString(16)}`).join("");
  return [core, ...base64, hex, hex.toUpperCase(), percent, percent.toUpperCase(), [...bytes].join(", ")];
}

/// Every part of that length of every form of every canary: one pass over a text then finds any of them.
const length = 12;
function* parts(text) {
  for (let start = 0; start + length <= text.length; start += 1) yield text.slice(start, start + length);
}
const holdsAny = (text, needles) => {
  for (const part of parts(text)) if (needles.has(part)) return true;
  return false;
};

try {
  await check(`${total} keys through ${ways.length} ways`, async () => {
    for (let index = 0; canaries.length < total || index < ways.length; index += 1) {
      const [expected, way] = ways[index % ways.length];
      const status = await way();
      assert.ok(status === expected || (expected === 400 && status === 0), `way ${index % ways.length}: ${status}, not ${expected}`);
    }
    await send(keys);
    await send(`${keys}/details`);
    await send("/health");
  });

  await check("a store that fails tells nothing either", async () => {
    const unlock = await lock(`${server.folder}/keyvault.db`);
    assert.equal(await store({ openai_key: canary("openai", "live") }), 503);
    await unlock();
    assert.equal(await store({ openai_key: canary("openai", "live") }), 200);
  });

  await check("none of them is anywhere", async () => {
    const metricsURL = /metrics on (http:\S+)/.exec(server.log)?.[1];
    assert.ok(metricsURL, "the metrics' address is not in the log");
    const metrics = await (await fetch(metricsURL)).text();
    assert.match(metrics, /keyvault_http_request_duration_seconds_count/);
    assert.match(server.log, / trace /);
    const files = readdirSync(server.folder).filter((name) => name.startsWith("keyvault.db"));
    assert.ok(files.length >= 1);
    const places = {
      "an answer": answers.join("\n"), "the log": server.log, "the metrics": metrics,
      ...Object.fromEntries(files.map((name) => [name, readFileSync(`${server.folder}/${name}`, "latin1")])),
    };
    const needles = new Set(canaries.flatMap((core) => forms(core).flatMap((form) => [...parts(form)])));
    // The search itself must be able to find.
    for (const form of forms(canaries[0])) assert.ok(holdsAny(`planted ${form.slice(3)}`, needles), form);
    for (const [place, text] of Object.entries(places)) assert.ok(!holdsAny(text, needles), `${place} holds a key`);
    const sizes = Object.entries(places).map(([place, text]) => `${place} ${text.length}`);
    console.log(`     ${canaries.length} keys, not in: ${sizes.join(", ")} bytes`);
  });
} finally {
  await server.stop();
}
