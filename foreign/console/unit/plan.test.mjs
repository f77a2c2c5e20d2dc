import assert from "node:assert/strict";
import test from "node:test";
import { Rate, delay } from "../../../internal/console/assets/clock.js";
import { Memory } from "../../../internal/console/assets/memory.js";
import { LARGEST, describe, descriptionFault, lanes, partSize, refusal } from "../../../internal/console/assets/plan.js";
import { APIError, refusalOf } from "../../../internal/console/assets/transport.js";
import { MIB, Storage } from "./glacier.mjs";

const GIB = 1024 * MIB;

for (const [name, size, part, parallel] of [
  ["one byte", 1, 8 * MIB, 3],
  ["a thousand parts of 8 MiB", 8000 * MIB, 8 * MIB, 3],
  ["and a byte", 8000 * MIB + 1, 16 * MIB, 3],
  ["100 GiB", 100 * GIB, 32 * MIB, 3],
  ["ten thousand parts of 32 MiB", 320_000 * MIB, 32 * MIB, 3],
  ["and a byte more", 320_000 * MIB + 1, 64 * MIB, 3],
  ["1 TiB", 1024 * GIB, 128 * MIB, 2],
  ["2 TiB", 2048 * GIB, 256 * MIB, 1],
  ["10,000 GiB and a byte", 10_000 * GIB + 1, 2 * GIB, 1],
  ["the largest archive", LARGEST, 4 * GIB, 1],
]) {
  test(`part size: ${name}`, () => {
    assert.equal(partSize(size), part);
    assert.equal(lanes(part), parallel);
    assert.ok(Math.ceil(size / part) <= 10_000);
  });
}

test("the largest archive is 40,000 GiB", () => assert.equal(LARGEST, 40_000 * GIB));

test("sizes that are refused", () => {
  assert.match(refusal(0), /empty/);
  assert.match(refusal(LARGEST + 1), /40,000 GiB/);
  assert.equal(refusal(1) + refusal(LARGEST), "");
});

for (const [name, text, fault] of [
  ["nothing", "", /^$/],
  ["all of ASCII that is printable", "!\"#$%&'()*+,-./0:;<=>?@A[\\]^_`a{|} ~", /^$/],
  ["1,024 characters", "x".repeat(1024), /^$/],
  ["1,025 characters", "x".repeat(1025), /at most 1,024 characters. This one has 1025/],
  ["an umlaut", "Größe", /ASCII/],
  ["a tab", "a\tb", /ASCII/],
  ["DEL", "a\x7f", /ASCII/],
  ["a space before", " a", /space/],
  ["a space after", "a ", /space/],
]) {
  test(`description: ${name}`, () => assert.match(descriptionFault(text), fault));
}

for (const [name, file, want] of [
  ["plain name", "film 2.mkv", "film 2.mkv"],
  ["name with an umlaut", "Größe.txt", '{"Path":"Gr\\u00f6\\u00dfe.txt","UTCDateModified":"20100310T110623Z"}'],
  ["name with a quote and an emoji", '"\u{1f600}', '{"Path":"\\"\\ud83d\\ude00","UTCDateModified":"20100310T110623Z"}'],
  ["name that begins with a space", " a", '{"Path":" a","UTCDateModified":"20100310T110623Z"}'],
  ["name with a line feed and DEL", "a\nb\x7f", '{"Path":"a\\nb\\u007f","UTCDateModified":"20100310T110623Z"}'],
]) {
  test(`description of a file: ${name}`, () => {
    const got = describe({ name: file, lastModified: Date.UTC(2010, 2, 10, 11, 6, 23, 456) });
    assert.equal(got, want);
    assert.equal(descriptionFault(got), "");
    if (got !== file) assert.equal(JSON.parse(got).Path, file);
  });
}

test("waits double to a minute, have jitter, and obey a server up to five minutes", () => {
  assert.deepEqual([1, 2, 3, 6, 7, 30].map((tries) => delay(tries, 1)), [1000, 2000, 4000, 32_000, 60_000, 60_000]);
  assert.deepEqual([1, 7].map((tries) => delay(tries, 0)), [500, 30_000]);
  assert.equal(delay(1, 1, 20), 20_000);
  assert.equal(delay(1, 1, 86_400), 300_000);
});

test("rate over ten seconds, of a slow beginning and a fast end", () => {
  let now = 0;
  const rate = new Rate(() => now);
  for (; now < 20_000; now += 100) rate.add(now < 10_000 ? 100 : 1000);
  assert.ok(Math.abs(rate.perSecond() - 10_000) < 500, `${rate.perSecond()}`);
  now += 60_000;
  assert.ok(rate.perSecond() < 2000, "nothing came for a minute");
  rate.restart();
  assert.equal(rate.perSecond(), 0);
});

test("memory: kept, recalled for the same file only, forgotten", () => {
  const storage = new Storage();
  const memory = new Memory(storage, "arn:aws:iam::111122223333:root");
  const file = { name: "a", size: 5, lastModified: 7 };
  const upload = { uploadId: "u", begun: 1 };
  memory.keep("v", file, upload);
  assert.deepEqual(memory.recall("v", file), upload);
  for (const other of [{ ...file, name: "b" }, { ...file, size: 6 }, { ...file, lastModified: 8 }]) assert.equal(memory.recall("v", other), null);
  assert.equal(memory.recall("w", file), null);
  assert.equal(new Memory(storage, "arn:aws:iam::444455556666:root").recall("v", file), null, "another account's vault of the same name");
  memory.forget("v", file);
  assert.equal(memory.recall("v", file), null);
});

test("memory: says no names to who uses the browser next", () => {
  const storage = new Storage();
  new Memory(storage, "arn:aws:iam::111122223333:user/mallory").keep("secrets", { name: "plan.pdf", size: 4711, lastModified: 7 }, { uploadId: "u", begun: 1, description: "plan" });
  const all = storage.key(0) + storage.getItem(storage.key(0));
  for (const name of ["1111", "mallory", "secrets", "plan", "4711"]) assert.ok(!all.replace(/[0-9a-f]{64}/, "").includes(name), all);
});

test("memory: no more than 200, the oldest go, and what is not ours stays", () => {
  const storage = new Storage();
  storage.setItem("theme", "dark");
  const memory = new Memory(storage);
  const file = (size) => ({ name: "a", size, lastModified: 7 });
  for (let i = 250; i > 0; i--) memory.keep("v", file(i), { uploadId: "u", partSize: 1, description: "", begun: i });
  assert.equal(storage.length, 201);
  assert.equal(memory.recall("v", file(50)), null);
  assert.ok(memory.recall("v", file(51)));
});

test("memory: spoiled, full or missing storage", () => {
  const file = { name: "a", size: 5, lastModified: 7 };
  const storage = new Storage();
  const memory = new Memory(storage);
  memory.keep("v", file, { uploadId: "u", partSize: 1, description: "", begun: 1 });
  for (const bad of ["", "{", "null", "7", '{"uploadId":1}', '{"begun":1}']) {
    storage.setItem(storage.key(0), bad);
    assert.equal(memory.recall("v", file), null, bad);
  }
  const none = new Memory(null);
  none.keep("v", file, {});
  none.forget("v", file);
  assert.equal(none.recall("v", file), null);
});

const reply = (status, text, headers = {}) => refusalOf({ status, header: (name) => headers[name] ?? null, text });

for (const [name, error, want] of [
  ["the API's", reply(403, '{"code":"AccessDeniedException","message":"No.","type":"Client"}'), "AccessDeniedException: No."],
  ["throttled", reply(400, '{"code":"ThrottlingException","message":"Rate exceeded","type":"Client"}'), "ThrottlingException: Rate exceeded, temporary"],
  ["a proxy's 502", reply(502, "<html>", { "Retry-After": "7" }), ": The server answered 502., temporary, after 7"],
  ["a proxy's 413", reply(413, "<html>"), ": Something between this browser and Firn does not let a request of this size through (413)."],
  ["timeout", reply(408, '{"code":"RequestTimeoutException","message":"Request timed out.","type":"Client"}'), "RequestTimeoutException: Request timed out., temporary"],
  ["429", reply(429, ""), ": The server answered 429., temporary"],
  ["session over", reply(401, '{"code":"Console","message":"Sign in.","type":"Client"}'), ": The session has ended., session"],
  ["the console's, of another session", reply(403, '{"code":"Console","message":"This request is of another session.","type":"Client"}'), ": This request is of another session., session"],
  ["the console's, of something else", reply(400, '{"code":"Console","message":"No.","type":"Client"}'), ": No."],
  ["token of another session", reply(403, "null"), ": The session of this page has ended., session"],
  ["no connection", new APIError(0, "", "Broke."), ": Broke., temporary"],
]) {
  test(`refusal: ${name}`, () => {
    let got = `${error.code}: ${error.message}`;
    if (error.temporary) got += ", temporary";
    if (error.ofSession) got += ", session";
    if (error.retryAfter) got += `, after ${error.retryAfter}`;
    assert.equal(got, want);
  });
}
