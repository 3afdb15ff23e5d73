// The page in a real browser, against the real server: what a person does, and what a person sees.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { start, check, lock, madeUpKey, keyvault } from "../HTTP/harness.mjs";
import { launch, openPage } from "./browser.mjs";

const shots = process.env.KEYVAULT_ARTIFACTS || fileURLToPath(new URL("../../.build/web", import.meta.url));
rmSync(shots, { recursive: true, force: true });
mkdirSync(shots, { recursive: true });
const server = await start({ args: ["--log-level", "info"] });
const browser = await launch();
const token = server.token("acme").token;
let page;
const shot = (name) => page.shot(`${shots}/${name}.png`);

/// As a person sees it by day, by night and on a small telephone; legible in each.
async function look(name) {
  for (const [suffix, ...view] of [["dark", 1180, 860, "dark"], ["narrow", 320, 720, "light"], ["light", 1180, 860, "light"]]) {
    await page.view(...view);
    await shot(`${name}-${suffix}`);
    const least = await contrast();
    assert.ok(least.ratio >= 4.5, `${name}-${suffix}: ${JSON.stringify(least)}`);
    assert.ok(await page.evaluate("document.documentElement.scrollWidth") <= view[0], `${name}-${suffix} is too wide`);
  }
}

/// Stores a key beside the page, as somebody else would.
const put = (reference, key, ...options) => execFileSync(keyvault, [
  "put", reference, ...options, "--store", `sqlite:${server.folder}/keyvault.db`, "--master-key-file", `${server.folder}/master.key`,
], { input: key, stdio: ["pipe", "ignore", "inherit"] });

async function signIn(as = token) {
  await page.evaluate("document.querySelector('#token').focus()");
  await page.type(as);
  await page.key("Enter");
  await page.until("!document.querySelector('#workspace').hidden");
}
async function add(provider, key) {
  await page.click("#add");
  await page.until("document.querySelector('#key-dialog').open");
  await page.evaluate(`document.querySelector('#provider').value = '${provider}'; document.querySelector('#provider').dispatchEvent(new Event('change'))`);
  await page.click("#key");
  await page.type(key);
  await page.click("#key-save");
}
const closed = () => page.until("!document.querySelector('dialog[open]')");
const rowOf = (provider) => `tr[data-provider="${provider}"]`;
const stateOf = (provider) => page.evaluate(`document.querySelector('${rowOf(provider)}')?.dataset.state ?? null`);

/// The least contrast of any visible text with what lies behind it (WCAG 2, relative luminance).
const contrast = () => page.evaluate(`(() => {
  const rgb = (text) => { const m = text.match(/[\\d.]+/g).map(Number); return { c: m.slice(0, 3), a: m[3] ?? 1 }; };
  const lum = (c) => c.map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) { const b = rgb(getComputedStyle(e).backgroundColor); if (b.a === 1) return b.c; } return [255, 255, 255]; };
  let least = { ratio: 99 };
  const roots = document.querySelector("dialog[open]") ? [document.querySelector("dialog[open]")] : [document.body];
  for (const root of roots) for (const e of root.querySelectorAll("*")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    const box = e.getBoundingClientRect();
    if (!own || box.width < 2 || box.height < 2 || box.right < 0 || e.closest("noscript") || getComputedStyle(e).visibility === "hidden") continue;
    if (e.closest("dialog") && !e.closest("dialog[open]")) continue;
    const [a, b] = [lum(rgb(getComputedStyle(e).color).c), lum(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < least.ratio) least = { ratio, text: e.textContent.trim().slice(0, 40) };
  }
  return least;
})()`);

try {
  page = await openPage(browser, server.url);

  await check("the welcome, a wrong token, the right one", async () => {
    await look("welcome");
    await page.evaluate("document.querySelector('#token').focus()");
    await page.type("kvt_wrong");
    await page.key("Enter");
    await page.until("!document.querySelector('#token-error').hidden");
    assert.match(await page.text("#token-error"), /Invalid Stratus API key/);
    await look("wrong-token");
    await page.evaluate("document.querySelector('#token').value = ''");
    await signIn();
    assert.match(await page.text("#empty"), /No keys yet/);
    assert.equal(await page.text("#pool-title"), "Shared pool: on");
    await look("empty");
  });

  await check("the token is in memory only", async () => {
    assert.equal(await page.evaluate("document.cookie + JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage }) + location.href"), `{}{}${server.url}/`);
    assert.equal(await page.evaluate("document.querySelector('#token').value"), "");
    assert.equal(await page.evaluate("document.documentElement.outerHTML.includes('" + token + "')"), false);
  });

  await check("add", async () => {
    await add("openai", madeUpKey("openai"));
    await closed();
    await page.until(`document.querySelector('${rowOf("openai")}')`);
    assert.equal(await stateOf("openai"), "valid");
    assert.match(await page.text(`${rowOf("openai")} code`), /^sk-….{4}$/);
    assert.match(await page.text("#notice"), /OpenAI key was added/);
  });

  await check("the key field is never prefilled and gives nothing away", async () => {
    await page.click(`${rowOf("openai")} .actions button:nth-of-type(2)`);
    await page.until("document.querySelector('#key-dialog').open");
    assert.deepEqual(await page.evaluate("[document.querySelector('#key').value, document.querySelector('#key').type, document.querySelector('#key').autocomplete]"), ["", "password", "new-password"]);
    await page.key("Escape");
    await closed();
    await page.until("document.querySelector('#key').value === ''");
  });

  await check("a dialog that is opened again at once keeps what is typed into it", async () => {
    // Chromium says that a dialog has closed with the next frame, by when it may be open again.
    assert.equal(await page.evaluate(`(async () => {
      const [dialog, key] = ["#key-dialog", "#key"].map((one) => document.querySelector(one));
      const press = (one) => document.querySelector(one).click();
      press("#add");
      key.value = "given up";
      press("#key-cancel");
      // A page that nobody sees has no frames.
      if (key.value) return "held by a dialog that is closed";
      const said = new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
      press("#add");
      key.value = "typed";
      await said;
      return key.value;
    })()`), "typed");
    await page.key("Escape");
    await closed();
    await page.until("document.querySelector('#key').value === ''");
  });

  await check("a bad format, inline, with the cause", async () => {
    await add("anthropic", "sk-nonsense");
    await page.until("!document.querySelector('#key-error').hidden");
    assert.match(await page.text("#key-error"), /Invalid Anthropic API key format/);
    assert.equal(await page.evaluate("document.activeElement.id + document.querySelector('#key').getAttribute('aria-invalid')"), "keytrue");
    await look("bad-key");
  });

  await check("a key that its provider refuses", async () => {
    await page.evaluate("document.querySelector('#key').value = ''");
    await page.click("#key");
    await page.type(madeUpKey("anthropic", "bad"));
    await page.key("Enter");
    await page.until("document.querySelector('#key-error').innerText.includes('invalid or inactive')");
    await page.click("#key-cancel");
    await closed();
    assert.equal(await stateOf("anthropic"), null);
  });

  await check("a mask is no key", async () => {
    await add("anthropic", "sk-…AbCd");
    await page.until("document.querySelector('#key-error').innerText.includes('masked')");
    await page.key("Escape");
    await closed();
  });

  await check("a provider that cannot be asked", async () => {
    await add("google", madeUpKey("google", "broken"));
    await closed();
    await page.until(`document.querySelector('${rowOf("google")}')`);
    assert.equal(await stateOf("google"), "unverified");
    assert.match(await page.text("#notice"), /without having been verified/);
    assert.match(await page.text(rowOf("google")), /Not verified/);
    await look("not-verified");
  });

  await check("replace, test, disable, enable", async () => {
    await page.click(`${rowOf("google")} .actions button:nth-of-type(2)`);
    await page.until("document.querySelector('#key-dialog').open");
    assert.equal(await page.text("#key-dialog-title"), "Replace the Google key");
    await look("replace");
    await page.type(madeUpKey("google"));
    await page.key("Enter");
    await closed();
    await page.until(`document.querySelector('${rowOf("google")}').dataset.state === 'valid'`);
    await page.click(`${rowOf("google")} .actions button:nth-of-type(1)`);
    await page.until("document.querySelector('#notice').innerText.startsWith('Google:')");
    await page.click(`${rowOf("google")} .actions button:nth-of-type(3)`);
    await page.until(`document.querySelector('${rowOf("google")}').dataset.state === 'disabled'`);
    await look("keys");
    await page.click(`${rowOf("google")} .actions button:nth-of-type(3)`);
    await page.until(`document.querySelector('${rowOf("google")}').dataset.state === 'valid'`);
  });

  await check("delete names the key and asks first", async () => {
    await page.click(`${rowOf("google")} .actions .risky`);
    await page.until("document.querySelector('#delete-dialog').open");
    assert.equal(await page.text("#delete-title"), "Delete the Google key?");
    assert.match(await page.text("#delete-text"), /AIz….{4}/);
    await look("delete");
    assert.equal(await page.evaluate("document.activeElement.id"), "delete-cancel");
    await page.key("Enter");
    await closed();
    assert.equal(await stateOf("google"), "valid");
    await page.click(`${rowOf("google")} .actions .risky`);
    await page.until("document.querySelector('#delete-dialog').open");
    await page.click("#delete-confirm");
    await closed();
    await page.until(`!document.querySelector('${rowOf("google")}')`);
  });

  await check("a vault out of reach, inline and with the next step", async () => {
    const unlock = await lock(`${server.folder}/keyvault.db`);
    await add("anthropic", madeUpKey("anthropic"));
    await page.until("!document.querySelector('#key-error').hidden");
    assert.match(await page.text("#key-error"), /Vault connection unavailable - cannot store keys/);
    await look("outage");
    await page.key("Escape");
    await closed();
    await page.click(`${rowOf("openai")} .actions .toggle`);
    await page.until("!document.querySelector('#failure').hidden");
    assert.match(await page.text("#failure"), /Reference: req_/);
    await look("outage-action");
    await unlock();
  });

  await check("narrow: 320 px without scrolling sideways, light and dark", async () => {
    for (const scheme of ["light", "dark"]) {
      await page.view(320, 720, scheme);
      await page.click("#add");
      await page.until("document.querySelector('#key-dialog').open");
      const box = await page.evaluate("(() => { const b = document.querySelector('#key-dialog').getBoundingClientRect(); return [b.left, b.right]; })()");
      assert.ok(box[0] >= 0 && box[1] <= 320, String(box));
      await shot(`add-narrow-${scheme}`);
      await page.key("Escape");
      await closed();
    }
    await page.view(1180, 860);
  });

  await check("by keyboard alone: in, add, delete, out", async () => {
    const focused = () => page.evaluate("document.activeElement.id || document.activeElement.getAttribute('aria-label') || document.activeElement.tagName");
    const tabTo = async (name) => {
      for (let count = 0; count < 40; count += 1) {
        if (await focused() === name) return;
        await page.key("Tab");
      }
      throw new Error(`${name} cannot be reached by Tab; at ${await focused()}`);
    };
    await page.go(server.url);
    assert.equal(await focused(), "token");
    await page.type(token);
    await page.key("Enter");
    await page.until("!document.querySelector('#workspace').hidden");
    await tabTo("add");
    await page.key("Enter");
    await page.until("document.querySelector('#key-dialog').open");
    assert.equal(await focused(), "provider");
    await page.type("anthropic");
    await page.evaluate("document.querySelector('#provider').value = 'anthropic'");
    await page.key("Tab");
    assert.equal(await focused(), "key");
    await page.type(madeUpKey("anthropic"));
    await page.key("Enter");
    await closed();
    await page.until(`document.querySelector('${rowOf("anthropic")}')`);
    assert.equal(await focused(), "add");
    await tabTo("Delete the Anthropic key");
    await page.key("Enter");
    await page.until("document.querySelector('#delete-dialog').open");
    await page.key("Tab");
    assert.equal(await focused(), "delete-confirm");
    await page.key("Enter");
    await closed();
    await page.until(`!document.querySelector('${rowOf("anthropic")}')`);
    await page.evaluate("document.querySelector('#main').focus()");
    await page.key("Tab", 8);
    assert.equal(await focused(), "sign-out");
    await page.key("Enter");
    await page.until("!document.querySelector('#welcome').hidden");
    assert.equal(await page.evaluate("document.querySelectorAll('tbody tr').length"), 0);
  });

  await check("nothing is shown of what is answered after signing out", async () => {
    await signIn();
    await page.until(`document.querySelector('${rowOf("openai")}')`);
    await page.evaluate(`(() => {
      window.before = window.fetch;
      window.fetch = async (...request) => { const answer = await before(...request); await new Promise((go) => { window.letGo = go; }); return answer; };
    })()`);
    await page.click(`${rowOf("openai")} .actions .toggle`);
    await page.until("window.letGo");
    await page.click("#sign-out");
    await page.until("!document.querySelector('#welcome').hidden");
    await page.evaluate("window.fetch = window.before; window.letGo()");
    // The answer was read before it was held; by the next turn of its loop the page has dealt with it.
    await page.evaluate("new Promise((resolve) => setTimeout(resolve, 0))");
    assert.deepEqual(await page.evaluate("[details, document.querySelectorAll('tbody tr').length, document.querySelector('#notice').hidden, document.querySelector('#failure').hidden]"), [null, 0, true, true]);
  });

  await check("every button can be reached, however wide the window is and however long the names are", async () => {
    const long = "x".repeat(255);
    put("globex/openai", madeUpKey("openai"));
    put("globex/openai/work", madeUpKey("openai", "bad"));
    put(`globex/google/${long}`, madeUpKey("google"));
    put("globex/anthropic", madeUpKey("anthropic"), "--expires", new Date(Date.now() + 3000).toISOString().replace(/\.\d+/, ""));
    put("globex/inhouse", "whatever");
    await signIn(server.token("globex").token);
    await page.until("document.querySelectorAll('tbody tr').length === 5");
    await page.evaluate("(async () => { while (keyOf('anthropic', 'default').state !== 'expired') await refresh(); })()");
    // The widest there is in every column.
    await page.evaluate("Object.assign(keyOf('openai', 'default'), { state: 'restricted', last_validated: '2026-09-28T12:00:00Z' }); render()");
    for (const scheme of ["light", "dark"]) for (const width of [320, 390, 720, 721, 768, 900, 990, 1001, 1024, 1040, 1041, 1280]) {
      await page.view(width, 860, scheme);
      assert.deepEqual(await page.evaluate(`(() => {
        const card = document.querySelector("#keys").parentElement.getBoundingClientRect();
        const seen = (e) => { const r = e.getBoundingClientRect(); return r.width > 0 && r.left >= card.left && r.right <= card.right; };
        return [...document.querySelectorAll("tbody button, tbody .state, tbody .who, tbody time")].filter((e) => !seen(e)).map((e) => e.outerHTML.slice(0, 80));
      })()`), [], `at ${width}`);
      assert.ok(await page.evaluate("document.documentElement.scrollWidth") <= width, `the page is too wide at ${width}`);
      if ([390, 768, 900, 1280].includes(width)) await shot(`keys-${width}-${scheme}`);
      await page.click(`tr[data-label="${long}"] [data-action="delete"]`);
      await page.until("document.querySelector('#delete-dialog').open");
      assert.ok(await page.evaluate("(() => { const d = document.querySelector('#delete-dialog'); return d.scrollWidth <= d.clientWidth; })()"), `the dialog at ${width}`);
      if ([390, 1280].includes(width)) await shot(`delete-long-${width}-${scheme}`);
      await page.click("#delete-cancel");
      await closed();
    }
    await page.view(1180, 860);
  });

  await check("after an action the focus is on the same button of the same key", async () => {
    const press = async (label, kind, then) => {
      await page.evaluate(`document.querySelector('tr[data-provider="openai"][data-label="${label}"] [data-action="${kind}"]').focus()`);
      await page.key("Enter");
      await page.until(then);
      await page.until("!document.querySelector('button:disabled')");
      return page.evaluate("document.activeElement.getAttribute('aria-label')");
    };
    assert.equal(await press("work", "toggle", "document.querySelector('#notice').innerText.includes('is kept')"), "Enable the OpenAI (work) key");
    assert.equal(await press("work", "toggle", "document.querySelector('#notice').innerText.includes('used again')"), "Disable the OpenAI (work) key");
    assert.equal(await press("default", "test", "document.querySelector('#notice').innerText.startsWith('OpenAI: ')"), "Test the OpenAI key");
    assert.equal(await press("work", "test", "!document.querySelector('#failure').hidden"), "Test the OpenAI (work) key");
  });

  await check("a test that fails names the key", async () => {
    assert.equal((await page.text("#failure")).split(".")[0], "OpenAI (work): OpenAI API key is invalid or inactive");
  });

  await check("what the API does not take is not offered", async () => {
    const offered = (selector) => page.evaluate(`[...document.querySelectorAll('tr${selector} button')].map((one) => one.dataset.action)`);
    assert.deepEqual(await offered('[data-provider="openai"][data-label="default"]'), ["test", "replace", "toggle", "delete"]);
    assert.deepEqual(await offered('[data-provider="inhouse"]'), ["toggle", "delete"]);
    assert.deepEqual(await offered('[data-provider="anthropic"]'), ["test", "replace", "delete"]);
    await page.until("document.querySelector('tr[data-label=\"work\"]').dataset.state === 'rejected'");
    assert.deepEqual(await offered('[data-label="work"]'), ["test", "toggle", "delete"]);
    assert.match(await page.text('tr[data-label="work"] .why'), /no longer used\. Delete it here, or replace it where it was stored\.$/);
  });

  await check("a test of a key that is not used says so", async () => {
    await page.click(`${rowOf("anthropic")} [data-action="test"]`);
    await page.until("document.querySelector('#notice').innerText.startsWith('Anthropic: ')");
    assert.match(await page.text("#notice"), /still not used: it has expired\.$/);
    assert.equal(await page.evaluate("document.querySelector('#notice').className"), "notice warn");
    server.cli("disable", "globex/openai");
    await page.click(`tr[data-provider="openai"][data-label="default"] [data-action="test"]`);
    await page.until(`document.querySelector('tr[data-provider="openai"][data-label="default"]').dataset.state === 'disabled'`);
    await page.click(`tr[data-provider="openai"][data-label="default"] [data-action="test"]`);
    await page.until("document.querySelector('#notice').innerText.endsWith('still not used: it is disabled.')");
    server.cli("enable", "globex/openai");
  });

  await check("the outcome is in sight wherever the key stands, and the focus stays", async () => {
    for (let number = 10; number < 22; number += 1) put(`globex/openrouter/spare-${number}`, madeUpKey("openrouter", "live", number));
    await page.click("#sign-out");
    await signIn(server.token("globex").token);
    for (const width of [390, 1180]) {
      await page.view(width, 600);
      await page.click('tr[data-label="spare-21"] [data-action="test"]');
      await page.until("document.querySelector('#notice').innerText.startsWith('OpenRouter (spare-21): ')");
      assert.deepEqual(await page.evaluate(`(() => {
        const box = document.querySelector("#notice").getBoundingClientRect();
        const above = document.elementFromPoint(box.x + 20, box.y + box.height / 2);
        return [box.top >= 0, box.bottom <= innerHeight, above.id, scrollY > 100, document.activeElement.getAttribute("aria-label")];
      })()`), [true, true, "notice", true, "Test the OpenRouter (spare-21) key"]);
      await shot(`outcome-${width}`);
      await page.evaluate("say('')");
    }
    await page.view(1180, 860);
  });

  await check("what was done is done, where only the list cannot be read again", async () => {
    const unread = async (words, work) => {
      await page.evaluate("window.before = window.fetch; window.fetch = (path, ...rest) => path.endsWith('/details') ? Promise.reject(new TypeError()) : before(path, ...rest); say('')");
      await work();
      await closed();
      await page.until("!document.querySelector('#notice').hidden && !document.querySelector('#failure').hidden");
      assert.match(await page.text("#notice"), words);
      assert.match(await page.text("#failure"), /^The list could not be read again/);
      await page.evaluate("window.fetch = window.before; refresh()");
    };
    await unread(/^The Groq key was added/, () => add("groq", madeUpKey("groq")));
    assert.equal(await stateOf("groq"), "valid");
    await unread(/spare-20.*is kept, and not used/, () => page.click('tr[data-label="spare-20"] .toggle'));
    await unread(/spare-19.*was deleted/, async () => {
      await page.click('tr[data-label="spare-19"] .risky');
      await page.until("document.querySelector('#delete-dialog').open");
      await page.click("#delete-confirm");
    });
    await look("list-unread");
  });

  await check("what somebody else has changed meanwhile is neither replaced nor deleted", async () => {
    const hint = () => page.text(`${rowOf("groq")} code`);
    const before = await hint();
    await page.click(`${rowOf("groq")} [data-action="replace"]`);
    put("globex/groq", madeUpKey("groq", "other", 2));
    await page.click("#key");
    await page.type(madeUpKey("groq", "mine", 3));
    await page.key("Enter");
    await closed();
    await page.until("!document.querySelector('#failure').hidden");
    assert.match(await page.text("#failure"), /have changed.*Nothing was done\. Look at the list again/);
    const theirs = await hint();
    assert.notEqual(theirs, before);
    await look("changed-meanwhile");

    await page.click(`${rowOf("groq")} .risky`);
    put("globex/groq", madeUpKey("groq", "other", 4));
    await page.evaluate("say('')");
    await page.click("#delete-confirm");
    await closed();
    await page.until("!document.querySelector('#failure').hidden");
    assert.notEqual(await hint(), theirs);

    // What is added must not take the place of what somebody else has added.
    await page.click("#add");
    put("globex/google", madeUpKey("google", "other"));
    await page.evaluate("say(''); document.querySelector('#provider').value = 'google'; document.querySelector('#key').value = '" + madeUpKey("google", "mine", 5) + "'");
    await page.click("#key-save");
    await closed();
    await page.until("!document.querySelector('#failure').hidden");
    assert.match(await page.text("#failure"), /^Google: .*have changed/);

    // And a change of another key is no hindrance.
    await page.click(`${rowOf("groq")} .risky`);
    server.cli("disable", "globex/openai");
    await page.click("#delete-confirm");
    await closed();
    await page.until(`!document.querySelector('${rowOf("groq")}')`);
    assert.match(await page.text("#notice"), /The Groq key was deleted/);
  });

  await check("the question before a deletion says what becomes of the requests", async () => {
    const asked = (pool, keys) => page.evaluate(`(() => {
      const kept = details;
      const key = (provider, label, state = "valid") => ({ provider, label, state, display_name: provider, hint: null });
      details = { ...kept, formation_keys_available: ${pool}, keys: ${keys} };
      openDelete(details.keys[0]);
      document.querySelector("#delete-dialog").close();
      details = kept;
      return document.querySelector("#delete-text").textContent;
    })()`);
    assert.match(await asked(false, "[key('openai', 'default'), key('groq', 'default')]"), /Its requests then fail, unless/);
    assert.match(await asked(false, "[key('openai', 'default'), key('openai', 'work', 'disabled')]"), /Its requests then fail, unless/);
    assert.match(await asked(false, "[key('openai', 'default'), key('openai', 'work')]"), /by another key of yours where possible/);
    assert.match(await asked(false, "[key('openai', 'default'), key('openrouter', 'default')]"), /by another key of yours where possible/);
    assert.match(await asked(true, "[key('openai', 'default')]"), /by the shared pool where possible/);
    assert.match(await asked(true, "[key('openai', 'default'), key('openai', 'work')]"), /by another key of yours or the shared pool where possible/);
    assert.match(await asked(true, "[key('openai', 'default', 'expired')]"), /removed for good\. It is not used as it is\.$/);
  });

  await check("an answer that does not come frees the dialog", async () => {
    await page.evaluate(`window.timeout = AbortSignal.timeout;
      AbortSignal.timeout = (time) => { const stop = new AbortController(); window.giveUp = () => stop.abort(); window.patience = time; return stop.signal; }; 0`);
    server.child.kill("SIGSTOP");
    try {
      await add("groq", madeUpKey("groq"));
      await page.until("document.querySelector('#key-save').disabled");
      await page.evaluate("window.giveUp(); AbortSignal.timeout = window.timeout; 0");
      await page.until("!document.querySelector('#key-error').hidden");
      assert.equal(await page.evaluate("patience"), 30_000);
      assert.match(await page.text("#key-error"), /has not answered for 30 seconds.*It may have been done all the same/s);
      assert.equal(await page.evaluate("document.querySelector('#key-save').disabled"), false);
      await look("no-answer");
    } finally {
      server.child.kill("SIGCONT");
    }
    await page.key("Escape");
    await closed();
  });

  await check("a dialog that is closed while it waits leaves the next one alone", async () => {
    const byEscape = async () => {
      await page.key("Escape");
      await page.key("Escape");
      await closed();
      await page.click("#add");
    };
    // Before Chromium says that it has closed.
    const atOnce = () => page.evaluate("document.querySelector('#key-cancel').click(); document.querySelector('#add').click()");
    for (const leave of [byEscape, atOnce]) {
      await page.until("!document.querySelector('button:disabled')");
      await page.evaluate("say('')");
      server.child.kill("SIGSTOP");
      try {
        await page.click('tr[data-provider="openai"][data-label="default"] [data-action="replace"]');
        await page.type(madeUpKey("openai", "live", 7));
        await page.key("Enter");
        await page.until("document.querySelector('#key-save').disabled");
        await leave();
        await page.click("#key");
        await page.type("typed");
      } finally {
        server.child.kill("SIGCONT");
      }
      await page.until("!document.querySelector('#failure').hidden && !document.querySelector('button:disabled')");
      await page.evaluate("refresh()");
      assert.deepEqual(await page.evaluate(`(() => {
        const [dialog, key, save, error] = ["#key-dialog", "#key", "#key-save", "#key-error"].map((one) => document.querySelector(one));
        return [dialog.open, key.value, save.innerText, error.hidden];
      })()`), [true, "typed", "Save key", true]);
      assert.match(await page.text("#failure"), /^OpenAI: This was closed before the server answered\. It may have been done/);
      await page.key("Escape");
      await closed();
    }
  });

  await check("a complaint about a key goes when another provider is chosen", async () => {
    await add("cohere", " ");
    await page.until("!document.querySelector('#key-error').hidden");
    await page.evaluate("document.querySelector('#provider').focus()");
    await page.key("ArrowDown");
    await page.until("document.querySelector('#key-error').hidden");
    assert.equal(await page.evaluate("document.querySelector('#key').hasAttribute('aria-invalid')"), false);
  });

  await check("what shows the key says in one way whether it does", async () => {
    const state = () => page.evaluate("(({ textContent, ariaPressed }) => [textContent, ariaPressed, document.querySelector('#key').type])(document.querySelector('#reveal'))");
    assert.deepEqual(await state(), ["Show", null, "password"]);
    await page.click("#reveal");
    assert.deepEqual(await state(), ["Hide", null, "text"]);
    await page.key("Escape");
    await closed();
    await page.click("#sign-out");
  });

  await check("every control has a name", async () => {
    await signIn();
    const { nodes } = await page.send("Accessibility.getFullAXTree");
    const nameless = nodes.filter((node) => !node.ignored && ["button", "textbox", "combobox", "link"].includes(node.role?.value) && !node.name?.value);
    assert.deepEqual(nameless.map((node) => node.role.value), []);
  });

  await check("nothing from elsewhere, and nothing inline", async () => {
    const response = await fetch(server.url);
    const policy = response.headers.get("content-security-policy");
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
    const errors = browser.events.filter((event) => event.sessionId === page.sessionId
      && (event.method === "Runtime.exceptionThrown" || (event.method === "Log.entryAdded" && event.params.entry.source === "security")));
    assert.deepEqual(errors, []);
    const requested = browser.events.filter((event) => event.method === "Network.requestWillBeSent").map((event) => new URL(event.params.request.url));
    for (const url of requested) assert.ok(url.origin === server.url || url.protocol === "about:", String(url));
    const urls = requested.map(String).join(" ");
    assert.ok(!urls.includes("kvt_") && !urls.includes("sk-"));
  });
} finally {
  if (process.exitCode && page) { await shot("failure"); console.log(await page.evaluate("document.body.innerText")); }
  await browser.close();
  await server.stop();
}
console.log(`screenshots: ${shots}`);
