// A vault of ten thousand archives is emptied and deleted: paused on the way, gone on with, and taken up again after a kill.

import assert from "node:assert/strict";
import { test } from "node:test";
import { allow, check, harness, parallel, root } from "./harness.mjs";

const archives = 10_000;
const { server, visit } = await harness();
const { client } = server;

const count = async (vault) => (await client.glacier("GET", ["vaults", vault])).body.NumberOfArchives;

// gone: whether the vault is.
const gone = (vault) => client.glacier("GET", ["vaults", vault]).then(() => false, (refusal) => refusal.status === 404);

// begin has the vault emptied that the page is about.
async function begin(page, name, too) {
  if (too) await page.getByLabel("Delete the vault, too").check();
  await page.getByLabel("Type the vault’s name").fill(name);
  await page.getByRole("button", { name: "Empty the vault" }).click();
  await page.getByText("At work. You may close this page").waitFor();
}

test("ten thousand archives go, through a pause and a kill, and the vault with them", async (t) => {
  await client.createVault("..");
  await parallel(archives, 32, (n) => client.upload("..", `archive ${n}`, `photo-${n}.jpg`));
  const page = await visit(t, { as: root });
  await page.goto("/console/empty?vault=..");
  await page.getByText("All 10,000 archives in the vault").waitFor();
  await check(page);

  await page.getByLabel("Type the vault’s name").fill("wrong");
  await page.getByRole("button", { name: "Empty the vault" }).click();
  await page.getByText("Nothing was done: what you typed is not ...").waitFor();
  assert.equal(await count(".."), archives);

  await begin(page, "..", true);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText("Paused.").waitFor();
  const left = await count("..");
  assert.ok(left < archives && left > 0, `${left} are left`);
  await check(page);
  assert.equal(await count(".."), left, "paused, and it went on");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("At work.").waitFor();

  allow(page, /ERR_/, /^answer: 401 /); // requests that meet no server, or a session that it has forgotten
  await server.kill();
  await server.start();
  const after = await count("..");
  assert.ok(after > 0 && after <= left, `${after} are left after the kill`);
  await page.context().clearCookies();
  await page.goto("/console/empty?vault=..");
  await page.getByLabel("Access key id").fill(root.id);
  await page.getByLabel("Secret access key").fill(root.secret);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText(`All ${after.toLocaleString("en")} archives in the vault`).waitFor();
  await begin(page, "..", true);
  await page.getByText("and the vault .. with them").waitFor({ timeout: 120_000 });
  assert.ok(await gone(".."));
});

test("without scripts, and leaving the vault", async (t) => {
  await client.createVault("plain");
  await parallel(30, 8, (n) => client.upload("plain", `archive ${n}`, `photo-${n}.jpg`));
  const page = await visit(t, { as: root, script: false });
  await page.goto("/console/empty?vault=plain");
  await page.getByLabel("Type the vault’s name").fill("plain");
  await page.getByRole("button", { name: "Empty the vault" }).click();
  for (let tries = 0; tries < 200 && (await page.getByText("Done:").count()) === 0; tries++) await page.goto("/console/empty?vault=plain");
  await page.getByText("30 archives deleted. The vault is empty.").waitFor();
  assert.equal(await count("plain"), 0);
});
