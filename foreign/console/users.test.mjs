// Users: made, given rights and keys, and deleted; with JavaScript and without.

import assert from "node:assert/strict";
import { test } from "node:test";
import { allow, axe, check, harness, looks, root, signIn } from "./harness.mjs";

const { server, visit } = await harness();
const { client } = server;
await client.createVault("photos");

const users = async () => (await client.request("POST", "/", {
  service: "iam", body: "Action=ListUsers&Version=2010-05-08", headers: { "content-type": "application/x-www-form-urlencoded" },
})).body.toString();

// secrets takes the key that a page shows once.
async function shown(page) {
  await page.getByText("This is the only time that the secret is shown.").waitFor();
  const text = (name) => page.locator(`pre[aria-label="${name}"]`).innerText();
  return { id: await text("Access key id"), secret: await text("Secret access key") };
}

for (const [how, options] of looks({ "with JavaScript": {}, "in the dark": { dark: true }, "without JavaScript": { script: false } })) {
  test(`a user from first to last, ${how}`, async (t) => {
    const name = `anna-${how.split(" ").at(-1)}`;
    const page = await visit(t, { as: root, ...options });
    page.on("dialog", (dialog) => dialog.accept());
    await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: "Users" }).click();
    await page.getByRole("textbox", { name: "Name", exact: true }).fill(name);
    await page.getByRole("button", { name: "Create user" }).click();
    await page.getByText(`The user ${name} is there.`).waitFor();

    await page.getByLabel("Attach", { exact: true }).selectOption("AmazonGlacierReadOnlyAccess");
    await page.getByRole("button", { name: "Attach policy" }).click();
    await page.getByText("The policy is attached.").waitFor();

    await page.getByRole("link", { name: "Write a policy" }).click();
    await page.getByLabel("Name").fill("users");
    await page.getByLabel("Policy, as JSON").fill('{"Version": "2012-10-17", "Statement": [oops');
    allow(page, /^answer: 400 POST .*user-policy/);
    await page.getByRole("button", { name: "Create policy" }).click();
    await page.getByRole("alert").getByText("The policy is not valid").waitFor();
    assert.match(await page.getByLabel("Policy, as JSON").inputValue(), /oops/);
    await page.getByLabel("Policy, as JSON").fill('{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:List*","Resource":"*"}}');
    await page.getByRole("button", { name: "Create policy" }).click();
    await page.getByText("The policy users is set.").waitFor();

    await page.getByRole("button", { name: "Create access key" }).click();
    const first = await shown(page);
    if (options.script !== false) await axe(page);
    await page.getByRole("link", { name: /^Back to/ }).click();
    assert.ok(!(await page.content()).includes(first.secret));

    const anna = await visit(t, { as: first });
    await anna.getByRole("link", { name: "photos" }).waitFor();
    assert.deepEqual(await anna.getByRole("navigation", { name: "Console" }).getByRole("link").allInnerTexts(),
      ["Vaults", "Jobs", "Users", "Capacity", "System"]);

    await page.getByRole("link", { name: `Rotate ${first.id}` }).click();
    if (options.script !== false) await axe(page);
    await page.getByRole("button", { name: "Rotate key" }).click();
    const second = await shown(page);
    await page.getByText(`The key ${first.id} is disabled now.`).waitFor();
    await anna.reload();
    await anna.getByLabel("Access key id").waitFor();
    await signIn(anna, second);

    await page.getByRole("link", { name: /^Back to/ }).click();
    await page.getByRole("link", { name: `Delete ${first.id}` }).click();
    await page.getByRole("button", { name: "Delete key" }).click();
    await page.getByText(`The key ${first.id} is deleted.`).waitFor();

    await page.getByRole("link", { name: "Delete user" }).click();
    await page.getByText(second.id).waitFor();
    await page.getByLabel("Type the user’s name").fill(name.slice(1));
    await page.getByRole("button", { name: `Delete user ${name}` }).click();
    await page.getByRole("alert").getByText("Nothing was done").waitFor();
    await page.getByLabel("Type the user’s name").fill(name);
    await page.getByRole("button", { name: `Delete user ${name}` }).click();
    await page.getByText(`The user ${name} is deleted.`).waitFor();
    assert.ok(!(await users()).includes(name));
    await anna.reload();
    await anna.getByLabel("Access key id").waitFor();
  });
}

for (const script of [true, false]) {
  test(`root's last key takes more than a click, ${script ? "with" : "without"} JavaScript`, async (t) => {
    const page = await visit(t, { as: root, script });
    await page.goto("/console/user");
    await page.getByRole("link", { name: `Disable ${root.id}` }).click();
    await page.getByText("Nobody can get into this account as its root any more").waitFor();
    if (script) await check(page);
    await page.getByLabel("Type the key’s id").fill("root");
    await page.getByRole("button", { name: "Disable key" }).click();
    await page.getByRole("alert").getByText("Nothing was done").waitFor();
    await page.goto("/console/user");
    assert.equal(await page.getByText("disabled", { exact: true }).count(), 0);
  });
}

test("a policy that somebody else has changed is not replaced unseen", async (t) => {
  await client.createUser("bert");
  const set = (action) => client.query("iam", "PutUserPolicy", {
    UserName: "bert", PolicyName: "own",
    PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", Action: action, Resource: "*" } }),
  });
  await set("glacier:ListVaults");
  const page = await visit(t, { as: root });
  await page.goto("/console/user-policy?user=bert&policy=own");
  await set("glacier:ListJobs");
  const text = page.getByLabel("Policy, as JSON");
  await text.fill((await text.inputValue()).replace("ListVaults", "DescribeVault"));
  allow(page, /^answer: 409 POST .*user-policy/);
  await page.getByRole("button", { name: "Save policy" }).click();
  await page.getByRole("alert").getByText("somebody else has changed the policy").waitFor();
  assert.ok(await page.getByRole("alert").evaluate((alert) => alert === document.activeElement));
  assert.match(await page.getByLabel("What is there now").innerText(), /ListJobs/);
  assert.match(await text.inputValue(), /DescribeVault/);
  await check(page);
  await page.getByRole("button", { name: "Save policy" }).click();
  await page.getByText("The policy own is set.").waitFor();
  await page.getByRole("link", { name: "Delete policy own" }).click();
  await check(page);
  await page.getByRole("button", { name: "Delete policy" }).click();
  await page.getByText("The policy own is deleted.").waitFor();
});

test("an account is made and deleted", async (t) => {
  const page = await visit(t, { as: root });
  await page.goto("/console/users");
  const number = await page.getByLabel("Number", { exact: true }).inputValue();
  await page.getByLabel("Name, for people").fill("Tapes");
  await page.getByRole("button", { name: "Create account" }).click();
  const key = await shown(page);
  const other = await visit(t, { as: key });
  await other.getByText("There is no vault yet").waitFor();
  await other.goto("/console/users");
  assert.equal(await other.getByText("Accounts of this server").count(), 0);
  await page.goto("/console/users");
  await page.getByRole("rowheader", { name: number }).waitFor();
  await page.getByLabel("Number of the account to delete").fill(number);
  await page.getByRole("button", { name: "Delete account" }).click();
  await page.getByText(`The account ${number} is deleted.`).waitFor();
});
