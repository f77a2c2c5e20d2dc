// The helpers, on pages that are good and bad by design: what passes everywhere would prove nothing.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { allow, axe, fits, keyboard, launch, light, open, problems, timed } from "./harness.mjs";

const document = (inner, head = "") => `<!doctype html><html lang="en"><head><title>A page</title><meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="/style.css">${head}</head><body><main><h1>A page</h1>${inner}</main></body></html>`;

const good = document(`<p><a href="/">home</a> <button>press</button></p><details><summary>more</summary><a href="/">hidden</a></details>
<form><label><input type="radio" name="r">one</label> <label><input type="radio" name="r" checked>two</label> <label>name <input></label></form>`);

const files = {
  "/": good,
  "/style.css": `body{font:1rem sans-serif} .faint{color:#ccc} .wide{width:3000px} .same:focus{outline:none}
    @media (prefers-color-scheme:dark){body{background:#111;color:#eee} a{color:#9cf} .pale{color:#333}}`,
  "/throws.js": "throw new Error('thrown')",
  "/big.js": `// ${"x".repeat(200_000)}`,
  "/faint": document(`<p class="faint">cannot be read</p>`),
  "/pale": document(`<p class="pale">cannot be read in the dark</p>`),
  "/unnamed": document("<input>"),
  "/wide": document(`<p class="wide">wide</p>`),
  "/order": document(`<a href="/">a</a> <a href="/" tabindex="2">b</a>`),
  "/same": document(`<a href="/" class="same">a</a>`),
  "/trap": document(`<a href="/">a</a> <textarea aria-label="trap"></textarea> <a href="/">b</a>`, `<script src="/trap.js"></script>`),
  "/trap.js": "addEventListener('keydown', (e) => e.target.matches('textarea') && e.preventDefault())",
  "/big": document("", `<script src="/big.js"></script>`),
  "/throws": document("", `<script src="/throws.js"></script>`),
  "/inline": document("<script>alert(1)</script>"),
  "/missing": document(`<img src="/none.png" alt="none">`),
  "/elsewhere": document("", `<link rel="stylesheet" href="http://127.0.0.1:1/style.css">`),
};

const types = { css: "text/css", js: "text/javascript" };
const server = createServer(({ url }, answer) => {
  answer.setHeader("content-type", types[url.split(".")[1]] ?? "text/html");
  answer.setHeader("content-security-policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'");
  answer.writeHead(url in files ? 200 : 404).end(files[url] ?? "not found");
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const here = { url: `http://127.0.0.1:${server.address().port}` };
const browser = await launch();
after(async () => {
  await browser.close();
  server.close();
  server.closeAllConnections();
});

async function at(t, path, how) {
  const page = await open(browser, here, how);
  t.after(() => page.context().close());
  await page.goto(path);
  return page;
}

for (const how of [{}, { dark: true }, { narrow: true }]) {
  test(`a good page passes ${JSON.stringify(how)}`, async (t) => {
    const page = await at(t, "/", how);
    await axe(page);
    await fits(page);
    assert.equal(await keyboard(page), 5);
    const bytes = await light(page);
    assert.ok(bytes > good.length + files["/style.css"].length, `${bytes} bytes`);
    assert.equal((await timed(page, "/", 3)).length, 3);
    assert.deepEqual(problems(page), []);
  });
}

for (const [path, helper, says, how] of [
  ["/faint", axe, /color-contrast .*[^]*cannot be read/],
  ["/pale", axe, /color-contrast/, { dark: true }],
  ["/unnamed", axe, /label \(critical\)/],
  ["/wide", fits, /3\d\d\d wide on a screen of 1280:\n<p class="wide">/],
  ["/wide", fits, /wide on a screen of/, { narrow: true }],
  ["/order", keyboard, /an order of its own/],
  ["/same", keyboard, /the focus cannot be seen on/],
  ["/trap", keyboard, /Tab does not reach/],
  ["/big", light, /weighs 20\d{4} bytes/],
]) {
  test(`${helper.name} refuses ${path} ${JSON.stringify(how ?? {})}`, async (t) => {
    await assert.rejects(helper(await at(t, path, how)), says);
  });
}

for (const [path, says] of [
  ["/throws", /^script: Error: thrown/],
  ["/inline", /^console: .*Content Security Policy/],
  ["/missing", /^answer: 404 GET .*none\.png$/],
  ["/elsewhere", /^elsewhere: GET http:\/\/127\.0\.0\.1:1\/style\.css$/],
  ["/nowhere", /^answer: 404 GET .*\/nowhere$/],
]) {
  test(`what goes wrong on ${path} is written down, unless it is allowed`, async (t) => {
    const page = await at(t, path);
    assert.ok(problems(page).some((text) => says.test(text)), problems(page).join("\n"));
    allow(page, /./);
    assert.deepEqual(problems(page), []);
  });
}

test("without JavaScript no script runs", async (t) => {
  const page = await at(t, "/throws", { script: false });
  assert.deepEqual(problems(page), []);
});
