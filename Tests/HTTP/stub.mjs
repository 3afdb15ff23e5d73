// Plays every provider on loopback. What a key says decides what becomes of it:
//   …dead402… 402, …dead400… and …dead403… likewise, …dead404… with the key spelt in escapes, …stall… a refusal whose body never comes, …hollow… a stream behind a 204, …later… live when it is tested, …bad… 401, …limited… 429, …broken… 500, …echo… 400 with the key in the body, …hang… no answer, …flood… a stream without end, anything else is live.
import http from "node:http";
import net from "node:net";

/// What a key may say.
export const words = ["dead40", "stall", "hollow", "later", "bad", "limited", "broken", "echo", "hang", "flood"];

export async function startStub(port = 0) {
  const seen = [];
  const open = new Set();
  const server = http.createServer(async (request, response) => {
    let body = "";
    try { for await (const part of request) body += part; } catch { return; }
    const key = (request.headers.authorization || "").replace(/^Bearer /, "")
      || request.headers["x-api-key"] || request.headers["x-goog-api-key"] || request.headers["api-key"] || "";
    const record = { method: request.method, path: request.url, key, body: body ? JSON.parse(body) : null, headers: request.headers, closed: false };
    seen.push(record);
    open.add(record);
    response.on("close", () => { record.closed = !response.writableFinished; open.delete(record); });
    const send = (status, value, headers = {}) => {
      response.writeHead(status, { "Content-Type": "application/json", ...headers });
      response.end(JSON.stringify(value));
    };
    if (key.includes("hang")) return;
    if (key.includes("dead402")) return send(402, { error: { message: "insufficient credits" }, user_id: "operator" });
    if (key.includes("dead404")) {
      const spelt = [...key].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
      response.writeHead(404, { "Content-Type": "application/json" });
      return response.end(`{"error":{"message":"no such thing, ${spelt}","metadata":{"raw":"{\\"key\\":\\"${spelt.replaceAll("\\", "\\\\")}\\"}"}}}`);
    }
    if (key.includes("dead40")) {
      const code = key.includes("dead400") ? 400 : 403;
      return send(code, { error: { message: `no such thing, ${key}` }, user_id: "operator" });
    }
    if (key.includes("stall")) {
      response.writeHead(401, { "Content-Type": "application/json" });
      return response.flushHeaders();
    }
    if (key.includes("hollow")) {
      response.writeHead(204, { "Content-Type": "text/event-stream" });
      return response.end();
    }
    if (key.includes("later") && request.method === "GET") return send(200, { data: [] });
    if (!key || key.includes("bad")) {
      const status = request.headers["x-goog-api-key"] ? 400 : 401;
      return send(status, { error: { message: `Incorrect API key provided: ${key}`, code: "invalid_api_key" } });
    }
    if (key.includes("limited")) return send(429, { error: { message: "slow down" } }, { "Retry-After": "7" });
    if (key.includes("overloaded")) return send(503, { error: { message: "come back" } }, { "Retry-After": "11" });
    if (key.includes("broken")) return send(500, { error: { message: `internal, key ${key}` } });
    if (key.includes("echo")) {
      return send(400, { error: { message: `no ${key} ${Buffer.from(key).toString("base64")} here`, authorization: request.headers.authorization } });
    }
    if (request.method === "GET") return send(200, { data: [] });
    const chat = record.body || {};
    if (!chat.stream) {
      return send(200, {
        id: "chatcmpl-1", object: "chat.completion", created: 1, model: chat.model,
        choices: [{ index: 0, message: { role: "assistant", content: "Hello." }, finish_reason: "stop" }],
        usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
      });
    }
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    if (key.includes("flood")) {
      const event = `data: ${JSON.stringify({ choices: [], filler: "x".repeat(16_000) })}\n\n`;
      const more = () => {
        while (!response.destroyed && response.write(event)) record.sent = (record.sent || 0) + event.length;
      };
      response.on("drain", more);
      return more();
    }
    const chunk = (delta) => response.write(`data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", model: chat.model, choices: [{ index: 0, delta }] })}\n\n`);
    for (const content of chat.words || ["Hel", "lo", "."]) {
      chunk({ content });
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (chat.silent) return;
    response.end("data: [DONE]\n\n");
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, seen, open, close: () => { server.closeAllConnections(); server.close(); } };
}

/// A provider that answers whatever it is asked with the bytes of its `answer`, which need not be HTTP.
export async function startRaw() {
  const raw = { answer: "" };
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(raw.answer));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(raw, { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() });
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const stub = await startStub(Number(process.argv[2] || 0));
  console.log(stub.url);
}
