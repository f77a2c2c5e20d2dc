// Pictures of every page of the console: run by shots, which says how.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { signIn } from "./harness.mjs";
import { launch, open, problems } from "./browser.mjs";
import { pages } from "./pages.mjs";
import { furnish } from "./scenery.mjs";

const looks = { light: {}, dark: { dark: true }, narrow: { narrow: true } };

const readme = { vaults: "console-vaults.png", archives: "console-archives.png" };
const largest = 150_000; // bytes of a picture in README

const flags = process.argv.slice(2);
const forReadme = flags[0] === "--readme";
const [directory, ...only] = forReadme ? [fileURLToPath(new URL("../../docs/", import.meta.url)), ...Object.keys(readme)] : flags;
const wanted = (name) => only.length === 0 || only.includes(name);
const unknown = only.filter((name) => name !== "sign-in" && !(name in pages));
if (!directory || unknown.length) {
  console.error(unknown.length ? `shots: no page ${unknown.join(", ")}; there are sign-in, ${Object.keys(pages).join(", ")}` : "shots: no directory");
  process.exit(2);
}

mkdirSync(directory, { recursive: true });
const scenery = await furnish();
const browser = await launch();
const missing = new Set();
let faults = 0;
try {
  for (const [look, how] of Object.entries(forReadme ? { light: {} } : looks)) await shoot(look, how);
} finally {
  await browser.close();
  await scenery.server.stop();
}
if (missing.size && forReadme) fault(`README wants ${[...missing].join(", ")}`);
if (missing.size) console.log(`skipped, not there: ${[...missing].join(", ")}`);
process.exit(faults ? 1 : 0);

// shoot takes every page in one look.
async function shoot(look, how) {
  const page = await open(browser, scenery.server, how);
  if (wanted("sign-in") && (await page.goto("/console/")).ok()) await take(page, "sign-in", look);
  await signIn(page);
  for (const [name, path] of Object.entries(pages)) {
    if (!wanted(name)) continue;
    const target = path(scenery);
    const answer = await page.goto(target).catch((error) => error);
    if (answer.status?.() === 404) missing.add(name);
    else if (answer.ok?.()) await take(page, name, look);
    else fault(`${name}: ${target}: ${answer.status?.() ?? answer}`);
  }
  for (const text of problems(page)) if (!text.startsWith("answer: 404 ")) fault(`${look}: ${text}`);
  await page.context().close();
}

async function take(page, name, look) {
  await page.waitForLoadState("networkidle", { timeout: 2_000 }).catch(() => {}); // a page with live updates is never idle
  const picture = await page.screenshot({ fullPage: !forReadme, animations: "disabled" });
  if (forReadme && picture.length > largest) fault(`${readme[name]} has ${picture.length} bytes, more than ${largest}`);
  const file = join(directory, forReadme ? readme[name] : `${name}-${look}.png`);
  writeFileSync(file, picture);
  console.log(`${String(picture.length).padStart(7)}  ${file}`);
}

function fault(text) {
  faults++;
  console.error(`shots: ${text}`);
}
