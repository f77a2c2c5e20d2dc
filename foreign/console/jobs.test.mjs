// Jobs in Chromium: lists that stay current, downloads, inventories.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { allow, check, fits, axe, harness, root, signOut } from "./harness.mjs";

const { server, visit } = await harness({ flags: ["--bulk-delay", "6s"] });
const { client } = server;
const MIB = 1 << 20;
const sea = Buffer.alloc(3 * MIB + 17, "sea ");
await client.createVault("photos");
const archive = await client.upload("photos", sea, "holidays/<b>sea</b> 100%.html");
for (let n = 0; n < 3; n++) await client.upload("photos", `archive ${n}`, `letter ${n}`);
const retrieval = { Type: "archive-retrieval", ArchiveId: archive };

async function fetched(page, start) {
  const coming = page.waitForEvent("download");
  await start();
  const download = await coming;
  return { name: download.suggestedFilename(), data: await readFile(await download.path()) };
}

const jobPage = (id) => `/console/job?vault=photos&job=${encodeURIComponent(id)}`;

test("a list of jobs stays current, without taking the focus away", async (t) => {
  const page = await visit(t, { as: root });
  const id = await client.job("photos", { ...retrieval, Tier: "Bulk", Description: "for grandmother" });
  await page.goto("/console/jobs?vault=photos");
  const row = page.getByRole("row", { name: /for grandmother/ });
  await row.getByText("Waiting").waitFor();
  await row.getByRole("link", { name: "Archive" }).focus();
  await row.getByText("Succeeded").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Archive");
  await page.getByText("No job is in progress.").waitFor({ state: "attached" });
  await client.finished("photos", id);
  await check(page);
});

test("a job that waits becomes one that can be downloaded, as a file that is no page", async (t) => {
  const page = await visit(t, { as: root });
  const id = await client.job("photos", { ...retrieval, Tier: "Bulk" });
  await page.goto(jobPage(id));
  await page.getByText(/takes at least 6 seconds here/).waitFor();
  assert.equal(await page.getByRole("link", { name: /Download/ }).count(), 0);
  const { name, data } = await fetched(page, () => page.getByRole("link", { name: "Download 3.00 MiB" }).click());
  assert.ok(data.equals(sea));
  assert.equal(name, "b_ 100%.html");
  await check(page);

  await page.getByText("A part of it").click();
  await page.getByLabel("From byte").fill("4");
  await page.getByLabel("to byte").fill("11");
  const part = await fetched(page, () => page.getByRole("button", { name: "Download the part" }).click());
  assert.equal(part.data.toString(), "sea sea ");
  assert.equal(part.name, "b_ 100%.html.4-11");

  // Whatever the address is opened with, it is a file.
  const opened = await fetched(page, () => page.evaluate((url) => void (location.href = url), `/console/output?vault=photos&job=${encodeURIComponent(id)}`));
  assert.ok(opened.data.equals(sea));
});

test("a download is resumed where it broke off", async (t) => {
  const page = await visit(t, { as: root });
  const id = await client.job("photos", retrieval);
  await client.finished("photos", id);
  await page.goto(jobPage(id));
  const [first, rest, other] = await page.evaluate(async (url) => {
    const get = async (headers) => {
      const answer = await fetch(url, { headers });
      return { status: answer.status, range: answer.headers.get("content-range"), etag: answer.headers.get("etag"), size: (await answer.arrayBuffer()).byteLength };
    };
    const first = await get({ range: "bytes=0-999" });
    return [first, await get({ range: "bytes=1000-", "if-range": first.etag }), await get({ range: "bytes=1000-", "if-range": '"other"' })];
  }, `/console/output?vault=photos&job=${encodeURIComponent(id)}`);
  assert.deepEqual([first.status, first.range, first.size], [206, `bytes 0-999/${sea.length}`, 1000]);
  assert.deepEqual([rest.status, rest.range, rest.size], [206, `bytes 1000-${sea.length - 1}/${sea.length}`, sea.length - 1000]);
  assert.deepEqual([other.status, other.size], [200, sea.length]);
});

for (const script of [true, false]) {
  test(`an inventory is started, looked at and downloaded ${script ? "with" : "without"} JavaScript`, async (t) => {
    const page = await visit(t, { as: root, script });
    await page.goto("/console/jobs?vault=photos");
    await page.getByRole("radio", { name: "CSV" }).check();
    await page.getByText("Not all archives, or somebody is to be told").click();
    await page.getByLabel("Made on this day or later").fill("2020-01-01");
    await page.getByLabel("Description of the job").fill("my list");
    await page.getByRole("button", { name: "Start inventory" }).click();
    await page.getByText("The inventory has been started.").waitFor();
    if (script) assert.equal(await page.evaluate(() => document.activeElement.textContent), "The inventory has been started.");
    const id = new URL(page.url()).searchParams.get("job");
    await client.finished("photos", id);
    if (!script) {
      const refresh = page.getByRole("link", { name: "Refresh" });
      if (await refresh.count()) await refresh.click();
    }
    await page.getByRole("cell", { name: "letter 2" }).waitFor();
    await page.getByText("That is all: 4 rows.").waitFor();
    const { name, data } = await fetched(page, () => page.getByRole("link", { name: /^Download/ }).click());
    assert.equal(name, "photos-inventory.csv");
    assert.match(data.toString(), /^ArchiveId,ArchiveDescription,[^]*,"letter 0",/);
    if (script) await check(page);
  });
}

test("an inventory that is refused is there again, with what was typed", async (t) => {
  const page = await visit(t, { as: root });
  allow(page, /^answer: 4\d\d POST .*\/console\/jobs/);
  await page.goto("/console/jobs?vault=photos");
  await page.getByRole("radio", { name: "CSV" }).check();
  await page.getByText("Not all archives, or somebody is to be told").click();
  await page.getByLabel("Made on this day or later").fill("2020-01-01");
  await page.getByLabel("Description of the job").fill("my list");
  await page.getByLabel("Topic that hears when it is done").fill("arn:aws:sns:nowhere");
  await page.getByRole("button", { name: "Start inventory" }).click();
  const complaint = page.getByRole("main").getByRole("alert");
  await complaint.waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), await complaint.innerText());
  assert.equal(await page.getByLabel("Made on this day or later").inputValue(), "2020-01-01");
  assert.equal(await page.getByLabel("Description of the job").inputValue(), "my list");
  assert.ok(await page.getByRole("radio", { name: "CSV" }).isChecked());
  await check(page);
});

test("a page whose session has ended says so, and stops asking", async (t) => {
  const page = await visit(t, { as: root });
  const id = await client.job("photos", { ...retrieval, Tier: "Bulk" });
  await page.goto("/console/jobs?vault=photos");
  await page.getByText("Waiting").first().waitFor();
  const other = await page.context().newPage();
  await other.goto("/console/vaults");
  await signOut(other);
  await page.getByText("The session has ended").waitFor();
  await axe(page);
  let asked = 0;
  page.on("request", () => asked++);
  await client.finished("photos", id);
  await page.waitForTimeout(3000);
  assert.equal(asked, 0);
  await other.close();
  await page.getByRole("link", { name: "Load this page again" }).click();
  await page.getByLabel("Access key id").waitFor();
});

test("a job page and the list of all vaults' jobs, on a phone and in the dark", async (t) => {
  const page = await visit(t, { as: root, narrow: true, dark: true });
  const id = await client.job("photos", retrieval);
  await client.finished("photos", id);
  for (const path of [jobPage(id), "/console/jobs", "/console/jobs?vault=photos"]) {
    await page.goto(path);
    await axe(page);
    await fits(page);
  }
});

test("an output that is refused is a page", async (t) => {
  const page = await visit(t, { as: root });
  allow(page, /^answer: 404 GET .*\/console\/output/);
  await page.goto("/console/output?vault=photos&job=none");
  await page.getByRole("alert").getByText("The job ID was not found: none").waitFor();
});
