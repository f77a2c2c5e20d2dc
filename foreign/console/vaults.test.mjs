// Vaults: found, made and deleted; tags, notifications and the access policy of one; with scripts and without.

import assert from "node:assert/strict";
import { test } from "node:test";
import { account, allow, check, harness, long, median, parallel, region, root, timed } from "./harness.mjs";

const { server, visit } = await harness();
const { client } = server;

const refusal = async (promise) => promise.then(() => 200, (error) => error.status);

// many makes as many vaults as the other tests leave room for, once.
let made;
const many = () => (made ??= parallel(980, 16, (n) => client.createVault(`many-${String(n).padStart(3, "0")}`)));

for (const script of [true, false]) {
  const kind = script ? "with scripts" : "without";
  const name = script ? ".." : "plain";

  test(`a vault is made, described and deleted, ${kind}`, async (t) => {
    const page = await visit(t, { as: root, script });
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByRole("button", { name: "Create vault" }).click();
    await page.getByText(`The vault ${name} is there.`).waitFor();
    await page.getByText(`arn:aws:glacier:${region}:${account}:vaults/${name}`).waitFor();
    if (script) await check(page);

    await page.getByLabel("Type the vault's name to confirm").fill("another");
    await page.getByRole("button", { name: "Delete vault" }).click();
    await page.getByText("Nothing was done: what you typed is not the vault's name").waitFor();
    await page.getByLabel("Type the vault's name to confirm").fill(name);
    await page.getByRole("button", { name: "Delete vault" }).click();
    await page.getByText(`The vault ${name} is deleted.`).waitFor();
    assert.equal(await refusal(client.glacier("GET", ["vaults", name])), 404);
  });

  test(`tags are set, changed and removed, ${kind}`, async (t) => {
    const vault = `tags-${kind.split(" ")[0]}`;
    await client.createVault(vault);
    const tags = async () => (await client.glacier("GET", ["vaults", vault, "tags"])).body.Tags;
    const page = await visit(t, { as: root, script });
    await page.goto(`/console/vault?vault=${vault}`);
    await page.getByRole("link", { name: "Tags", exact: true }).click();
    for (const [key, value] of [["owner", "family"], ["cost", "private"]]) {
      await page.getByLabel("Key", { exact: true }).fill(key);
      await page.getByLabel("Value", { exact: true }).fill(value);
      await page.getByRole("button", { name: "Set tag" }).click();
      await page.getByText(`The tag ${key} is set.`).waitFor();
    }
    if (script) await check(page);
    await page.getByRole("link", { name: "Change tag owner" }).click();
    assert.equal(await page.getByLabel("Value", { exact: true }).inputValue(), "family");
    await page.getByLabel("Value", { exact: true }).fill("everybody");
    await page.getByRole("button", { name: "Set tag" }).click();
    await page.getByText("The tag owner is set.").waitFor();
    await page.getByLabel("Choose tag cost").check();
    await page.getByRole("button", { name: "Remove the chosen tags" }).click();
    await page.getByText("Removed: 1 tag.").waitFor();
    assert.deepEqual(await tags(), { owner: "everybody" });
  });

  test(`notifications are set and removed, ${kind}`, async (t) => {
    const vault = `told-${kind.split(" ")[0]}`;
    await client.createVault(vault);
    const topic = (await client.query("sns", "CreateTopic", { Name: vault }))("TopicArn");
    const page = await visit(t, { as: root, script });
    await page.goto(`/console/notifications?vault=${vault}`);
    await page.getByLabel("Topic", { exact: true }).selectOption(topic);
    await page.getByLabel("An inventory has ended").uncheck();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText(`${topic} is told from now on.`).waitFor();
    if (script) await check(page);
    const { body } = await client.glacier("GET", ["vaults", vault, "notification-configuration"]);
    assert.deepEqual(body, { Events: ["ArchiveRetrievalCompleted"], SNSTopic: topic });
    await page.getByLabel("Nobody is to be told").check();
    await page.getByRole("button", { name: "Remove notifications" }).click();
    await page.getByText("Nobody is told of this vault's jobs any more.").waitFor();
    assert.equal(await refusal(client.glacier("GET", ["vaults", vault, "notification-configuration"])), 404);
  });

  test(`an access policy is begun from a template, refused, set and removed, ${kind}`, async (t) => {
    const vault = `policy-${kind.split(" ")[0]}`;
    await client.createVault(vault);
    const page = await visit(t, { as: root, script });
    await page.goto(`/console/policy?vault=${vault}`);
    await page.getByRole("link", { name: "Another account may read" }).click();
    const field = page.getByLabel("Policy (JSON)");
    const text = await field.inputValue();
    assert.match(text, /"444455556666"/);

    allow(page, /^answer: 400 POST /, /^console: .*400/);
    await field.fill(`${text}\noops`);
    await page.getByRole("button", { name: "Set policy" }).click();
    await page.getByText("The specified vault access policy is invalid.").waitFor();
    assert.equal(await field.inputValue(), `${text}\noops`, "what was typed");
    if (script) await check(page);
    await field.fill(text);
    await page.getByRole("button", { name: "Check only" }).click();
    await page.getByText("Nothing is wrong with this policy.").waitFor();
    await page.getByRole("button", { name: "Set policy" }).click();
    await page.getByText("The access policy is in force.").waitFor();
    await page.getByRole("cell", { name: "account 444455556666" }).waitFor();
    if (script) await check(page);
    assert.equal((await client.glacier("GET", ["vaults", vault, "access-policy"])).body.Policy, text);
    await page.getByLabel("What it allows and forbids is to count no more").check();
    await page.getByRole("button", { name: "Remove policy" }).click();
    await page.getByText("The access policy is removed.").waitFor();
  });
}

for (const how of long ? [{}, { dark: true }, { narrow: true }] : [{}]) {
  test(`980 vaults are searched and paged ${JSON.stringify(how)}`, async (t) => {
    await many();
    const page = await visit(t, { as: root, ...how });
    await page.getByRole("searchbox").fill("MANY-1");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByText("100 vaults with").waitFor();
    assert.equal(await page.locator("tbody tr").count(), 50);
    await check(page);
    await page.getByRole("link", { name: "Next page" }).click();
    await page.getByRole("link", { name: "many-199" }).waitFor();
    await page.getByText("51 to 100 of 100").waitFor();
    await page.getByRole("link", { name: "Previous page" }).click();
    await page.getByRole("link", { name: "many-100" }).waitFor();
    const times = await timed(page, "/console/vaults?after=many-500");
    t.diagnostic(`a page in the middle of them takes ${median(times)} ms`);
  });
}
