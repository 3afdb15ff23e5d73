// The store locked, damaged, gone: 503 with the contract's body, /health says so, and it recovers by itself.
import assert from "node:assert/strict";
import { readFileSync, readdirSync, renameSync, openSync, writeSync, closeSync } from "node:fs";
import { start, check, until, lock, madeUpKey } from "./harness.mjs";

const server = await start({ level: "info", env: { KEYVAULT_CACHE_TTL: "1" } });
const made = server.token("acme");
const headers = { Authorization: `Bearer ${made.token}`, "Content-Type": "application/json" };
const keysURL = `${server.url}/v1/account/llm-keys`;
const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));
const store = (key) => fetch(keysURL, { method: "POST", headers, body: JSON.stringify({ openai_key: key }) });
const health = async () => (await fetch(`${server.url}/health`)).json();
const chat = (extra = {}) => fetch(`${server.url}/v1/chat/completions`, {
  method: "POST", headers: { ...headers, ...extra }, body: JSON.stringify({ model: "gpt-4o", messages: [] }),
});
async function unavailable(response, purpose) {
  assert.equal(response.status, 503);
  const { request_id, hint, ...rest } = await response.json();
  assert.deepEqual(rest, { error: "service_unavailable", message: `Vault connection unavailable - cannot ${purpose}` });
}
const database = `${server.folder}/keyvault.db`;

try {
  assert.equal((await store(madeUpKey("openai", "first"))).status, 200);
  assert.equal((await chat()).status, 200);

  await check("locked by another program: a write says so, and works when the lock is gone", async () => {
    const unlock = await lock(database);
    await unavailable(await store(madeUpKey("openai", "second")), "store keys");
    assert.equal((await chat()).status, 200);
    await unlock();
    assert.equal((await store(madeUpKey("openai", "second"))).status, 200);
  });

  await check("damaged: reads and writes say so, inline keys and the pool go on", async () => {
    server.cli("verify");
    const files = readdirSync(server.folder).filter((name) => /^keyvault\.db(-wal|-shm)?$/.test(name));
    const good = Object.fromEntries(files.map((name) => [name, readFileSync(`${server.folder}/${name}`)]));
    const overwrite = (name, bytes) => {
      const file = openSync(`${server.folder}/${name}`, "r+");
      writeSync(file, bytes, 0, bytes.length, 0);
      closeSync(file);
    };
    for (const name of files) overwrite(name, Buffer.alloc(good[name].length, 0xa5));
    await until(async () => (await health()).vault !== "connected", () => "health does not notice");
    assert.equal((await health()).status, "degraded");
    await unavailable(await store(madeUpKey("openai", "third")), "store keys");
    await unavailable(await fetch(keysURL, { headers }), "read keys");
    await unavailable(await fetch(keysURL, { method: "DELETE", headers }), "delete keys");
    await pause(1500);
    const inline = await (await chat({ "X-OpenAI-Key": madeUpKey("openai", "inline") })).json();
    assert.equal(inline.stratus.key_source, "user");
    const pooled = await (await chat()).json();
    assert.equal(pooled.stratus.key_source, "formation");
    assert.equal((await fetch(keysURL, { headers: { Authorization: "Bearer kvt_0123456789abcdef_" + "A".repeat(43) } })).status, 503);
    for (const name of files) overwrite(name, good[name]);
    await until(async () => (await health()).vault === "connected", () => "it does not recover");
    await until(async () => (await (await chat()).json()).stratus?.key_source === "user", () => "the stored key is not served");
    assert.equal((await store(madeUpKey("openai", "fourth"))).status, 200);
  });

  await check("gone: nothing is stored into a file that nobody finds again", async () => {
    const files = readdirSync(server.folder).filter((name) => /^keyvault\.db(-wal|-shm)?$/.test(name));
    const move = (from, to) => { for (const name of files) renameSync(`${server.folder}/${from}${name}`, `${server.folder}/${to}${name}`); };
    move("", "away-");
    await unavailable(await store(madeUpKey("openai", "fifth")), "store keys");
    await unavailable(await fetch(keysURL, { headers }), "read keys");
    assert.equal((await health()).vault, "unavailable");
    move("away-", "");
    assert.equal((await health()).vault, "connected");
    assert.equal((await store(madeUpKey("openai", "sixth"))).status, 200);
  });

  await check("a chat that the store lets down is a 503, and the log says what was the matter", async () => {
    const poolless = await start({ pool: null, level: "info", validation: "off", env: { KEYVAULT_CACHE_TTL: "0" } });
    try {
      const headers = { Authorization: `Bearer ${poolless.token("acme").token}`, "Content-Type": "application/json" };
      const send = () => fetch(`${poolless.url}/v1/chat/completions`, { method: "POST", headers, body: '{"model":"gpt-4o","messages":[]}' });
      assert.equal((await send()).status, 403);
      renameSync(`${poolless.folder}/keyvault.db`, `${poolless.folder}/away.db`);
      let response;
      // That it has no keys is known for a while.
      await until(async () => (response = await send()).status !== 403, () => "it does not notice");
      const id = response.headers.get("x-request-id");
      assert.equal(response.headers.get("retry-after"), "5");
      await unavailable(response, "read keys");
      await poolless.logged(id);
      const lines = poolless.log.split("\n").filter((line) => line.includes(id));
      assert.equal(lines.length, 1, poolless.log);
      assert.match(lines[0], /keyvault\.db was moved or deleted.*the vault failed$/);
    } finally {
      await poolless.stop();
    }
  });
} finally {
  await server.stop();
}
