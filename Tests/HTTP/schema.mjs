// openapi.yaml against the running server, by schemathesis (PyPI). KEYVAULT_SCHEMATHESIS names the program, KEYVAULT_SEED another
// seed than CI's.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { start, check, madeUpKey } from "./harness.mjs";

const program = process.env.KEYVAULT_SCHEMATHESIS || "schemathesis";
const examples = process.env.KEYVAULT_PROOF ? "300" : "25";
const server = await start({ level: "info", env: { KEYVAULT_WRITES_PER_MINUTE: "0" } });
const token = server.token("acme").token;
try {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  await fetch(`${server.url}/v1/account/llm-keys`, { method: "POST", headers, body: JSON.stringify({ openai_key: madeUpKey("openai") }) });
  await check("schemathesis finds no failure", async () => {
    const { code, output } = await new Promise((resolve) => {
      // Not to be waited for in one call: the stub of the providers lives in this process.
      execFile(program, [
        "run", `${server.url}/openapi.yaml`, "--url", server.url, "--header", `Authorization: Bearer ${token}`, "--no-color",
        // Left out: that whatever fits the schema is accepted. No schema can say which models and keys there are.
        "--max-examples", examples, "--checks", "all", "--exclude-checks", "positive_data_acceptance", "--phases", "examples,coverage,fuzzing", "--seed", process.env.KEYVAULT_SEED || "7", "--request-timeout", "20",
      ], { cwd: server.folder, maxBuffer: 1 << 26, timeout: 900_000 }, (error, stdout, stderr) => {
        resolve({ code: error ? error.code ?? 1 : 0, output: stdout + stderr });
      });
    });
    if (process.env.KEYVAULT_VERBOSE) console.log(output);
    console.log(output.split("\n").filter(Boolean).slice(-12).join("\n"));
    assert.equal(code, 0, output.slice(-12_000));
  });
} finally {
  await server.stop();
}
