// A Chromium of a test's own, and pages that tell on themselves.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const places = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
export const wide = { width: 1280, height: 800 };
export const phone = { width: 390, height: 844 };

// launch starts a browser: sandboxed, but for root, for whom Chromium refuses, and where the kernel lets nobody make a sandbox.
export async function launch() {
  const executablePath = places.find((place) => place && existsSync(place));
  assert.ok(executablePath, "no chromium here: install it, or set CHROMIUM");
  const options = { executablePath, handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false }; // server.mjs has handlers
  if (process.getuid() === 0) return chromium.launch({ ...options, chromiumSandbox: false });
  try {
    return await chromium.launch({ ...options, chromiumSandbox: true });
  } catch {
    return chromium.launch({ ...options, chromiumSandbox: false });
  }
}

const books = new WeakMap(); // page: {problems, allowed}

// open returns a page in a context of its own, without cookies: a visitor who was never there. Paths are relative to the server.
// Options: dark, narrow (a phone), script: false (no JavaScript), and what else newContext has.
export async function open(browser, server, { dark = false, narrow = false, script = true, ...more } = {}) {
  const context = await browser.newContext({
    baseURL: server.url, colorScheme: dark ? "dark" : "light", viewport: narrow ? phone : wide, isMobile: narrow, hasTouch: narrow,
    javaScriptEnabled: script, locale: "en-GB", timezoneId: "UTC", reducedMotion: "reduce", ...more,
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  watch(page, server.url);
  return page;
}

// watch writes down what goes wrong in a page: errors of its scripts, breaches of its content security policy (both are on the
// console), requests that fail or are answered with 400 or more, and requests to anybody else than the server.
export function watch(page, origin) {
  const book = { problems: [], allowed: [] };
  const note = (text) => book.problems.push(text);
  books.set(page, book);
  page.on("console", (message) => {
    if (message.type() !== "error" && !/Content Security Policy/i.test(message.text())) return;
    if (!message.text().startsWith("Failed to load resource")) note(`console: ${message.text()}`); // the answer is written down below
  });
  page.on("pageerror", (error) => note(`script: ${error.stack ?? error}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (/^(https?|wss?):$/.test(url.protocol) && url.origin !== origin) note(`elsewhere: ${request.method()} ${url}`);
  });
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText;
    if (why !== "net::ERR_ABORTED") note(`failed: ${request.method()} ${request.url()}: ${why}`); // aborted: a download, or the page was left
  });
  page.on("response", (response) => {
    if (response.status() >= 400) note(`answer: ${response.status()} ${response.request().method()} ${response.url()}`);
  });
}

// allow says that a problem is meant to be: allow(page, /^answer: 403 /).
export function allow(page, ...patterns) {
  books.get(page).allowed.push(...patterns);
}

// problems returns what went wrong and was not allowed.
export function problems(page) {
  const { problems: all, allowed } = books.get(page);
  return all.filter((text) => !allowed.some((pattern) => pattern.test(text)));
}

// leave closes a page's context, and fails if anything had gone wrong in the page.
export async function leave(page) {
  await page.context().close();
  assert.deepEqual(problems(page), [], "problems of the page");
}

// weight returns the bytes that a cold load of the page's address moves, headers included: {total, parts}. It asks as the same
// visitor with an empty cache, and listens until the network is quiet (live updates aside).
export async function weight(page) {
  const context = await page.context().browser().newContext({ storageState: await page.context().storageState(), viewport: page.viewportSize() });
  try {
    const cold = await context.newPage();
    const network = await context.newCDPSession(cold);
    const urls = new Map();
    const parts = {};
    network.on("Network.requestWillBeSent", (event) => urls.set(event.requestId, event.request.url));
    network.on("Network.loadingFinished", (event) => {
      const url = urls.get(event.requestId);
      parts[url] = (parts[url] ?? 0) + event.encodedDataLength;
    });
    await network.send("Network.enable");
    await cold.goto(page.url(), { waitUntil: "load" });
    await cold.waitForLoadState("networkidle", { timeout: 3_000 }).catch(() => {}); // a page with a live stream is never idle
    return { total: Object.values(parts).reduce((sum, bytes) => sum + bytes, 0), parts };
  } finally {
    await context.close();
  }
}

export const heaviest = 150_000;

// light fails if a cold load of the page is too heavy, and returns the bytes.
export async function light(page, limit = heaviest) {
  const { total, parts } = await weight(page);
  assert.ok(total > 0 && total <= limit, `${page.url()} weighs ${total} bytes, more than ${limit}: ${JSON.stringify(parts, null, 2)}`);
  return total;
}

// timed returns the milliseconds of rounds loads of path by the page's visitor, from request to the last byte, sorted.
export async function timed(page, path, rounds = 5) {
  const url = new URL(path, page.url());
  const cookie = (await page.context().cookies(url.href)).map(({ name, value }) => `${name}=${value}`).join("; ");
  const times = [];
  for (let n = 0; n < rounds; n++) {
    const began = performance.now();
    const answer = await fetch(url, { headers: { cookie }, redirect: "manual" });
    await answer.arrayBuffer();
    times.push(performance.now() - began);
    assert.equal(answer.status, 200, `GET ${path}`);
  }
  return times.sort((a, b) => a - b);
}
