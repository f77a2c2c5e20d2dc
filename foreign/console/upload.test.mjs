// Files go into a vault from the browser: small and large ones, through a connection that breaks, a page that is closed, and a server
// that is killed. What has arrived is compared with the file's own hashes.

import assert from "node:assert/strict";
import { createHash, randomFillSync } from "node:crypto";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { allow, check, harness, long, root, signIn } from "./harness.mjs";

const MIB = 1 << 20;
const { server, visit } = await harness();
const { client } = server;
const work = mkdtempSync(join(tmpdir(), "firn-console-"));
after(() => rmSync(work, { recursive: true, force: true }));

const sha256 = (...pieces) => pieces.reduce((hash, piece) => hash.update(piece), createHash("sha256")).digest();

// file makes one of so many MiB and some bytes of noise, a MiB at a time, and returns {path, size, tree}.
function file(name, mebibytes, more = 0) {
  const path = join(work, name);
  const to = openSync(path, "w");
  const block = Buffer.alloc(MIB);
  let level = [];
  for (let n = 0; n <= mebibytes; n++) {
    const piece = n < mebibytes ? block : block.subarray(0, more);
    if (piece.length === 0) continue;
    randomFillSync(piece);
    writeSync(to, piece);
    level.push(sha256(piece));
  }
  closeSync(to);
  while (level.length > 1) level = level.flatMap((_, i) => (i % 2 ? [] : [i + 1 < level.length ? sha256(level[i], level[i + 1]) : level[i]]));
  return { path, size: mebibytes * MIB + more, tree: level[0].toString("hex") };
}

// inventory is what a vault has, by description.
async function inventory(vault) {
  const id = await client.job(vault, { Type: "inventory-retrieval" });
  await client.finished(vault, id);
  const { body } = await client.glacier("GET", ["vaults", vault, "jobs", id, "output"]);
  return Object.fromEntries(body.ArchiveList.map((archive) => [archive.ArchiveDescription, archive]));
}

const uploads = async (vault) => (await client.glacier("GET", ["vaults", vault, "multipart-uploads"])).body.UploadsList;

// open is a page for uploads to a vault of this name, which is made.
async function open(t, vault) {
  await client.createVault(vault);
  const page = await visit(t, { as: root });
  await page.goto(`/console/upload?vault=${vault}`);
  return page;
}

const choose = (page, ...paths) => page.getByLabel("Drop files here, or choose them").setInputFiles(paths);
const row = (page, name) => page.getByRole("listitem").filter({ hasText: name });
const stored = (page, name, timeout = 60_000) => row(page, name).getByText("Stored as archive").waitFor({ timeout });

// arrived waits until a row has sent so many percent.
const arrived = (page, percent) => page.waitForFunction((n) => document.querySelector("progress").value >= n / 100, percent, { timeout: 120_000 });

// matches compares an archive with its file.
function matches(archive, { size, tree }) {
  assert.equal(archive?.Size, size);
  assert.equal(archive.SHA256TreeHash, tree);
}

test("small files and one in parts, with a description", async (t) => {
  const page = await open(t, "..");
  const small = file("small.txt", 0, 1);
  const parts = file("parts.bin", 20, 5);
  await choose(page, small.path);
  await stored(page, "small.txt");
  await page.getByLabel("Description").fill("in <b>parts</b>");
  await choose(page, parts.path);
  await stored(page, "parts.bin");
  await check(page);
  const got = await inventory("..");
  matches(got["small.txt"], small);
  matches(got["in <b>parts</b>"], parts);
  assert.deepEqual(await uploads(".."), []);
});

test("files are dropped", async (t) => {
  const page = await open(t, "dropped");
  const held = await page.evaluateHandle(() => {
    const all = new DataTransfer();
    for (const name of ["one.txt", "two.txt"]) all.items.add(new File([`bytes of ${name}`], name));
    return all;
  });
  const area = page.locator("[data-upload-drop]");
  await area.dispatchEvent("dragover", { dataTransfer: held });
  await page.locator("[data-upload-drop][data-over]").waitFor();
  await area.dispatchEvent("drop", { dataTransfer: held });
  await stored(page, "one.txt");
  await stored(page, "two.txt");
  assert.deepEqual(Object.keys(await inventory("dropped")).sort(), ["one.txt", "two.txt"]);
});

test("what cannot be stored is told", async (t) => {
  const page = await open(t, "refusals");
  writeFileSync(join(work, "empty.txt"), "");
  await choose(page, join(work, "empty.txt"));
  await row(page, "empty.txt").getByText("Not stored.").waitFor();
  await page.getByLabel("Description").fill("ünprintable");
  await choose(page, file("named.txt", 0, 10).path);
  await page.getByRole("alert").getByText(/ASCII|printable/).waitFor();
  assert.equal((await client.glacier("GET", ["vaults", "refusals"])).body.NumberOfArchives, 0);
});

test("1 GiB through a connection that breaks, and a pause", async (t) => {
  const page = await open(t, "film");
  allow(page, /ERR_INTERNET_DISCONNECTED/, /ERR_NETWORK_CHANGED/, /ERR_FAILED/, /ERR_ABORTED/);
  const film = file("film.mkv", 1024);
  await choose(page, film.path);
  await arrived(page, 10);
  await page.context().setOffline(true);
  await row(page, "film.mkv").getByText(/connection|offline|network/i).waitFor();
  await page.context().setOffline(false);
  await arrived(page, 30);
  await page.getByRole("button", { name: "Pause film.mkv" }).click();
  await row(page, "film.mkv").getByText("Paused.").waitFor();
  await check(page);
  await page.getByRole("button", { name: "Resume film.mkv" }).click();
  await stored(page, "film.mkv", 240_000);
  matches((await inventory("film"))["film.mkv"], film);
});

test("an upload outlives its page, and the server's kill", async (t) => {
  const page = await open(t, "resumed");
  allow(page, /ERR_/, /^answer: 401 /); // the server is gone for a moment, and has forgotten the session
  const data = file("resumed.bin", long ? 1024 : 160);
  await choose(page, data.path);
  await arrived(page, 30);
  await server.kill();
  await server.start();
  await row(page, "resumed.bin").getByText(/Paused\..*session/).waitFor({ timeout: 60_000 });
  const [begun] = await uploads("resumed");
  const parts = async () => (await client.glacier("GET", ["vaults", "resumed", "multipart-uploads", begun.MultipartUploadId])).body.Parts;
  const before = (await parts()).length;
  assert.ok(before > 0, "no part had arrived");

  await page.close({ runBeforeUnload: false });
  const next = await visit(t, { as: root });
  let sent = 0;
  next.on("request", (request) => (sent += request.method() === "PUT" ? 1 : 0));
  await next.goto("/console/upload?vault=resumed");
  await next.getByRole("link", { name: "Go on with resumed.bin" }).click();
  await next.getByText("Choose the file with which this upload was begun.").waitFor(); // the page before it has the same field
  await choose(next, data.path);
  await stored(next, "resumed.bin", 240_000);
  matches((await inventory("resumed"))["resumed.bin"], data);
  const partSize = begun.PartSizeInBytes;
  assert.equal(sent, Math.ceil(data.size / partSize) - before, "what had arrived was sent again");
  assert.deepEqual(await uploads("resumed"), []);
});

test("without scripts there is a word about it, and unfinished uploads can be given up", async (t) => {
  await client.createVault("plain");
  await client.glacier("POST", ["vaults", "plain", "multipart-uploads"], { headers: { "x-amz-part-size": String(MIB), "x-amz-archive-description": "half" } });
  const page = await visit(t, { script: false });
  await signIn(page, root);
  await page.goto("/console/upload?vault=plain");
  assert.match(await page.content(), /<noscript><p>Uploading here needs JavaScript\./); // Chromium shows it, and Playwright does not see it
  await page.getByRole("checkbox", { name: "Really give up half" }).check();
  await page.getByRole("button", { name: "Give up half" }).click();
  await page.getByText("The upload was given up, and its parts are gone.").waitFor();
  assert.deepEqual(await uploads("plain"), []);
});
