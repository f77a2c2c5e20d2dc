// Every page, with something on it: whether everybody can use it, in the light, in the dark and on a phone, and how heavy it is.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { axe, fits, keyboard, launch, light, open, problems, signIn, watch } from "./harness.mjs";
import { pages } from "./pages.mjs";
import { furnish } from "./scenery.mjs";

const scenery = await furnish();
const browser = await launch();
const looks = { light: {}, dark: { dark: true, narrow: true } };
const visitors = {};
for (const [look, how] of Object.entries(looks)) {
  visitors[look] = await open(browser, scenery.server, how);
  await signIn(visitors[look]);
}
after(async () => {
  await browser.close();
  await scenery.server.stop();
});

// view opens a page in one look, as the visitor who signed in.
async function view(t, look, path) {
  const page = await visitors[look].context().newPage();
  watch(page, scenery.server.url);
  assert.equal((await page.goto(path)).status(), 200);
  t.after(async () => {
    await page.close();
    assert.deepEqual(problems(page), []);
  });
  return page;
}

for (const [name, path] of Object.entries(pages)) {
  const target = path(scenery);
  test(`${name}: in the light, with a keyboard, and its weight`, async (t) => {
    const page = await view(t, "light", target);
    await axe(page);
    await fits(page);
    await keyboard(page);
    t.diagnostic(`${await light(page)} bytes`);
  });
  test(`${name}: in the dark, on a phone`, async (t) => {
    const page = await view(t, "dark", target);
    await axe(page);
    await fits(page);
  });
}
