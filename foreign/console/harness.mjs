// Tests of the console in Chromium: what they share.
//
// A test file stands alone: it has a server and a browser of its own, so that files run in parallel. It begins with
//
//   import { test } from "node:test";
//   import assert from "node:assert/strict";
//   import { harness, root, axe, ... } from "./harness.mjs";
//
//   const { server, visit } = await harness();              // {profile: "aws", flags: ["--standard-delay", "3h"], browse: {...}}
//   await server.client.createVault("photos");              // client.mjs: upload, fill, job, finished, lock, createUser, query, glacier
//
//   test("a vault is made", async (t) => {
//     const page = await visit(t, { as: root, dark: true }); // as: signs in with the key; dark, narrow, script: false
//     await page.goto("/console/vaults");                    // a Playwright page; paths are the server's
//     ...
//     await check(page);                                     // axe, keyboard, sideways scrolling, weight
//   });
//
// When the test ends its pages are closed, and it fails if anything had gone wrong in one: an error of a script, a breach of the
// content security policy, a request that failed, was answered with 400 or more, or went elsewhere. What is meant to go wrong is
// allowed beforehand: allow(page, /^answer: 403 POST /). How each page looked at the end is kept if FIRN_SHOTS names a directory.
//
//   server.restart(), .kill() and .start(), .url, .log, .data, .as(key)    server.mjs: the port and the data stay
//   signIn(page, key), signOut(page)
//   axe(page)         fails on any breach of WCAG 2.1 A and AA, and prints the nodes
//   keyboard(page)    fails unless Tab reaches all, in order, with the focus in sight
//   fits(page)        fails if the page scrolls sideways
//   light(page)       fails if a cold load moves more than 150 KB; weight(page) tells what moves
//   check(page)       all of these
//   timed(page, path) the times of five answers, in ms, sorted; median(times)
//   looks(variants)   the variants of a flow that are to be tried
//   long              whether FIRN_LONG=1: what takes minutes is for then
//
// foreign/console/run runs them; one file: foreign/console/run signin.test.mjs. FIRN_LOG=1 prints what the server logged. The list of
// pages is pages.mjs: whoever adds a page to the console adds it there, and pages.test.mjs and shots have it, too. What is on them is
// scenery.mjs.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { axe, fits, keyboard } from "./access.mjs";
import { launch, leave, light, open } from "./browser.mjs";
import { Server, root } from "./server.mjs";

export * from "./access.mjs";
export * from "./browser.mjs";
export { Client, parallel, treeHash } from "./client.mjs";
export { Server, account, region, root } from "./server.mjs";

export const long = process.env.FIRN_LONG === "1";

// looks are variants of a flow, by name. What is only of the dark or of a phone is left out unless FIRN_LONG=1: pages.test.mjs looks
// at every page so, at once.
export const looks = (variants) => Object.entries(variants).filter(([, how]) => long || !(how.dark || how.narrow));

export const median = (sorted) => sorted[sorted.length >> 1];

// harness starts a server and a browser that end with the test file, and returns {server, browser, visit}. visit(t, options) opens a
// page that is closed, and judged, when test t ends.
export async function harness(options = {}) {
  const server = new Server(options);
  let browser;
  after(async () => {
    await browser?.close();
    if (process.env.FIRN_LOG) console.error(server.log);
    await server.stop();
  });
  await server.start();
  browser = await launch();
  return { server, browser, visit: (t, how) => visit(t, browser, server, { ...options.browse, ...how }) };
}

async function visit(t, browser, server, { as, ...how } = {}) {
  const page = await open(browser, server, how);
  t.after(async () => {
    if (process.env.FIRN_SHOTS) await picture(page, process.env.FIRN_SHOTS, t.name);
    await leave(page);
  });
  if (as) await signIn(page, as);
  return page;
}

async function picture(page, directory, name) {
  mkdirSync(directory, { recursive: true });
  await page.screenshot({ path: join(directory, `${name.replace(/[^A-Za-z0-9]+/g, "-")}.png`), fullPage: true }).catch(() => {});
}

// signIn signs a visitor in at the console's front page.
export async function signIn(page, key = root) {
  await page.goto("/console/");
  await enter(page, key);
  await page.waitForURL(/\/console\/(?!$|\?)/);
}

// enter fills in the form of the front page and sends it off.
export async function enter(page, { id, secret }) {
  await page.getByLabel(/access key id/i).fill(id);
  await page.getByLabel(/secret/i).fill(secret);
  await page.getByRole("button", { name: /sign in/i }).click();
}

export async function signOut(page) {
  await page.getByRole("button", { name: /sign out/i }).click();
  await page.waitForURL(/\/console\/($|\?)/);
}

// check does to a page what is done to every page.
export async function check(page) {
  await axe(page);
  await fits(page);
  await light(page);
  await keyboard(page);
}
