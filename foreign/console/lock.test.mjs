// The lock of a vault: begun, tried, aborted, and completed for good; with scripts and without.

import assert from "node:assert/strict";
import { test } from "node:test";
import { allow, check, harness, root } from "./harness.mjs";

const { server, visit } = await harness();
const { client } = server;

const state = async (vault) => client.glacier("GET", ["vaults", vault, "lock-policy"]).then(({ body }) => body.State, () => "none");

for (const script of [true, false]) {
  const kind = script ? "with scripts" : "without";
  const vault = script ? "scripted" : "plain";

  test(`a lock is begun, tried, aborted, begun again and completed, ${kind}`, async (t) => {
    await client.createVault(vault);
    const archive = await client.upload(vault, "young");
    const page = await visit(t, { as: root, script });
    await page.goto(`/console/vault?vault=${vault}`);
    await page.getByRole("link", { name: "Lock", exact: true }).click();
    await page.getByText("This vault has no lock.").waitFor();
    if (script) await check(page);

    const begin = async () => {
      await page.getByRole("link", { name: "Keep each archive for a year", exact: true }).click();
      await page.getByRole("button", { name: "Check only" }).click();
      await page.getByText("Nothing is wrong with this policy.").waitFor();
      assert.equal(await state(vault), "none");
      await page.getByRole("button", { name: /^Begin lock/ }).click();
      await page.getByRole("heading", { name: /^In progress: 23 h 59 min/ }).waitFor();
      assert.equal(await state(vault), "InProgress");
    };
    await begin();
    if (script) await check(page);
    await page.getByLabel("Take this lock back").check();
    await page.getByRole("button", { name: "Abort lock" }).click();
    await page.getByText("The lock is aborted").waitFor();
    assert.equal(await state(vault), "none");
    await begin();

    // Tried: by age, and with an archive that is there.
    await page.getByRole("link", { name: "Test the lock" }).click();
    for (const [field, value, want] of [
      ["For an archive of so many days", "364", "root may not delete an archive, 364 days old. The lock forbids it, by keep-365-days."],
      ["For an archive of so many days", "365", "root may delete an archive, 365 days old."],
      ["Or for the archive with this id", archive, "root may not delete an archive, 0 days old."],
    ]) {
      await page.getByLabel("For an archive of so many days").fill("");
      await page.getByLabel(field).fill(value);
      await page.getByRole("button", { name: "Ask" }).click();
      await page.getByText(want).waitFor();
    }
    if (script) await check(page);
    await assert.rejects(client.glacier("DELETE", ["vaults", vault, "archives", archive]), /explicit deny in a vault lock policy/, "the test has told the truth");

    // Completed: not without the name and the box.
    await page.getByRole("navigation", { name: "The way here" }).getByRole("link", { name: "Lock" }).click();
    await page.getByRole("link", { name: /^Complete the lock/ }).click();
    await page.getByRole("heading", { name: "This cannot be undone. Ever." }).waitFor();
    if (script) await check(page);
    await page.getByLabel("Type the vault's name").fill("another");
    await page.getByLabel("I have read what becomes final").check();
    await page.getByRole("button", { name: "Lock this vault for good" }).click();
    await page.getByText("Nothing was done: what you typed is not the vault's name").waitFor();
    await page.getByLabel("Type the vault's name").fill(vault);
    await page.getByRole("button", { name: "Lock this vault for good" }).click(); // the browser wants the box
    assert.equal(await state(vault), "InProgress");
    await page.getByLabel("I have read what becomes final").check();
    await page.getByRole("button", { name: "Lock this vault for good" }).click();
    await page.getByText("This vault is locked, for good.").waitFor();
    assert.equal(await state(vault), "Locked");
    if (script) await check(page);
    assert.equal(await page.getByRole("button", { name: "Abort lock" }).count(), 0);
  });
}

test("the time that is left runs down, by the server's clock", async (t) => {
  await client.createVault("running");
  const keep = { Sid: "k", Effect: "Deny", Principal: "*", Action: "glacier:DeleteArchive", Resource: "arn:aws:glacier:us-east-1:*:vaults/running" };
  await client.lock("running", { Version: "2012-10-17", Statement: [keep] }, false);
  const page = await visit(t, { as: root });
  await page.clock.install({ time: new Date("2001-02-03T04:05:06Z") }); // the visitor's own is wrong
  await page.goto("/console/lock?vault=running");
  const left = page.locator("h2 time.countdown");
  await left.filter({ hasText: /^23 h 59 min \d+ s$/ }).waitFor();
  await page.clock.runFor("10:00:00");
  await left.filter({ hasText: /^13 h 59 min \d+ s$/ }).waitFor();
  await page.clock.runFor("15:00:00");
  await left.filter({ hasText: /^no time$/ }).waitFor();
});

test("the time that is left runs down while the computer sleeps", async (t) => {
  await client.createVault("asleep");
  const keep = { Sid: "k", Effect: "Deny", Principal: "*", Action: "glacier:DeleteArchive", Resource: "arn:aws:glacier:us-east-1:*:vaults/asleep" };
  await client.lock("asleep", { Version: "2012-10-17", Statement: [keep] }, false);
  const page = await visit(t, { as: root });
  await page.addInitScript(() => {
    const now = Date.now; // as after a sleep: the clock has gone on, and performance.now() has not
    window.sleep = (ms) => (Date.now = () => now() + ms);
  });
  await page.goto("/console/lock?vault=asleep");
  const left = page.locator("h2 time.countdown");
  await left.filter({ hasText: /^23 h 59 min \d+ s$/ }).waitFor();
  await page.evaluate(() => window.sleep(10 * 3600_000));
  await left.filter({ hasText: /^13 h 59 min \d+ s$/ }).waitFor();
});

test("what one tab shows is not done to the lock that another has begun", async (t) => {
  await client.createVault("two-tabs");
  const first = await visit(t, { as: root });
  await first.goto("/console/lock?vault=two-tabs&template=year");
  await first.getByRole("button", { name: /^Begin lock/ }).click();
  await first.getByRole("link", { name: /^Complete the lock/ }).click();
  await first.getByText("is less than 365").waitFor();
  const tab = await first.context().newPage();
  await tab.goto("/console/lock?vault=two-tabs");
  await tab.getByLabel("Take this lock back").check();
  await tab.getByRole("button", { name: "Abort lock" }).click();
  await tab.goto("/console/lock?vault=two-tabs&template=year");
  const field = tab.getByLabel("Policy (JSON)");
  await field.fill((await field.inputValue()).replaceAll('"365"', '"36500"'));
  await tab.getByRole("button", { name: /^Begin lock/ }).click();
  await tab.getByText("is less than 36500").waitFor();
  await first.getByLabel("Type the vault's name").fill("two-tabs");
  await first.getByLabel("I have read what becomes final").check();
  await first.getByRole("button", { name: "Lock this vault for good" }).click();
  await first.getByText("the lock is another one than the page showed. Read it again.").waitFor();
  await first.getByText("is less than 36500").waitFor();
  assert.equal(await state("two-tabs"), "InProgress");
  await tab.close();
});

test("who leaves a policy that he has typed is asked, and what a lost session would lose is shown", async (t) => {
  await client.createVault("typed");
  const page = await visit(t, { as: root });
  let asked = 0;
  page.on("dialog", (dialog) => {
    asked++;
    return dialog.dismiss();
  });
  const field = page.getByLabel("Policy (JSON)");
  await page.goto("/console/policy?vault=typed");
  await page.getByRole("link", { name: "Another account may read" }).click();
  await page.waitForURL(/template=read/);
  assert.equal(asked, 0, "nothing was typed");
  await field.fill("{\n  mine\n}");
  await page.getByRole("link", { name: "Only one user may delete" }).click({ noWaitAfter: true });
  while (!asked) await page.waitForTimeout(50);
  assert.equal(await field.inputValue(), "{\n  mine\n}");

  allow(page, /^answer: 403 POST /, /^console: .*403/, /^answer: 400 POST /, /^console: .*400/);
  await page.context().clearCookies(); // the session is over
  await page.getByRole("button", { name: "Set policy" }).click();
  await page.getByText("The session has ended. Nothing was done with what you typed.").waitFor();
  assert.equal(asked, 1, "a form that is sent off is not lost");
  assert.equal(await page.getByLabel("policy", { exact: true }).inputValue(), "{\n  mine\n}");
  await check(page);
  const [tab] = await Promise.all([page.waitForEvent("popup"), page.getByRole("link", { name: "Sign in again" }).click()]);
  await tab.getByLabel(/access key id/i).waitFor();
  await tab.close();
});

for (const how of [{ dark: true, narrow: true }]) {
  test(`the pages of a lock ${JSON.stringify(how)}`, async (t) => {
    const vault = how.dark ? "dark" : "narrow";
    await client.createVault(vault);
    const page = await visit(t, { as: root, ...how });
    await page.goto(`/console/lock?vault=${vault}&template=both`);
    await check(page);
    allow(page, /^answer: 400 /);
    await page.getByLabel("Policy (JSON)").fill("{\n  \"Version\": oops\n}");
    await page.getByRole("button", { name: /^Begin lock/ }).click();
    await page.getByText("The specified vault lock policy is invalid.").waitFor();
    await page.getByText("line 2, character").waitFor();
    await page.getByRole("link", { name: "Keep while a tag says so", exact: true }).click();
    await page.getByRole("button", { name: /^Begin lock/ }).click();
    await page.getByText("The lock's id, without which").waitFor();
    await check(page);
    await page.getByRole("link", { name: /^Complete the lock/ }).click();
    await check(page);
    await page.getByRole("link", { name: "test it first" }).click();
    await page.getByLabel("These instead").check();
    await page.getByLabel("Tags, one to a line").fill("LegalHold=true");
    await page.getByRole("button", { name: "Ask" }).click();
    await page.getByText("The lock forbids it, by legal-hold.").waitFor();
    await check(page);
  });
}

test("the id of a lock that another session has begun is asked for", async (t) => {
  await client.createVault("begun-elsewhere");
  const keep = { Sid: "k", Effect: "Deny", Principal: "*", Action: "glacier:DeleteArchive", Resource: "arn:aws:glacier:us-east-1:*:vaults/begun-elsewhere" };
  const id = await client.lock("begun-elsewhere", { Version: "2012-10-17", Statement: [keep] }, false);
  const page = await visit(t, { as: root });
  await page.goto("/console/lock-complete?vault=begun-elsewhere");
  await page.getByLabel("The lock's id").fill(id);
  await page.getByLabel("Type the vault's name").fill("begun-elsewhere");
  await page.getByLabel("I have read what becomes final").check();
  await page.getByRole("button", { name: "Lock this vault for good" }).click();
  await page.getByText("This vault is locked, for good.").waitFor();
});
