// What an operator does: configuration from every source, TLS and its reload, metrics, graceful shutdown, bad options.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import https from "node:https";
import net from "node:net";
import tls from "node:tls";
import { chmodSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { start, check, until, keyvault, serverProgram, poolKey, madeUpKey } from "./harness.mjs";
import { startStub } from "./stub.mjs";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const script = (name) => fileURLToPath(new URL(`../../scripts/${name}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "keyvault-operations-"));
const certificate = (name) => {
  execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
    "-subj", `/CN=${name}`, "-keyout", `${folder}/tls.key`, "-out", `${folder}/tls.pem`], { stdio: "ignore" });
};
const freePort = () => new Promise((resolve) => {
  const listener = net.createServer().listen(0, "127.0.0.1", () => {
    const { port } = listener.address();
    listener.close(() => resolve(port));
  });
});
const failing = (args, env = {}) => spawnSync(serverProgram, args, { encoding: "utf8", timeout: 60_000, env: { ...process.env, SWIFT_BACKTRACE: "enable=no", ...env } });

await check("options that cannot be are refused, with what to do", async () => {
  for (const [args, text] of [
    [["--listen", "nowhere"], /HOST:PORT/], ...["*:8080", "[*]:8080"].map((all) => [["--listen", all], /names no host\. Write 0\.0\.0\.0 for all\./]), [["--validation", "maybe"], /off, lenient, strict/], [["--upstream", "openai"], /PROVIDER=URL/],
    [["--upstream", "openai=http://gateway.internal"], /https/],
    ...["https://x/?q=1", "https://x/#f", "https://:pw@x", "https://user:pw@x", "https://x:99999", "https://x:0", "https://", "ftp://x"].map(
      (url) => [["--upstream", `openai=${url}`], /^keyvault-server: Upstream 1 is not of the form PROVIDER=URL(?!.*pw)/]),
    // Two in one, as the environment's list would be written: one host with a comma would take the first one's chats.
    [["--upstream", "openai=https://x.example,google=https://z.example"], /Upstream 1 .* of its own/],
    [["--upstream", "nobody=http://127.0.0.1:1"], /Known are/], [["--tls-key", "x"], /both/], [["--store", "mysql:x"], /sqlite:PATH/],
    [["--config", "/nonexistent"], /configuration file/], [["--unheard-of"], /Unknown option/], [["--log-level", "loud"], /trace, debug/],
  ]) {
    const { status, stderr } = failing(args);
    assert.notEqual(status, 0, args.join(" "));
    assert.match(stderr, text);
  }
  for (const [file, text] of [
    [{ listn: "127.0.0.1:1" }, /names 'listn', which is not known. Known are: bodyTimeout, /], [{ writesPerMinute: "3" }, /writesPerMinute must be a whole number/],
    [{ listen: 8080 }, /listen must be a text/], [{ upstream: { openai: "http://127.0.0.1:1" } }, /upstream must be a text, or a list of texts/],
    [{ upstream: "openai=https://x.example,google=https://z.example" }, /Upstream 1 .* of its own/],
    [{ brand: "" }, /brand is empty/], [{ responseObject: "" }, /responseObject is empty/], [{ responseObject: "choices" }, /responseObject cannot be 'choices'/],
    [{ masterKeyFile: ["a", 1] }, /masterKeyFile must be/], [["listen"], /no JSON object/],
  ]) {
    writeFileSync(`${folder}/wrong.json`, JSON.stringify(file));
    const { status, stderr } = failing(["--config", `${folder}/wrong.json`]);
    assert.equal(status, 64, stderr);
    assert.match(stderr, text);
  }
  const { status, stderr } = failing(["--store", `sqlite:${folder}/none.db`]);
  assert.equal(status, 3, stderr);
  assert.match(stderr, /none\.db.*keyvault init/);
  assert.equal(failing(["--help"]).status, 0);
  assert.match(failing(["--version"]).stdout, /^\d+\.\d+\.\d+\n$/);
});

await check("a standard error that leads nowhere ends nothing", async () => {
  const port = await freePort();
  for (const redirection of ["2>/dev/full", "2>&-", "<&- >&- 2>&-", "2> >(head -n 1)"]) {
    const home = mkdtempSync(join(tmpdir(), "keyvault-unheard-"));
    const vault = ["--store", `sqlite:${home}/keyvault.db`, "--master-key-file", `${home}/master.key`];
    execFileSync(keyvault, ["init", ...vault]);
    const args = [...vault, "--listen", `127.0.0.1:${port}`, "--log-level", "trace"];
    const child = spawn("bash", ["-c", `exec "$0" "$@" ${redirection}`, serverProgram, ...args], {
      stdio: ["ignore", "ignore", "ignore"], env: { ...process.env, SWIFT_BACKTRACE: "enable=no" },
    });
    const ended = new Promise((resolve) => child.on("exit", (code, signal) => resolve(code ?? signal)));
    const isAlive = async () => (await fetch(`http://127.0.0.1:${port}/health`).catch(() => null))?.ok;
    await until(async () => child.exitCode !== null || child.signalCode !== null || await isAlive(), () => redirection);
    for (let count = 0; count < 5; count += 1) assert.ok(await isAlive(), `${redirection}: ${child.signalCode || child.exitCode}`);
    child.kill("SIGTERM");
    assert.equal(await ended, 0, redirection);
    execFileSync(keyvault, ["verify", ...vault]);
    const refused = spawnSync("bash", ["-c", `exec "$0" "$@" ${redirection}`, serverProgram, "--listen", "nowhere"], { timeout: 60_000 });
    assert.equal(refused.status, 64, redirection);
  }
});

await check("flags before the environment before the file; the brand's name is configuration", async () => {
  writeFileSync(`${folder}/config.json`, JSON.stringify({ brand: "Acme", responseObject: "acme", logLevel: "error", validation: "strict", writesPerMinute: 3 }));
  const server = await start({ args: ["--config", `${folder}/config.json`], validation: "off", level: "info", env: { KEYVAULT_BRAND: "Umbra", KEYVAULT_CACHE_TTL: "300", KEYVAULT_POOL_POLICI: "deny" } });
  try {
    await server.logged("KEYVAULT_POOL_POLICI is set and is no setting");
    for (const known of ["BRAND", "CACHE_TTL"]) assert.ok(!server.log.includes(`KEYVAULT_${known} is set`), server.log);
    const token = server.token("acme").token;
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const refused = await (await fetch(`${server.url}/v1/account/llm-keys`)).json();
    assert.equal(refused.message, "Invalid Umbra API key");
    assert.match(await (await fetch(server.url)).text(), /Umbra/);
    const store = (key) => fetch(`${server.url}/v1/account/llm-keys`, { method: "POST", headers, body: JSON.stringify({ openai_key: key }) });
    // Validation is off: nobody is asked.
    assert.equal((await store(madeUpKey("openai", "bad"))).status, 200);
    const chat = await fetch(`${server.url}/v1/chat/completions`, { method: "POST", headers: { ...headers, "X-OpenAI-Key": madeUpKey("openai") }, body: '{"model":"gpt-4o","messages":[]}' });
    assert.equal((await chat.json()).acme.key_source, "user");
    assert.equal((await store(madeUpKey("openai"))).status, 200);
    assert.equal((await store(madeUpKey("openai"))).status, 200);
    assert.equal((await store(madeUpKey("openai"))).status, 429);
    assert.equal((await fetch(`${server.url}/v1/account/llm-keys/openai/test`, { method: "POST", headers })).status, 429);
  } finally {
    assert.equal(await server.stop(), 0);
  }
});

await check("a variable that is empty is one that is not set", async () => {
  const names = ["CONFIG", "STORE", "MASTER_KEY_FILE", "LISTEN", "METRICS_LISTEN", "POOL_KEY_FILE", "UPSTREAM", "PROVIDERS", "VALIDATION", "POOL_POLICY",
    "TLS_CERTIFICATE", "TLS_KEY", "LOG_LEVEL", "BRAND", "RESPONSE_OBJECT", "WRITES_PER_MINUTE", "CACHE_TTL", "HEADER_TIMEOUT", "BODY_TIMEOUT", "MAXIMUM_CONNECTIONS"];
  const server = await start({ level: "info", pool: null, env: Object.fromEntries(names.map((name) => [`KEYVAULT_${name}`, ""])) });
  try {
    assert.equal((await (await fetch(`${server.url}/v1/account/llm-keys`)).json()).message, "Invalid Stratus API key");
  } finally {
    assert.equal(await server.stop(), 0);
  }
  const { status, stderr } = failing([], { KEYVAULT_STORE: "", KEYVAULT_MASTER_KEY_FILE: "/nonexistent" });
  assert.equal(status, 3, stderr);
});

await check("a document adds a provider, for keys and for chats; a bad one is refused with its line", async () => {
  const document = { providers: [{ name: "acme", displayName: "Acme", formats: [{ prefix: "acme_", minimum: 8, maximum: 20 }] }], models: [{ pattern: "acme-*", provider: "acme" }] };
  writeFileSync(`${folder}/providers.json`, JSON.stringify(document));
  const stub = await startStub();
  const server = await start({ stub, args: ["--upstream", `acme=${stub.url}`], level: "info", env: { KEYVAULT_PROVIDERS: `${folder}/providers.json` } });
  try {
    const headers = { Authorization: `Bearer ${server.token("acme").token}`, "Content-Type": "application/json" };
    const stored = await fetch(`${server.url}/v1/account/llm-keys`, { method: "POST", headers, body: '{"acme_key":"acme_live1234"}' });
    assert.equal(stored.status, 200, await stored.text());
    const chat = await fetch(`${server.url}/v1/chat/completions`, { method: "POST", headers, body: '{"model":"acme-1","messages":[]}' });
    assert.equal((await chat.json()).stratus.provider, "acme");
    assert.equal(stub.seen.at(-1).key, "acme_live1234");
  } finally {
    await server.stop();
  }
  writeFileSync(`${folder}/providers.json`, '{\n"provider": []}');
  const { status, stderr } = failing([], { KEYVAULT_PROVIDERS: `${folder}/providers.json` });
  assert.equal(status, 64);
  assert.match(stderr, /Line 2/);
});

await check("what make serve runs makes the vault, a token and the pool, and finds them again", async () => {
  const home = mkdtempSync(join(tmpdir(), "keyvault-serve-"));
  let token;
  for (const environment of [{ KEYVAULT_DEMO_POOL_KEY: poolKey }, {}]) {
    const child = spawn(script("serve"), [dirname(serverProgram)], {
      cwd: home, env: { ...process.env, SWIFT_BACKTRACE: "enable=no", KEYVAULT_LISTEN: "127.0.0.1:0", ...environment },
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => { text += part; });
    const ended = new Promise((resolve) => child.on("exit", resolve));
    await until(() => /keyvault-server: http\S+/.test(text) || child.exitCode !== null, () => text);
    const url = /keyvault-server: (http:\S+)/.exec(text)?.[1];
    assert.ok(url, text);
    // The token is shown once; the second start goes on with what is there.
    assert.equal(/kvt_\S+/.test(text), !token, text);
    token ||= /kvt_\S+/.exec(text)[0];
    const status = await (await fetch(`${url}/v1/account/llm-keys`, { headers: { Authorization: `Bearer ${token}` } })).json();
    assert.equal(status.formation_keys_available, true);
    assert.match(await (await fetch(url)).text(), /<html/);
    child.kill("SIGTERM");
    assert.equal(await ended, 0);
  }
});

await check("TLS, and a certificate that changes at SIGHUP", async () => {
  certificate("first");
  chmodSync(`${folder}/tls.key`, 0o644);
  const server = await start({ args: ["--tls-certificate", `${folder}/tls.pem`, "--tls-key", `${folder}/tls.key`], level: "info" });
  const subject = () => new Promise((resolve, reject) => {
    https.get(`${server.url}/health`, { rejectUnauthorized: false, agent: false }, (response) => {
      resolve(response.socket.getPeerCertificate().subject.CN);
      response.resume();
    }).on("error", reject);
  });
  try {
    assert.match(server.url, /^https:/);
    assert.match(server.log, /warning.*tls\.key.*everybody on this machine can read the TLS key/);
    assert.equal(await subject(), "first");
    certificate("second");
    server.child.kill("SIGHUP");
    await server.logged("certificate was read again");
    assert.equal(await subject(), "second");
    writeFileSync(`${folder}/tls.pem`, "nonsense");
    server.child.kill("SIGHUP");
    await server.logged("stays in place");
    assert.equal(await subject(), "second");
    // A client that breaks off amid its body, without a farewell to TLS, is no failure of ours.
    const { token } = server.token("acme");
    for (let count = 0; count < 20; count += 1) {
      const socket = net.connect(new URL(server.url).port, "127.0.0.1");
      const secure = tls.connect({ socket, rejectUnauthorized: false });
      secure.on("error", () => {});
      await new Promise((resolve) => secure.write(`POST /v1/account/llm-keys HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: 500\r\n\r\n{`, resolve));
      socket.destroy();
    }
    assert.equal(await subject(), "second");
    assert.ok(!server.log.includes("a request failed"), server.log);
  } finally {
    assert.equal(await server.stop(), 0);
  }
});

await check("a master key that is read at SIGHUP, and a rotation to it while the server serves", async () => {
  const server = await start({ level: "info", validation: "off", configure: (folder) => ({ masterKeyFile: `${folder}/master.key` }) });
  try {
    const headers = { Authorization: `Bearer ${server.token("acme").token}`, "Content-Type": "application/json" };
    const store = async (number) => {
      const body = JSON.stringify({ openai_key: madeUpKey("openai", "live", number) });
      return (await fetch(`${server.url}/v1/account/llm-keys`, { method: "POST", headers, body })).status;
    };
    assert.equal(await store(1), 200);
    const configure = (...names) => writeFileSync(`${server.folder}/config.json`, JSON.stringify({ masterKeyFile: names.map((name) => `${server.folder}/${name}`) }));
    // What cannot be read changes nothing.
    configure("master.key", "new.key");
    server.child.kill("SIGHUP");
    await server.logged("the old master keys stay in place");
    assert.equal(await store(2), 200);
    for (const name of ["new.key", "kept.key"]) writeFileSync(`${server.folder}/${name}`, "5eed".repeat(16), { mode: 0o600 });
    server.child.kill("SIGHUP");
    await server.logged("the master keys were read again");
    // The server holds the key by now: it does not come back to the file.
    rmSync(`${server.folder}/new.key`);
    const report = JSON.parse(server.cli("rotate", "master", "--json", "--new-master-key-file", `${server.folder}/kept.key`));
    assert.deepEqual([report.failed, report.rewrapped], [0, report.records]);
    assert.equal(await store(3), 200);
    const kept = execFileSync(keyvault, ["verify", "--json", "--store", `sqlite:${server.folder}/keyvault.db`, "--master-key-file", `${server.folder}/kept.key`], { encoding: "utf8" });
    assert.deepEqual(JSON.parse(kept).damaged, []);
  } finally {
    assert.equal(await server.stop(), 0);
  }
});

await check("a rotation to a master key that the server has not got: health says so, and so do the answers", async () => {
  const server = await start({ level: "info", validation: "off" });
  try {
    const headers = { Authorization: `Bearer ${server.token("acme").token}`, "Content-Type": "application/json" };
    const store = () => fetch(`${server.url}/v1/account/llm-keys`, { method: "POST", headers, body: JSON.stringify({ openai_key: madeUpKey("openai") }) });
    const health = async () => (await fetch(`${server.url}/health`)).json();
    assert.equal((await store()).status, 200);
    assert.equal((await health()).vault, "connected");
    writeFileSync(`${server.folder}/new.key`, "5eed".repeat(16), { mode: 0o600 });
    server.cli("rotate", "master", "--new-master-key-file", `${server.folder}/new.key`);
    assert.deepEqual([(await health()).status, (await health()).vault], ["degraded", "unavailable"]);
    const refused = await store();
    assert.equal(refused.status, 503);
    assert.match((await refused.json()).hint, /lacks the vault's master key/);
    // It was let in before, and brings a key of its own.
    const chat = await fetch(`${server.url}/v1/chat/completions`, { method: "POST", headers: { ...headers, "X-OpenAI-Key": madeUpKey("openai") }, body: '{"model":"gpt-4o","messages":[]}' });
    assert.equal(chat.status, 200);
    writeFileSync(`${server.folder}/master.key`, "5eed".repeat(16));
    await until(async () => (await health()).vault === "connected", () => "it does not recover");
    assert.equal((await store()).status, 200);
  } finally {
    assert.equal(await server.stop(), 0);
  }
});

await check("metrics on a listener of their own", async () => {
  const server = await start({ args: ["--metrics-listen", "127.0.0.1:0"], level: "info" });
  try {
    await fetch(`${server.url}/health`);
    await server.logged("metrics on");
    const url = /metrics on (http:\S+)/.exec(server.log)[1];
    const text = await (await fetch(url)).text();
    assert.match(text, /keyvault_http_request_duration_seconds_count\{operation="health",status="200"\} 1/);
    assert.match(text, /^# TYPE keyvault_vault_connected gauge\nkeyvault_vault_connected 1\.0$/m);
    assert.match(text, /^keyvault_memory_unlocked_bytes 0\.0$/m);
    assert.ok(!server.log.includes("cannot be locked"), server.log);
    assert.equal((await fetch(`${server.url}/metrics`)).status, 404);
    const head = await fetch(url, { method: "HEAD" });
    assert.deepEqual([head.status, head.headers.get("content-type"), await head.text()], [200, "text/plain; version=0.0.4; charset=utf-8", ""]);
    // A client that leaves is no failure of its provider.
    const controller = new AbortController();
    const call = fetch(`${server.url}/v1/chat/completions`, {
      method: "POST", signal: controller.signal, body: '{"model":"gpt-4o","messages":[]}',
      headers: { Authorization: `Bearer ${server.token("acme").token}`, "Content-Type": "application/json", "X-OpenAI-Key": madeUpKey("openai", "hang") },
    }).catch(() => {});
    while (server.provider.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort();
    await call;
    let counted = "";
    await until(async () => {
      counted = await (await fetch(url)).text();
      return /operation="chat"/.test(counted);
    }, () => counted);
    assert.match(counted, /keyvault_http_request_duration_seconds_count\{operation="chat",status="499"\} 1/);
  } finally {
    await server.stop();
  }
});

await check("an address that cannot be had is named", async () => {
  const server = await start({ level: "info" });
  try {
    const taken = new URL(server.url).host;
    const vault = ["--store", `sqlite:${server.folder}/keyvault.db`, "--master-key-file", `${server.folder}/master.key`];
    for (const [args, text] of [
      [["--listen", taken], `keyvault-server: Nobody can listen at ${taken}: Address already in use. Name another address with --listen, `],
      [["--listen", "127.0.0.1:0", "--metrics-listen", taken], `keyvault-server: Nobody can listen at ${taken}: Address already in use. Name another address with --metrics-listen, `],
      [["--listen", "nowhere.invalid:80"], "keyvault-server: Nobody can listen at nowhere.invalid:80: No such host is known. "],
    ]) {
      const { status, stderr } = failing([...vault, ...args]);
      assert.equal(status, 1, stderr);
      assert.ok(stderr.includes(text), stderr);
      assert.ok(!/UnknownHost|IOError|errno/.test(stderr), stderr);
      assert.ok(!stderr.includes("may go on for"), stderr);
    }
  } finally {
    await server.stop();
  }
});

await check("a pool's key that could be sent to nobody, or must not be, is refused at the start", async () => {
  const vault = ["--store", `sqlite:${folder}/pool.db`, "--master-key-file", `${folder}/pool-master.key`];
  execFileSync(keyvault, ["init", ...vault]);
  const token = JSON.parse(execFileSync(keyvault, ["token", "create", "acme", "--json", ...vault], { encoding: "utf8" })).token;
  for (const [key, text] of [
    ["correct horse", /pool\.key is not one word of printable ASCII\./], [" sk-or-v1-x", /not one word/], ["sk-or-v1-x\nsk-or-v1-y", /not one word/],
    ["sk-or-v1-\u00e9", /not one word/], [token, /pool\.key is a token of this service, not a provider's key\./],
  ]) {
    writeFileSync(`${folder}/pool.key`, `${key}\n`, { mode: 0o600 });
    const { status, stderr } = failing([...vault, "--listen", "127.0.0.1:0", "--pool-key-file", `${folder}/pool.key`]);
    assert.equal(status, 1, stderr);
    assert.match(stderr, text);
    assert.ok(!stderr.includes("horse") && !stderr.includes("v1-x") && !stderr.includes("kvt_"), stderr);
  }
});

await check("descriptors are taken as far as they go, and too few are warned of, as is the bound of connections", async () => {
  const limit = (server) => /Max open files +(\d+) +(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/limits`, "utf8")).slice(1).map(Number);
  const roomy = await start({ level: "info", launcher: ["prlimit", "--nofile=64:1000"], env: { KEYVAULT_MAXIMUM_CONNECTIONS: "2" } });
  const sockets = [];
  try {
    assert.deepEqual(limit(roomy), [1000, 1000]);
    assert.ok(!roomy.log.includes("too few descriptors"), roomy.log);
    for (let count = 0; count < 2; count += 1) {
      sockets.push(net.connect(new URL(roomy.url).port, "127.0.0.1"));
      await new Promise((resolve) => sockets.at(-1).on("connect", resolve));
    }
    await roomy.logged("others wait");
    sockets.pop().destroy();
    assert.equal((await fetch(`${roomy.url}/health/live`)).status, 200);
    assert.equal(roomy.log.split("others wait").length, 2, roomy.log);
  } finally {
    for (const socket of sockets) socket.destroy();
    await roomy.stop();
  }
  const poor = await start({ level: "info", launcher: ["prlimit", "--nofile=1000:1000"] });
  try {
    await poor.logged("too few descriptors for maximumConnections, which is lowered");
  } finally {
    await poor.stop();
  }
});

await check("no more connections are let in than there are descriptors for, nor at the metrics' address", async () => {
  const limit = 200;
  // Nobody is cut off meanwhile.
  const server = await start({
    level: "info", launcher: ["prlimit", `--nofile=${limit}:${limit}`], args: ["--metrics-listen", "127.0.0.1:0"], env: { KEYVAULT_HEADER_TIMEOUT: "3600" },
  });
  try {
    await server.logged("metrics on");
    const ended = () => server.child.exitCode !== null || server.child.signalCode !== null;
    const all = [];
    for (const [option, url] of [["--listen", `${server.url}/health`], ["--metrics-listen", /metrics on (http:\S+)/.exec(server.log)[1]]]) {
      const sockets = Array.from({ length: limit + 20 }, () => net.connect(new URL(url).port, "127.0.0.1").on("error", () => {}));
      all.push({ url, sockets });
      await until(() => ended() || new RegExp(` option=${option} .*others wait`).test(server.log), () => `${option} lets all in\n${server.log}`);
    }
    assert.ok(!ended(), `it has ended with ${server.child.exitCode ?? server.child.signalCode}`);
    // Without one to spare, the system's library ends the process.
    assert.ok(readdirSync(`/proc/${server.child.pid}/fd`).length < limit);
    for (const { url, sockets } of all) {
      for (const socket of sockets) socket.destroy();
      assert.equal((await fetch(url)).status, 200);
    }
  } finally {
    assert.equal(await server.stop(), 0);
  }
});

await check("memory that cannot be locked is warned of, and counted", async () => {
  const launcher = [...(process.getuid() === 0 ? ["setpriv", "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock"] : []), "prlimit", "--memlock=0"];
  const server = await start({ args: ["--metrics-listen", "127.0.0.1:0"], level: "info", launcher });
  try {
    await server.logged("memory for keys cannot be locked");
    await server.logged("metrics on");
    const url = /metrics on (http:\S+)/.exec(server.log)[1];
    assert.match(await (await fetch(url)).text(), /^keyvault_memory_unlocked_bytes [1-9]/m);
    renameSync(`${server.folder}/keyvault.db`, `${server.folder}/away.db`);
    assert.match(await (await fetch(url)).text(), /^keyvault_vault_connected 0\.0$/m);
  } finally {
    await server.stop();
  }
});

await check("who changed which key is in the log, and what leaves an operator unprotected", async () => {
  const server = await start({ args: ["--listen", "0.0.0.0:0"], level: "info", pool: "sk-ant-of-somebody-else" });
  try {
    await server.logged("come in unencrypted");
    await server.logged("no shape that OpenRouter");
    const headers = { Authorization: `Bearer ${server.token("acme").token}`, "Content-Type": "application/json" };
    const url = `${server.url.replace("0.0.0.0", "127.0.0.1")}/v1/account/llm-keys`;
    const key = madeUpKey("openai");
    assert.equal((await fetch(url, { method: "POST", headers, body: JSON.stringify({ openai_key: key }) })).status, 200);
    assert.equal((await fetch(url, { method: "DELETE", headers })).status, 200);
    await server.logged("action=deleteTenant");
    const lines = server.log.split("\n").filter((line) => line.includes("audit") && / done\b/.test(line) && !line.includes("not done"));
    assert.deepEqual(lines.map((line) => /action=\w+/.exec(line)[0]), ["action=put", "action=deleteTenant"]);
    assert.match(lines[0], /account=acme .*label=default provider=openai/);
    assert.ok(!server.log.includes(key.slice(0, 20)));
  } finally { await server.stop(); }
  const quiet = await start({ level: "info" });
  await quiet.stop();
  assert.ok(!/unencrypted|no shape/.test(quiet.log), quiet.log);
});

await check("a graceful shutdown lets a running chat end", async () => {
  const server = await start({ level: "info" });
  const token = server.token("acme").token;
  const words = Array.from({ length: 2000 }, (_, index) => `w${index} `);
  const response = await fetch(`${server.url}/v1/chat/completions`, {
    method: "POST", headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", "X-OpenAI-Key": madeUpKey("openai") },
    body: JSON.stringify({ model: "gpt-4o", messages: [], stream: true, words }),
  });
  const reader = response.body.getReader();
  let text = Buffer.from((await reader.read()).value).toString();
  const stopped = server.stop;
  server.child.kill("SIGTERM");
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += Buffer.from(value).toString();
  }
  assert.match(server.log, /notice.*running requests and streams may go on for 30 s/);
  assert.ok(text.includes("w1999") && text.endsWith("data: [DONE]\n\n"), `${text.slice(-200)}\n${server.log}`);
  assert.equal(await server.exit, 0);
  await stopped();
});

await check("chats that outlast the shutdown's 30 s are cut off, and neither client nor provider is blamed", async () => {
  const server = await start({ level: "info" });
  const { token } = server.token("acme");
  const chat = (word, body) => fetch(`${server.url}/v1/chat/completions`, {
    method: "POST", headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", "X-OpenAI-Key": madeUpKey("openai", word) },
    body: JSON.stringify({ model: "gpt-4o", messages: [], ...body }),
  });
  const stream = await chat("live", { stream: true, silent: true });
  const reader = stream.body.getReader();
  await reader.read();
  const whole = assert.rejects(chat("hang", {}));
  await until(() => server.provider.open.size === 2, () => "the provider was not asked");
  // A body that never ends, of a request that the server has got.
  const socket = net.connect(new URL(server.url).port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(`POST /v1/account/llm-keys HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nExpect: 100-continue\r\nContent-Length: 90\r\n\r\n{`);
  await new Promise((resolve) => socket.once("data", resolve));
  server.child.kill("SIGTERM");
  await assert.rejects(async () => { while (!(await reader.read()).done); });
  await whole;
  assert.equal(await server.exit, 0);
  assert.match(server.log, new RegExp(`warning.*The server is shutting down.*${stream.headers.get("x-request-id")} status=503.*a stream broke off`));
  assert.match(server.log, /warning.*The server is shutting down.* operation=chat .*status=503.*a request was not served/);
  assert.match(server.log, /warning.*The server is shutting down.* operation=store_keys .*status=503.*a request was not served/);
  assert.ok(!server.log.includes("a request failed"), server.log);
  await server.stop();
});
