// Starts the real server on SQLite in a folder of its own, with a stub in the place of the providers.
import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startStub } from "./stub.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const bin = process.env.KEYVAULT_BIN || join(root, ".build", process.env.KEYVAULT_CONFIGURATION || "debug");
export const keyvault = process.env.KEYVAULT_CLI || join(bin, "keyvault");
export const serverProgram = join(bin, "keyvault-server");
export const poolKey = "sk-or-v1-" + "0123456789abcdef".repeat(4);
export const poorPoolKey = "sk-or-v1-" + "dead402".padEnd(64, "0123456789abcdef");

/// A key of the shape that a provider issues; `word` stands in it, for the stub to act on.
export function madeUpKey(provider, word = "live", number = 0) {
  const id = String(number).padStart(6, "0");
  const body = (length) => {
    let text = `${word}${id}`;
    for (let index = 0; text.length < length; index += 1) text += "QwErTyUiOpAsDfGhJkLzXcVbNm7531"[(index * 7 + number) % 30];
    return text.slice(0, length);
  };
  switch (provider) {
    case "openai": return `sk-proj-${body(60)}T3BlbkFJ${body(60).split("").reverse().join("")}`;
    case "anthropic": return `sk-ant-api03-${body(93)}AA`;
    case "google": return `AIza${body(35)}`;
    case "openrouter": return `sk-or-v1-${Buffer.from(body(32)).toString("hex")}`;
    default: return `gsk_${body(52)}`;
  }
}

export async function start({ pool = poolKey, args = [], validation = "lenient", level = "trace", stub = null, env = {}, configure = null, launcher = [] } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "keyvault-http-"));
  const provider = stub || await startStub();
  const cli = (...rest) => execFileSync(keyvault, [...rest, "--store", `sqlite:${folder}/keyvault.db`, "--master-key-file", `${folder}/master.key`], { encoding: "utf8" });
  cli("init");
  const token = (tenant, ...rest) => JSON.parse(cli("token", "create", tenant, "--json", ...rest));
  if (pool) writeFileSync(`${folder}/pool.key`, pool + "\n", { mode: 0o600 });
  // What stands in the configuration file instead of the option that names the master key.
  if (configure) writeFileSync(`${folder}/config.json`, JSON.stringify(configure(folder)));
  const key = configure ? ["--config", `${folder}/config.json`] : ["--master-key-file", `${folder}/master.key`];
  const all = ["openai", "anthropic", "google", "openrouter", "groq"];
  const [program, ...before] = [...launcher, serverProgram];
  const child = spawn(program, [
    ...before, "--store", `sqlite:${folder}/keyvault.db`, ...key, "--listen", "127.0.0.1:0",
    "--validation", validation, "--log-level", level, ...(pool ? ["--pool-key-file", `${folder}/pool.key`] : []),
    ...all.flatMap((name) => ["--upstream", `${name}=${provider.url}`]), ...args,
  ], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, SWIFT_BACKTRACE: "enable=no", ...env } });
  const server = { child, folder, provider, cli, token, log: "", url: "", exit: new Promise((resolve) => child.on("exit", resolve)) };
  const keep = (text) => { server.log += text; };
  child.stdout.on("data", keep);
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the server did not start: ${server.log}`)), 60_000);
    child.stderr.on("data", (text) => {
      keep(text);
      const match = /keyvault-server: (https?:\/\/\S+)/.exec(server.log);
      if (match) { server.url = match[1]; clearTimeout(timer); resolve(); }
    });
    child.on("exit", (code) => reject(new Error(`the server ended with ${code}: ${server.log}`)));
  });
  server.logged = (text) => until(() => server.log.includes(text), () => `not in the log: ${text}\n${server.log}`);
  server.stop = async () => {
    child.kill("SIGTERM");
    const code = await server.exit;
    provider.close();
    rmSync(folder, { recursive: true, force: true });
    return code;
  };
  return server;
}

/// Locks a SQLite file as another program would; answers with what lets it go.
export async function lock(database) {
  const locker = spawn("python3", ["-c", `
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
c.execute("ROLLBACK")
`, database]);
  const ended = new Promise((resolve) => locker.on("exit", resolve));
  await Promise.race([new Promise((resolve) => locker.stdout.once("data", resolve)), ended]);
  if (locker.exitCode !== null) throw new Error("the database could not be locked");
  return async () => {
    locker.stdin.end();
    await ended;
  };
}

/// Waits until `condition` holds. What has to be waited for for longer than a minute never comes.
export async function until(condition, message) {
  const end = Date.now() + 60_000;
  while (!await condition()) {
    if (Date.now() > end) throw new Error(message());
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/// A test with a name; the first that fails ends the run.
export async function check(name, body) {
  const start = Date.now();
  try {
    await body();
    console.log(`ok   ${name} (${Date.now() - start} ms)`);
  } catch (error) {
    console.log(`FAIL ${name}\n${error.stack}`);
    process.exitCode = 1;
    throw error;
  }
}
