// Queries in Chromium: the editor, its refusals, and the result as a table.

import assert from "node:assert/strict";
import { test } from "node:test";
import { allow, axe, check, fits, harness, root } from "./harness.mjs";

const { server, visit } = await harness();
const { client } = server;
await client.createVault("reports");
const rows = Array.from({ length: 300 }, (_, n) => `person ${n},${n},"Bergen, by the sea"\n`);
const archive = await client.upload("reports", `name,age,city\n${rows.join("")}`, "people.csv");
const editor = `/console/select?vault=reports&archive=${encodeURIComponent(archive)}`;

for (const script of [true, false]) {
  test(`an archive is asked ${script ? "with" : "without"} JavaScript`, async (t) => {
    const page = await visit(t, { as: root, script });
    await page.goto(editor);
    assert.equal(await page.getByLabel("Archive id").inputValue(), archive);
    await page.getByLabel("Query", { exact: true }).fill("SELECT s.name, s.city\nFROM archive s\nWHERE s.age >= 10");
    await page.getByLabel("names the columns").check();
    await page.getByLabel("Expedited").check();
    if (script) await check(page);
    await page.getByRole("button", { name: "Start the query" }).click();
    await page.getByText("The query has been started.").waitFor();
    await client.finished("reports", new URL(page.url()).searchParams.get("job"));
    if (!script) await page.reload();
    await page.getByRole("cell", { name: "person 10", exact: true }).waitFor();
    await page.getByText("The first 200 rows. The download has all.").waitFor();
    assert.equal(await page.getByRole("cell", { name: "Bergen, by the sea" }).count(), 200);
    if (script) await check(page);
    const coming = page.waitForEvent("download");
    await page.getByRole("link", { name: /^Download/ }).click();
    assert.equal((await coming).suggestedFilename(), "reports-query.csv");
  });
}

test("a query that is wrong comes back as it was typed, with the caret where it is wrong", async (t) => {
  const page = await visit(t, { as: root });
  allow(page, /^answer: 400 POST .*\/console\/select/);
  await page.goto(editor);
  const query = page.getByLabel("Query", { exact: true });
  const typed = "SELECT '😀', s._1\nFROM archive s\nWHERE '😀ü' = NOPE(s._2)";
  await query.fill(typed);
  await page.getByLabel("Bulk").check();
  await page.getByText("How the archive is written").click();
  await page.getByLabel("Between fields (,)").fill(";");
  await page.getByRole("button", { name: "Start the query" }).click();
  await page.getByRole("alert").waitFor();
  assert.equal(await query.inputValue(), typed);
  assert.ok(await page.getByLabel("Bulk").isChecked());
  assert.equal(await page.getByLabel("Between fields (,)").inputValue(), ";");
  assert.equal(await page.locator("mark").textContent(), "N");
  const marked = await query.evaluate((e) => [document.activeElement === e, e.value.slice(e.selectionStart, e.selectionStart + 4)]);
  assert.deepEqual(marked, [true, "NOPE"]);
  await axe(page);
});

test("an example takes the place of the query, and can be taken back", async (t) => {
  const page = await visit(t, { as: root });
  await page.goto(editor);
  const query = page.getByLabel("Query", { exact: true });
  await query.fill("SELECT mine FROM archive");
  await page.getByText("Examples").click();
  await page.getByRole("link", { name: /Columns by name/ }).click();
  assert.match(await query.inputValue(), /WHERE city LIKE/);
  assert.ok(await page.getByLabel("names the columns").isChecked());
  await page.keyboard.press("Control+z");
  assert.equal(await query.inputValue(), "SELECT mine FROM archive");
  await axe(page);
});

test("a query that fails is explained, and changed", async (t) => {
  const page = await visit(t, { as: root });
  await page.goto(editor);
  await page.getByLabel("Query", { exact: true }).fill("SELECT CAST(s.city AS INT)\nFROM archive s");
  await page.getByLabel("names the columns").check();
  await page.keyboard.press("Tab");
  await page.getByLabel("Query", { exact: true }).press("Control+Enter");
  await page.getByText("Why it failed").waitFor();
  await page.getByText(/CastFailed: .* in record 2\./).waitFor();
  await check(page);
  await page.getByRole("link", { name: "Change the query" }).click();
  assert.equal(await page.getByLabel("Archive id").inputValue(), archive);
  assert.match(await page.getByLabel("Query", { exact: true }).inputValue(), /^SELECT CAST/);
});

test("the editor and a result, on a phone and in the dark", async (t) => {
  const page = await visit(t, { as: root, narrow: true, dark: true });
  await page.goto(editor);
  await axe(page);
  await fits(page);
  await page.getByRole("button", { name: "Start the query" }).click();
  await page.getByText("That is all: 10 rows.").waitFor();
  await axe(page);
  await fits(page);
});
