// A vault's archives: found, retrieved and deleted, one, several or all; with scripts and without.

import assert from "node:assert/strict";
import { test } from "node:test";
import { check, harness, root } from "./harness.mjs";

const { server, visit } = await harness();
const { client } = server;

const jobs = async (vault) => (await client.glacier("GET", ["vaults", vault, "jobs"])).body.JobList;
const count = async (vault) => (await client.glacier("GET", ["vaults", vault])).body.NumberOfArchives;

// vault makes one with archives in it.
async function vault(name, descriptions) {
  await client.createVault(name);
  for (const description of descriptions) await client.upload(name, `bytes of ${description}`, description);
}

for (const script of [true, false]) {
  const kind = script ? "with scripts" : "without";
  const name = script ? ".." : "plain";

  test(`archives are found, retrieved and deleted, ${kind}`, async (t) => {
    await vault(name, Array.from({ length: 60 }, (_, n) => `scan-${String(n).padStart(2, "0")}.pdf`));
    const page = await visit(t, { as: root, script });
    await page.getByRole("link", { name, exact: true }).click();
    await page.getByRole("link", { name: "Archives", exact: true }).click();
    await page.getByText("60 archives, ").waitFor();
    assert.equal(await page.locator("tbody tr").count(), 50);
    await page.getByRole("link", { name: "Next page" }).click();
    await page.getByRole("link", { name: "scan-00.pdf" }).waitFor();
    assert.equal(await page.locator("tbody tr").count(), 10);
    if (script) await check(page);
    await page.getByRole("link", { name: "Previous page" }).click();
    await page.getByRole("link", { name: "scan-59.pdf" }).waitFor();

    await page.getByRole("searchbox").fill("SCAN-3");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("link", { name: "scan-39.pdf" }).waitFor();
    assert.equal(await page.locator("tbody tr").count(), 10);

    await page.getByLabel("Choose scan-30.pdf").check();
    await page.getByLabel("Choose scan-31.pdf").check();
    await page.getByLabel("Tier").selectOption("Bulk");
    await page.getByRole("button", { name: "Retrieve the chosen" }).click();
    await page.getByText("2 jobs have begun.").waitFor();
    assert.deepEqual((await jobs(name)).map((job) => job.Tier), ["Bulk", "Bulk"]);

    await page.goto(`/console/archives?vault=${name}&match=scan-4`);
    if (script) {
      await page.getByLabel("Choose all on this page").check();
    } else {
      for (const box of await page.getByRole("checkbox").all()) await box.check();
    }
    await page.getByLabel("Choose scan-45.pdf").uncheck();
    await page.getByRole("button", { name: "Delete the chosen…" }).click();
    await page.getByRole("heading", { name: "Delete 9 archives?" }).waitFor();
    assert.equal(await count(name), 60, "the question has deleted nothing");
    if (script) await check(page);
    await page.getByRole("button", { name: "Delete 9 archives" }).click();
    await page.getByText("9 archives deleted.").waitFor();
    await page.getByRole("link", { name: "scan-45.pdf" }).click();
    await page.getByRole("heading", { name: "scan-45.pdf" }).waitFor();
    assert.equal(await count(name), 51);
    await page.getByText("Part of it, description, topic").click();
    await page.getByLabel("Description of the job").fill("for Anna");
    await page.getByRole("button", { name: "Retrieve", exact: true }).click();
    await page.getByText("The job has begun.").waitFor();
    assert.equal((await jobs(name)).find((job) => job.JobDescription === "for Anna")?.Action, "ArchiveRetrieval");
  });

  test(`all archives of a search are retrieved, ${kind}`, async (t) => {
    await vault(`all-${name}`, ["a1", "a2", "b1"]);
    const page = await visit(t, { as: root, script });
    await page.goto(`/console/archives?vault=all-${name}&match=a`);
    await page.getByRole("link", { name: "Retrieve all that are like that…" }).click();
    await page.getByLabel("Type all to confirm").fill("all");
    await page.getByRole("button", { name: "Retrieve them all" }).click();
    for (let tries = 0; !script && tries < 100 && (await page.getByText("2 jobs began").count()) === 0; tries++) await page.reload();
    await page.getByText("2 jobs began").waitFor();
    assert.equal((await jobs(`all-${name}`)).length, 2);
    if (script) await check(page);
  });
}
