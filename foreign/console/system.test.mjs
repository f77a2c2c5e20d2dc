// Capacity, the audit log, and how the server stands; with JavaScript and without.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { check, harness, looks, root } from "./harness.mjs";

const { server, visit } = await harness();
const { client } = server;
await client.createVault("photos");
const archive = await client.upload("photos", "x".repeat(3 << 20), "a picture");
await client.glacier("GET", ["vaults", "nowhere"]).catch(() => {});

const variants = { "with JavaScript": {}, "in the dark": { dark: true }, "on a phone": { narrow: true }, "without JavaScript": { script: false } };
const tried = (page, options) => (options.script === false ? undefined : check(page));

for (const [how, options] of looks(variants)) {
  test(`how the server stands, ${how}`, async (t) => {
    writeFileSync(join(server.data, "check.json"), JSON.stringify({
      version: 1, began: "2026-01-02T03:04:05Z", ended: "2026-01-02T04:04:05Z", deep: true, exit: 3, archives: 1, bytes: 3 << 20,
      damaged_count: 1, damaged: [{ account: "111122223333", vault: "photos", archive, size: 3 << 20, why: "a bit is not as it was" }],
    }));
    const page = await visit(t, { as: root, ...options });
    await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: "System" }).click();
    await page.getByText("3.00 MiB").first().waitFor();
    await page.getByRole("img", { name: "Bytes stored" }).waitFor();
    for (const range of ["24 hours", "1 year"]) {
      await page.getByRole("link", { name: range }).click();
      await page.getByRole("link", { name: range }).and(page.locator("[aria-current=page]")).waitFor();
      await page.getByText("The figures of Archives").click();
      assert.equal(await page.getByRole("region", { name: "Figures: Archives" }).getByRole("row").last().getByRole("cell").innerText(), "1");
      await tried(page, options);
    }
    for (const part of ["Service", "Clock", "Drive", "Journal", "Catalog", "Audit log"]) {
      await page.getByRole("row", { name: new RegExp(`^${part} (well|nearly full)`) }).waitFor();
    }
    await page.getByText("a bit is not as it was").waitFor();
    await page.getByRole("link", { name: archive.slice(0, 10) }).click();
    await page.getByText("a picture").first().waitFor();
  });

  test(`capacity and the retrieval policy, ${how}`, async (t) => {
    const page = await visit(t, { as: root, ...options });
    await page.goto("/console/capacity");
    await page.getByLabel("At most so much an hour").check();
    await page.getByLabel("Rate").fill("5");
    await page.getByRole("button", { name: "Set policy" }).click();
    await page.getByText("Now at most 5.00 GiB may be begun in an hour.").waitFor();
    await tried(page, options);
    await page.getByLabel("No limit").check();
    await page.getByRole("button", { name: "Set policy" }).click();
    await page.getByText("Now: Whatever is asked for is retrieved.").waitFor();
  });

  test(`the audit log, ${how}`, async (t) => {
    const page = await visit(t, { as: root, ...options });
    await page.goto("/console/audit");
    await page.getByText("Shown is only what changes something").waitFor();
    assert.ok(await page.getByLabel("Only what changes something").isChecked());
    assert.equal(await page.getByRole("rowheader", { name: /^(Describe|List|Lookup)/ }).count(), 0);
    await page.getByLabel("Operation").fill("uploadarchive");
    await page.getByRole("button", { name: "Filter" }).click();
    await page.getByRole("rowheader", { name: "UploadArchive" }).waitFor();
    await page.getByText("Details of UploadArchive").first().click();
    await page.getByText(archive).first().waitFor();
    await tried(page, options);
    await page.getByRole("link", { name: "Show all" }).click();
    await page.getByLabel("Only what was refused or failed").check();
    await page.getByRole("button", { name: "Filter" }).click();
    await page.getByText("ResourceNotFoundException").first().waitFor();
    assert.equal(await page.getByText("done", { exact: true }).count(), 0);
  });
}

test("a unit of capacity is bought, once it is confirmed", async (t) => {
  const page = await visit(t, { as: root });
  await page.goto("/console/capacity");
  await page.getByLabel("I want one for a month").check();
  await page.getByRole("button", { name: "Buy a unit" }).click();
  await page.getByText("is yours for a month.").waitFor();
  await page.getByRole("table").getByRole("rowheader").waitFor();
  await check(page);
});

test("older lines of the audit log are pages on", async (t) => {
  for (let n = 0; n < 60; n++) await client.glacier("GET", ["vaults", "photos"]);
  const page = await visit(t, { as: root });
  await page.goto("/console/audit?name=DescribeVault");
  for (const _ of [1, 2]) {
    await page.getByRole("link", { name: "Older" }).click();
    await page.waitForURL(/cursor=/);
  }
  await page.getByRole("link", { name: "Newest" }).click();
  await page.waitForURL((url) => !url.search.includes("cursor"));
  await check(page);
});

test("who may see vaults sees the account's figures, and nothing of the server", async (t) => {
  const page = await visit(t, { as: await client.createUser("cara", { attach: ["AmazonGlacierReadOnlyAccess"] }) });
  await page.goto("/console/system");
  await page.getByRole("img", { name: "Archives" }).waitFor();
  assert.equal(await page.getByText("How the server stands").count(), 0);
  assert.equal(await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: "Audit" }).count(), 0);
  await check(page);
});
