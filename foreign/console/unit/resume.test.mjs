import assert from "node:assert/strict";
import test from "node:test";
import { MIB, fileOf, pattern, refusing, surroundings, treeOf } from "./glacier.mjs";

const PART = 8 * MIB;
const data = pattern(5 * PART + 9); // six parts
const sent = (glacier) => glacier.calls.filter((call) => call.startsWith("part")).map((call) => Number(call.slice(5)) / PART);

// interrupted has parts of an upload in Glacier that is remembered, as after a page was closed.
async function interrupted(...numbers) {
  const s = surroundings();
  s.glacier.trouble = (call) => call.startsWith("part") && refusing(403, "AccessDeniedException", "No.")();
  await s.begin(fileOf(data)).start();
  for (const n of numbers) s.glacier.uploads.get("upload-1").parts.set(n * PART, part(n));
  s.glacier.trouble = () => {};
  s.glacier.calls = [];
  return s;
}

const part = (n, salt = 0) => {
  const bytes = salt ? pattern(PART, salt) : data.slice(n * PART, (n + 1) * PART);
  return { data: bytes, tree: treeOf(bytes) };
};

const stored = (s, upload) => {
  assert.deepEqual([upload.state, upload.note, s.glacier.archives.length], ["done", "", 1]);
  assert.ok(Buffer.from(data).equals(s.glacier.archives[0].data));
  assert.equal(s.storage.length, 0);
};

test("the same file, chosen again: three pages of parts, and only what is missing is sent", async () => {
  const s = await interrupted(0, 1, 2, 4, 5);
  const upload = s.begin(fileOf(data));
  await upload.start();
  stored(s, upload);
  assert.deepEqual(s.glacier.calls, ["list", "list", "list", "part 25165824", "complete"]);
  const { kept, sent: bytes, hashed } = upload.progress;
  assert.deepEqual([kept, bytes, hashed], [data.length - PART, PART, data.length]);
});

test("all parts were there", async () => {
  const s = await interrupted(0, 1, 2, 3, 4, 5);
  const upload = s.begin(fileOf(data));
  await upload.start();
  stored(s, upload);
  assert.deepEqual(sent(s.glacier), []);
});

test("a part that is another's, and one that is short, are sent again", async () => {
  const s = await interrupted(0, 1, 2, 3);
  const { parts } = s.glacier.uploads.get("upload-1");
  parts.set(PART, part(1, 99));
  parts.set(2 * PART, { data: data.slice(2 * PART, 2 * PART + 7), tree: treeOf(data.slice(2 * PART, 2 * PART + 7)) });
  const upload = s.begin(fileOf(data));
  await upload.start();
  stored(s, upload);
  assert.deepEqual(sent(s.glacier).toSorted(), [1, 2, 4, 5]);
});

for (const [name, file] of [
  ["name", fileOf(data, "other.mkv")],
  ["time", new File([data], "film.mkv", { lastModified: 5 })],
]) {
  test(`another file is another upload: other ${name}`, async () => {
    const s = await interrupted(0);
    await s.begin(file).start();
    assert.equal(s.glacier.calls[0], "initiate");
  });
}

for (const [name, when] of [
  ["before the file was chosen again", "list"],
  ["while parts are sent", "part 16777216"],
  ["at the end", "complete"],
]) {
  test(`the upload expired ${name}: it begins anew`, async () => {
    const s = await interrupted(0, 1);
    s.glacier.trouble = (call) => {
      if (call === when) s.glacier.uploads.set("upload-1", undefined);
    };
    const upload = s.begin(fileOf(data));
    await upload.start();
    assert.deepEqual([upload.state, upload.uploadId], ["done", "upload-2"]);
    stored(s, upload);
    assert.deepEqual([upload.progress.sent, upload.progress.hashed, upload.progress.kept], [data.length, data.length, 0]);
  });
}

test("uploads that are gone again and again end it, with the API's words", async () => {
  const s = surroundings();
  s.glacier.trouble = (call) => call === "part 0" && refusing(404, "ResourceNotFoundException", "The upload ID was not found: x")();
  const upload = s.begin(fileOf(data));
  await upload.start();
  assert.deepEqual([upload.state, upload.note], ["failed", "The upload ID was not found: x"]);
  assert.equal(s.glacier.calls.filter((call) => call === "initiate").length, 4);
});

test("a description typed this time: the one it began with stays, and that is said", async () => {
  const s = await interrupted(0);
  const upload = s.begin(fileOf(data), { description: "other" });
  let note = "";
  upload.addEventListener("change", () => (note ||= upload.note));
  await upload.start();
  assert.equal(note, "It keeps the description with which it was begun.");
  assert.equal(s.glacier.archives[0].description, "film.mkv");
});

test("by id, begun elsewhere with parts of 1 MiB", async () => {
  const s = surroundings();
  const bytes = pattern(3 * MIB + 5);
  const parts = new Map([[MIB, { data: bytes.slice(MIB, 2 * MIB), tree: treeOf(bytes.slice(MIB, 2 * MIB)) }]]);
  s.glacier.uploads.set("theirs", { partSize: MIB, description: "of the command line", parts });
  const upload = s.begin(fileOf(bytes), { uploadId: "theirs" });
  await upload.start();
  assert.deepEqual([upload.state, upload.progress.kept, upload.description], ["done", MIB, "of the command line"]);
  assert.equal(s.glacier.archives[0].description, "of the command line");
});

for (const [name, there, note] of [
  ["other bytes", [part(0, 1), part(1, 1), part(2, 1), part(3, 1)], /not the bytes with which the upload was begun/],
  ["more parts than the file has", [part(0), part(1), part(2), part(3), part(4), part(5), part(0)], /larger than this one/],
]) {
  test(`by id, the wrong file is not sent over the right one: ${name}`, async () => {
    const s = surroundings();
    const parts = new Map(there.map((p, n) => [n * PART, p]));
    s.glacier.uploads.set("theirs", { partSize: PART, description: "", parts });
    const upload = s.begin(fileOf(data), { uploadId: "theirs" });
    await upload.start();
    assert.equal(upload.state, "failed");
    assert.match(upload.note, note);
    await upload.cancel();
    assert.deepEqual(s.glacier.calls.filter((call) => call !== "list"), []);
    assert.equal(s.glacier.uploads.get("theirs").parts.size, there.length);
  });
}

test("by id, a file of which a middle part is another's is resumed", async () => {
  const s = surroundings();
  const parts = new Map([part(0, 1), part(1), part(2)].map((p, n) => [n * PART, p]));
  s.glacier.uploads.set("theirs", { partSize: PART, description: "film.mkv", parts });
  const upload = s.begin(fileOf(data), { uploadId: "theirs" });
  await upload.start();
  stored(s, upload);
  assert.deepEqual(sent(s.glacier).toSorted(), [0, 3, 4, 5]);
});

test("by id, gone: it begins anew", async () => {
  const s = surroundings();
  const upload = s.begin(fileOf(data), { uploadId: "theirs" });
  await upload.start();
  assert.deepEqual([upload.state, upload.uploadId], ["done", "upload-1"]);
});

test("remembered, with parts that the file cannot have: it begins anew", async () => {
  const s = await interrupted(0);
  s.glacier.uploads.get("upload-1").parts.set(9 * PART, part(0));
  const upload = s.begin(fileOf(data));
  await upload.start();
  assert.deepEqual([upload.state, upload.uploadId], ["done", "upload-2"]);
});
