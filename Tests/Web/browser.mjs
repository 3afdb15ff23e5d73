// Drives Chromium over the DevTools protocol, by a pipe: no driver and no library in between.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export async function launch() {
  const profile = mkdtempSync(join(tmpdir(), "keyvault-web-"));
  const child = spawn(process.env.CHROMIUM || "chromium", [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--lang=en-US", "--hide-scrollbars",
    `--user-data-dir=${profile}`, "--remote-debugging-pipe", "about:blank",
  ], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  const [to, from] = [child.stdio[3], child.stdio[4]];
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const waiting = new Map();
  const events = [];
  let number = 0;
  let rest = "";
  from.setEncoding("utf8");
  from.on("data", (text) => {
    const parts = (rest + text).split("\0");
    rest = parts.pop();
    for (const part of parts) {
      const message = JSON.parse(part);
      if (!message.id) { events.push(message); continue; }
      const { resolve, reject } = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error) reject(new Error(message.error.message)); else resolve(message.result);
    }
  });
  const send = (method, params = {}, sessionId) => new Promise((resolve, reject) => {
    number += 1;
    waiting.set(number, { resolve, reject });
    to.write(JSON.stringify({ id: number, method, params, sessionId }) + "\0");
  });
  const close = async () => {
    // Which it may not answer any more.
    send("Browser.close").catch(() => {});
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 20 });
  };
  return { send, close, events };
}

export async function openPage(browser, url) {
  const { targetId } = await browser.send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await browser.send("Target.attachToTarget", { targetId, flatten: true });
  const send = (method, params) => browser.send(method, params, sessionId);
  for (const domain of ["Page", "Runtime", "Log", "Network", "Accessibility"]) await send(`${domain}.enable`);
  const page = { send, sessionId };

  page.evaluate = async (expression) => {
    const { result, exceptionDetails } = await send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description || exceptionDetails.text}`);
    return result.value;
  };
  page.until = async (expression, what = expression) => {
    const end = Date.now() + 60_000;
    while (Date.now() < end) {
      if (await page.evaluate(`Boolean(${expression})`).catch(() => false)) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`it did not come to pass: ${what}\n${await page.evaluate("document.body.innerText")}`);
  };
  page.go = async (address) => {
    // The command may be answered before the new document is there.
    await page.evaluate("window.left = true");
    await send("Page.navigate", { url: address });
    await page.until("!window.left && document.readyState === 'complete' && document.querySelector('#token')");
  };
  page.type = (text) => send("Input.insertText", { text });
  page.key = async (key, modifiers = 0) => {
    const codes = { Tab: 9, Enter: 13, Escape: 27, ArrowDown: 40, " ": 32 };
    const text = key === "Enter" ? "\r" : key === " " ? " " : undefined;
    const common = { key, code: key === " " ? "Space" : key, windowsVirtualKeyCode: codes[key], modifiers };
    await send("Input.dispatchKeyEvent", { type: text ? "keyDown" : "rawKeyDown", text, ...common });
    await send("Input.dispatchKeyEvent", { type: "keyUp", ...common });
  };
  page.click = async (selector) => {
    const point = await page.evaluate(`(() => { const e = document.querySelector(${JSON.stringify(selector)}); e.scrollIntoView({ block: "center" });
      const r = e.getBoundingClientRect(); return { x: r.x + r.width / 2, y: r.y + r.height / 2 }; })()`);
    for (const type of ["mousePressed", "mouseReleased"]) await send("Input.dispatchMouseEvent", { type, ...point, button: "left", clickCount: 1 });
  };
  page.view = (width, height, scheme = "light") => Promise.all([
    send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false }),
    send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }, { name: "prefers-reduced-motion", value: "reduce" }] }),
  ]);
  page.shot = async (path) => {
    const { data } = await send("Page.captureScreenshot", { format: "png", captureBeyondViewport: false });
    writeFileSync(path, Buffer.from(data, "base64"));
  };
  page.text = (selector) => page.evaluate(`document.querySelector(${JSON.stringify(selector)})?.innerText ?? ""`);
  await page.view(1180, 860);
  await page.go(url);
  return page;
}
