import assert from "node:assert/strict";
import test from "node:test";
import { MIB, broken, fileOf, pattern, plain, refusing, surroundings, treeOf } from "./glacier.mjs";

const PART = 8 * MIB;
const small = pattern(3 * MIB + 1);
const large = pattern(2 * PART + 5); // three parts

// times lets trouble come the first n times that a call is made.
const times = (n, wanted, trouble) => (call) => (call === wanted && n-- > 0 ? trouble(call) : undefined);

const stored = (glacier, data, description = "film.mkv") => {
  assert.equal(glacier.archives.length, 1);
  assert.ok(Buffer.from(data).equals(glacier.archives[0].data), "the archive's bytes");
  assert.equal(glacier.archives[0].description, description);
};

test("a small file goes in one request", async () => {
  const s = surroundings();
  const upload = s.begin(fileOf(small));
  await upload.start();
  assert.deepEqual([upload.state, upload.archiveId, upload.treeHash], ["done", "archive-1", treeOf(small)]);
  assert.deepEqual(s.glacier.calls, ["archive"]);
  stored(s.glacier, small);
  const { size, hashed, sent } = upload.progress;
  assert.deepEqual([size, hashed, sent], [small.length, small.length, small.length]);
});

for (const [name, size, calls] of [
  ["8 MiB", PART, 1],
  ["8 MiB and a byte", PART + 1, 4],
]) {
  test(`requests for ${name}`, async () => {
    const s = surroundings();
    await s.begin(fileOf(pattern(size))).start();
    assert.equal(s.glacier.calls.length, calls);
    stored(s.glacier, pattern(size));
  });
}

test("a large file goes in parts, three at once, and is forgotten when it is there", async () => {
  const s = surroundings();
  const data = pattern(5 * PART);
  const upload = s.begin(fileOf(data), { description: "The film" });
  const three = new Promise((resolve) => {
    s.glacier.trouble = (call) => {
      if (s.glacier.inFlight === 3) resolve();
      return call.startsWith("part") ? three : undefined;
    };
  });
  await upload.start();
  assert.deepEqual([upload.state, upload.treeHash], ["done", treeOf(data)]);
  assert.equal(s.glacier.most, 3);
  assert.deepEqual(s.glacier.calls.toSorted(), ["complete", "initiate", ...[0, 1, 2, 3, 4].map((n) => `part ${n * PART}`)].toSorted());
  stored(s.glacier, data, "The film");
  assert.equal(s.storage.length, 0);
  assert.deepEqual([upload.progress.sent, upload.progress.hashed, upload.progress.kept], [data.length, data.length, 0]);
});

for (const [name, file, options, note] of [
  ["empty file", fileOf(new Uint8Array(0)), {}, /empty/],
  ["description that cannot be", fileOf(small), { description: "Größe" }, /ASCII/],
  ["name too long to be a description", fileOf(small, "ß".repeat(200)), {}, /name is too long/],
]) {
  test(`refused before anything is sent: ${name}`, async () => {
    const s = surroundings();
    const upload = s.begin(file, options);
    await upload.start();
    assert.equal(upload.state, "failed");
    assert.match(upload.note, note);
    assert.deepEqual(s.glacier.calls, []);
  });
}

for (const [name, call, trouble] of [
  ["broken connection with a part", "part 8388608", broken],
  ["broken connection at the beginning", "initiate", broken],
  ["broken connection at the end", "complete", broken],
  ["408", "part 0", refusing(408, "RequestTimeoutException", "Request timed out.")],
  ["429 of a proxy", "part 0", plain(429)],
  ["500", "complete", refusing(500, "ServiceUnavailableException", "Service is unavailable.")],
  ["502 of a proxy", "part 0", plain(502)],
  ["throttling, which is a 400", "initiate", refusing(400, "ThrottlingException", "Rate exceeded")],
]) {
  test(`tried again: ${name}`, async () => {
    const s = surroundings();
    s.glacier.trouble = times(3, call, trouble);
    const upload = s.begin(fileOf(large));
    const notes = [];
    upload.addEventListener("change", () => notes.push(upload.note));
    await upload.start();
    assert.deepEqual([upload.state, upload.note], ["done", ""]);
    stored(s.glacier, large);
    assert.deepEqual(s.clock.waits, [1000, 2000, 4000]);
    assert.ok(notes.some((note) => /Trying again in 4 s/.test(note)));
    assert.equal(upload.progress.sent, large.length);
  });
}

test("a reply to the last request that got lost makes no second archive", async () => {
  const s = surroundings();
  s.glacier.after = times(1, "complete", broken);
  const upload = s.begin(fileOf(large));
  await upload.start();
  assert.equal(upload.state, "done");
  stored(s.glacier, large);
});

test("Retry-After is obeyed", async () => {
  const s = surroundings();
  s.glacier.trouble = times(1, "initiate", plain(503, { "Retry-After": "17" }));
  await s.begin(fileOf(large)).start();
  assert.deepEqual(s.clock.waits, [17_000]);
});

test("without a network it waits for one", async () => {
  const s = surroundings();
  s.glacier.trouble = times(1, "initiate", () => {
    s.clock.network = false;
    broken();
  });
  const upload = s.begin(fileOf(large));
  await upload.start();
  assert.deepEqual([upload.state, s.clock.waits], ["done", ["online", 1000]]);
});

test("after ten tries it pauses, says why, and goes on from there", async () => {
  const s = surroundings();
  s.glacier.trouble = (call) => call === `part ${2 * PART}` && broken();
  const upload = s.begin(fileOf(large), { parallel: 1 });
  await upload.start();
  assert.equal(upload.state, "paused");
  assert.match(upload.note, /connection to the server broke. It was tried 10 times/);
  assert.equal(s.glacier.calls.filter((call) => call === `part ${2 * PART}`).length, 10);
  s.glacier.trouble = () => {};
  s.glacier.calls = [];
  await upload.resume();
  assert.deepEqual([upload.state, s.glacier.calls], ["done", [`part ${2 * PART}`, "complete"]]);
  stored(s.glacier, large);
});

for (const [name, call, status, code, message] of [
  ["at the beginning", "initiate", 403, "AccessDeniedException", "User is not authorized"],
  ["no such vault", "initiate", 404, "ResourceNotFoundException", "Vault not found for ARN: x"],
  ["of a part", "part 0", 400, "InvalidParameterValueException", "Invalid Content-Range: x"],
  ["at the end", "complete", 400, "InvalidParameterValueException", "Invalid x-amz-sha256-tree-hash: x"],
]) {
  test(`refusal stops it with the API's words: ${name}`, async () => {
    const s = surroundings();
    s.glacier.trouble = times(1, call, refusing(status, code, message));
    const upload = s.begin(fileOf(large));
    await upload.start();
    assert.deepEqual([upload.state, upload.code, upload.note], ["failed", code, message]);
    assert.equal(s.glacier.calls.filter((c) => c === call).length, 1);
    assert.deepEqual(s.glacier.archives, []);
    assert.equal(s.glacier.inFlight, 0);
  });
}

test("session over: it pauses, says so, and takes the token of the new session", async () => {
  const s = surroundings();
  s.glacier.trouble = times(1, "part 8388608", plain(401));
  const upload = s.begin(fileOf(large));
  await upload.start();
  assert.equal(upload.state, "paused");
  assert.match(upload.note, /^The session has ended. Sign in again/);
  assert.equal(s.glacier.renewed, 0);
  await upload.resume();
  assert.deepEqual([upload.state, s.glacier.renewed], ["done", 1]);
  stored(s.glacier, large);
});

test("session over, seen only as a broken connection: a request without body asks", async () => {
  const s = surroundings();
  s.glacier.trouble = (call) => ({ "part 0": broken, "list one": plain(401) })[call]?.();
  const upload = s.begin(fileOf(large));
  await upload.start();
  assert.equal(upload.state, "paused");
  assert.match(upload.note, /session has ended/);
});

test("not allowed to list parts: broken connections are no refusals", async () => {
  const s = surroundings();
  const twice = times(2, "part 0", broken);
  s.glacier.trouble = (call) => (call === "list one" ? refusing(403, "AccessDeniedException", "No.")() : twice(call));
  const upload = s.begin(fileOf(large));
  await upload.start();
  assert.equal(upload.state, "done");
});

test("pause gives up what is on its way, keeps what has arrived, and resume sends the rest", async () => {
  const s = surroundings();
  const upload = s.begin(fileOf(large), { parallel: 1 });
  s.glacier.trouble = times(1, "part 8388608", () => {
    upload.pause();
    return new Promise(() => {}); // no reply ever
  });
  await upload.start();
  assert.deepEqual([upload.state, s.glacier.inFlight, upload.progress.sent], ["paused", 0, PART]);
  s.glacier.trouble = () => {};
  s.glacier.calls = [];
  await upload.resume();
  assert.deepEqual(s.glacier.calls, ["part 8388608", "part 16777216", "complete"]);
  assert.deepEqual([upload.state, upload.progress.hashed, upload.progress.sent], ["done", large.length, large.length]);
  stored(s.glacier, large);
});

test("pause and resume at once, at every request", async () => {
  for (const call of ["initiate", "part 0", "part 8388608", "complete"]) {
    const s = surroundings();
    const upload = s.begin(fileOf(large));
    s.glacier.trouble = times(1, call, () => {
      upload.pause();
      upload.resume();
    });
    await upload.start();
    await upload.start();
    assert.equal(upload.state, "done", call);
    stored(s.glacier, large);
  }
});

test("pause just as the last reply comes: the archive is there, and that is said", async () => {
  const s = surroundings();
  const upload = s.begin(fileOf(large));
  s.glacier.after = times(1, "complete", () => upload.pause());
  await upload.start();
  assert.equal(upload.state, "done");
  stored(s.glacier, large);
});

test("cancel aborts the upload and forgets it", async () => {
  const s = surroundings();
  const upload = s.begin(fileOf(large));
  s.glacier.trouble = times(1, "part 8388608", () => void upload.cancel());
  await upload.start();
  while (!s.glacier.calls.includes("abort")) await new Promise(setImmediate);
  assert.deepEqual([upload.state, upload.note, s.storage.length, s.glacier.uploads.get("upload-1")], ["cancelled", "", 0, undefined]);
  assert.deepEqual(s.glacier.archives, []);
  await upload.start();
  assert.equal(upload.state, "cancelled");
});

for (const [name, prepare, calls] of [
  ["before it began", () => {}, []],
  ["of a small file that failed", async (s, upload) => {
    s.glacier.trouble = refusing(403, "AccessDeniedException", "No.");
    await upload.start();
  }, ["archive"]],
]) {
  test(`cancel ${name} asks for nothing`, async () => {
    const s = surroundings();
    const upload = s.begin(fileOf(small));
    await prepare(s, upload);
    await upload.cancel();
    assert.deepEqual([upload.state, s.glacier.calls], ["cancelled", calls]);
  });
}

test("cancel that does not reach the server says what stays", async () => {
  const s = surroundings();
  const upload = s.begin(fileOf(large));
  s.glacier.trouble = (call) => (call === "part 0" ? refusing(403, "AccessDeniedException", "No.")() : call === "abort" && broken());
  await upload.start();
  await upload.cancel();
  assert.equal(upload.state, "cancelled");
  assert.match(upload.note, /stay until they expire/);
});

const unreadable = () => {
  throw new DOMException("The file changed.", "NotReadableError");
};

test("a file that cannot be read while it is hashed", async () => {
  const s = surroundings();
  let reads = 0;
  const upload = s.begin(fileOf(large), { hash: async () => (reads++ > 0 ? unreadable() : { linear: "", tree: "" }) });
  await upload.start();
  assert.equal(upload.state, "failed");
  assert.match(upload.note, /^The file changed/);
  assert.ok(!s.glacier.calls.includes("complete"));
});

test("a file that changed while it was sent, which breaks the connection", async () => {
  const s = surroundings();
  const file = fileOf(small);
  file.slice = () => ({ arrayBuffer: unreadable });
  s.glacier.trouble = broken;
  const upload = s.begin(file, { hash: async () => ({ linear: "", tree: "" }) });
  await upload.start();
  assert.deepEqual([upload.state, s.clock.waits], ["failed", []]);
  assert.match(upload.note, /^The file changed/);
});

test("a file that changed between hashing and sending, unseen by the browser", async () => {
  const s = surroundings();
  let n = 0;
  const upload = s.begin(fileOf(small), { hash: async () => ({ linear: "0".repeat(64), tree: String(n++).repeat(64) }) });
  await upload.start();
  assert.equal(upload.state, "failed");
  assert.match(upload.note, /^The file changed/);
});

test("bytes spoiled on their way are sent again", async () => {
  const s = surroundings();
  s.glacier.trouble = times(1, "part 0", refusing(400, "InvalidParameterValueException", "Checksum mismatch: expected x, computed y"));
  const upload = s.begin(fileOf(large));
  await upload.start();
  assert.deepEqual([upload.state, s.clock.waits], ["done", [1000]]);
  stored(s.glacier, large);
});

test("a file that is another at the end is not completed", async () => {
  const s = surroundings();
  const upload = s.begin(fileOf(large), { fresh: async () => new File([large], "film.mkv", { lastModified: 1 }) });
  await upload.start();
  assert.equal(upload.state, "failed");
  assert.match(upload.note, /^The file changed/);
  assert.ok(!s.glacier.calls.includes("complete"));
});
