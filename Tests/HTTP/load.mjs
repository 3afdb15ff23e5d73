// Load from a second process (wrk): a chat with a cached key against a bare Hummingbird route that proxies to the same stub,
// and the status against a bare route. Memory stays flat. 50,000 requests in CI, 1,000,000 with KEYVAULT_PROOF=1.
// The ratios are measured for release builds only (KEYVAULT_CONFIGURATION=release): of others they say nothing. `make load` makes
// the long run.
import assert from "node:assert/strict";
import { spawn, execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { dirname, join } from "node:path";
import { start, check, serverProgram, madeUpKey } from "./harness.mjs";

const run = promisify(execFile);
const release = process.env.KEYVAULT_CONFIGURATION === "release";
const seconds = process.env.KEYVAULT_PROOF ? 10 : 3;
const total = process.env.KEYVAULT_PROOF ? 1_000_000 : 50_000;
const bare = join(dirname(serverProgram), "KeyVaultBare");

async function startBare(...args) {
  const child = spawn(bare, args, { stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  const url = await new Promise((resolve, reject) => {
    child.stdout.on("data", (part) => { text += part; const match = /http:\S+/.exec(text); if (match) resolve(match[0]); });
    child.on("exit", () => reject(new Error("the bare server did not start")));
  });
  return { url, pid: child.pid, close: () => child.kill("SIGTERM") };
}

const stub = await startBare("stub");
const proxy = await startBare("proxy", stub.url);
const server = await start({ level: "info", stub: { url: stub.url, close: stub.close }, pool: false });
const token = server.token("acme").token;
const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
/// The processor time that a process has used, in microseconds (proc_pid_stat(5); its unit is a hundredth of a second).
const processorTime = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 1e4;
};
const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, "utf8"))[1]);

const script = `${server.folder}/chat.lua`;
writeFileSync(script, `
wrk.method = "POST"
wrk.body = '{"model":"gpt-4o","messages":[{"role":"user","content":"What happens if I click submit?"}]}'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer ${token}"
local wrong = 0
function done(summary) io.write(string.format("RESULT %d %d %d\\n", summary.requests, summary.duration, summary.errors.status + summary.errors.read + summary.errors.connect + summary.errors.timeout)) end
`);
const getScript = `${server.folder}/get.lua`;
writeFileSync(getScript, readFileSync(script, "utf8").replace('wrk.method = "POST"', "").replace(/wrk\.body.*\n/, ""));

async function rate(url, lua, time = seconds, pid = server.child.pid) {
  const before = processorTime(pid);
  const { stdout } = await run("wrk", ["-t1", "-c32", `-d${time}s`, "--timeout", "60s", "-s", lua, url]);
  const [, requests, microseconds, errors] = /RESULT (\d+) (\d+) (\d+)/.exec(stdout).map(Number);
  assert.equal(errors, 0, stdout);
  return { requests, perSecond: requests / (microseconds / 1e6), each: (processorTime(pid) - before) / requests };
}

/// The medians over pairs: what else the machine does changes between pairs and less within one. Short pairs, and many.
async function ratio(ours, theirs, lua, rounds = process.env.KEYVAULT_PROOF ? 41 : 15) {
  const pairs = [];
  for (let round = 0; round < rounds; round += 1) {
    const first = round % 2 ? await rate(theirs, lua, 1, proxy.pid) : null;
    const a = await rate(ours, lua, 1);
    const b = first || await rate(theirs, lua, 1, proxy.pid);
    pairs.push({ ratio: b.perSecond / a.perSecond, ours: a.perSecond, bare: b.perSecond, oursEach: a.each, bareEach: b.each });
  }
  const median = (name) => pairs.map((pair) => pair[name]).sort((a, b) => a - b)[rounds >> 1];
  return Object.fromEntries(Object.keys(pairs[0]).map((name) => [name, median(name)]));
}
const show = ({ ratio, ours, bare, oursEach, bareEach }) =>
  `${Math.round(ours)}/s, bare ${Math.round(bare)}/s, ${((ratio - 1) * 100).toFixed(1)} % slower; `
  + `processor time ${oursEach.toFixed(0)} µs, bare ${bareEach.toFixed(0)} µs`;

try {
  const stored = await fetch(`${server.url}/v1/account/llm-keys`, { method: "POST", headers, body: JSON.stringify({ openai_key: madeUpKey("openai") }) });
  assert.equal(stored.status, 200, await stored.text());

  await check(`memory is flat over ${total} requests`, async () => {
    let done = 0;
    // The first tenth fills pools and arenas.
    const points = [];
    for (let tenth = 1; tenth <= 10; tenth += 1) {
      while (done < total / 10 * tenth) done += (await rate(`${server.url}/v1/chat/completions`, script, tenth === 1 ? 1 : seconds)).requests;
      points.push(memory());
    }
    const grown = points.at(-1) - points[0];
    console.log(`     KiB after each tenth: ${points.join(", ")}`);
    console.log(`proof: ${done} chats, memory grown by ${grown} KiB over the last nine tenths, from ${points[0]}`);
    assert.ok(grown < 8 * 1024, `${grown} KiB`);
  });

  if (release) {
    await check("a chat with a cached key, beside a bare proxy", async () => {
      await rate(`${server.url}/v1/chat/completions`, script, 1);
      await rate(`${proxy.url}/v1/chat/completions`, script, 1);
      const result = await ratio(`${server.url}/v1/chat/completions`, `${proxy.url}/v1/chat/completions`, script);
      console.log(`     ${show(result)}`);
      assert.ok(result.ratio < 1.15, show(result));
    });

    await check("the status, beside a bare route", async () => {
      console.log(`     ${show(await ratio(`${server.url}/v1/account/llm-keys`, `${proxy.url}/status`, getScript))}`);
    });
  }
} finally {
  proxy.close();
  await server.stop();
}
