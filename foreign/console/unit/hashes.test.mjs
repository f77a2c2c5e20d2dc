import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { HELD, hashBlob } from "../../../internal/console/assets/hasher.js";
import { Sha256, digest, hex, sha256, unhex } from "../../../internal/console/assets/sha256.js";
import { root, treeHash } from "../../../internal/console/assets/treehash.js";
import { MIB, pattern, sha, treeOf } from "./glacier.mjs";

const zeros = (n) => new Uint8Array(n);
const text = (s) => new TextEncoder().encode(s);

const published = [
  ["nothing", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["three letters", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  ["56 letters, two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"],
  ["a million a", "a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
];

for (const [name, input, want] of published) {
  test(`SHA-256 of ${name}`, async () => {
    assert.equal(hex(sha256(text(input))), want);
    assert.equal(hex(await digest(text(input))), want);
  });
}

test("SHA-256 of every length around a block", () => {
  const data = pattern(300);
  for (let n = 0; n <= data.length; n++) assert.equal(hex(sha256(data.subarray(0, n))), sha(data.subarray(0, n)).toString("hex"), `${n} bytes`);
});

test("SHA-256 in pieces of every size, from the middle of a buffer", () => {
  const data = pattern(1000).subarray(3);
  for (let size = 1; size <= 200; size++) {
    const hash = new Sha256();
    for (let at = 0; at < data.length; at += size) {
      const piece = data.slice(at, at + size);
      hash.update(piece);
      piece.fill(0);
    }
    assert.equal(hex(hash.digest()), sha(data).toString("hex"), `pieces of ${size}`);
  }
});

test("SHA-256 of more than 512 MiB counts its bits beyond 32", () => {
  const [hash, want, piece] = [new Sha256(), createHash("sha256"), pattern(32 * MIB)];
  for (let i = 0; i < 17; i++) {
    hash.update(piece);
    want.update(piece);
  }
  assert.equal(hex(hash.digest()), want.digest("hex"));
});

test("hexadecimal there and back, and what is none", () => {
  assert.deepEqual(unhex("00ff10aB"), Uint8Array.of(0, 255, 16, 171));
  assert.equal(hex(Uint8Array.of(0, 255, 16, 171)), "00ff10ab");
  for (const bad of ["0", "0g", "0x00", " 00", "+1"]) assert.throws(() => unhex(bad), /not hexadecimal/, bad);
});

const vectors = [
  ["empty", zeros(0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["one byte, a", text("a"), "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"],
  ["zeros, a leaf less one", zeros(MIB - 1), "ca7ed0c4a8e67cbdc461c4cb0d286d2fabbd9f0c41a7f42b665f72ebaa8aec56"],
  ["zeros, a leaf", zeros(MIB), "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58"],
  ["zeros, a leaf and one", zeros(MIB + 1), "28638dab8d5e1754a4ecb38b0ebe6df66c844f94aed142d4d0283d208bb786cd"],
  ["zeros, 2 MiB", zeros(2 * MIB), "861890b487038d840e9d71d43bbc0fd4571453fb9d9b1f370caa3582a29b0ec7"],
  ["zeros, 3 MiB", zeros(3 * MIB), "ca6cc129a4514ec765de86a4e7a49adf44842c9cac213c383ebe4071271bdf21"],
  ["zeros, 3.5 MiB", zeros(3_670_016), "69fa92ad252e24a084b9a1ca9483ede8f493cbb8ffbca27afa03199ef8d2da89"],
  ["zeros, 5 MiB", zeros(5 * MIB), "3de9bfb690ff216d907474b4aa56a6f77a8c846a08b26885d4ab2282092a757e"],
  ["zeros, 6.5 MiB", zeros(6_815_744), "7fce0b2525bccf5bd8ed75ec7b7eb52de9b5c0aac4cf60f485aed45a934e9cf5"],
  ["zeros, 9 MiB and one", zeros(9_437_185), "b1449b3994eb215b479da76955e046e9c9799218cb54f7283acbfb18ed02dacc"],
  ["pattern, 6.5 MiB", pattern(6_815_744), "15b6ea3b6f4ef6ce5165aa138f32fef764f1f6fc71175b58bc85e929b0d1d8b5"],
  ["pattern, 8 MiB", pattern(8 * MIB), "7079a3934c39a847883fdc1e529daf5155e343f7f0f755ad5fb88891efccd70b"],
  ["pattern, 16 MiB", pattern(16 * MIB), "6b4a733d4942eef441039fdbf2566cb7430b6d914b2563322c04e958a37a3219"],
];

for (const [name, data, want] of vectors) {
  test(`tree hash: ${name}`, async () => {
    assert.equal(hex(await treeHash(data)), want);
    assert.equal(hex(await treeHash(new Blob([data]))), want);
    const both = { linear: sha(data).toString("hex"), tree: want };
    assert.deepEqual(await hashBlob(new Blob([data])), both);
    assert.deepEqual(await hashBlob(new Blob([data]), { subtle: false }), both);
  });
}

test("a blob larger than is held, hashed in windows", async () => {
  const data = pattern(HELD + 3 * MIB + 5);
  assert.deepEqual(await hashBlob(new Blob([data])), { linear: sha(data).toString("hex"), tree: treeOf(data) });
});

test("the tree hash of a whole from those of its parts", async () => {
  for (const size of [1, 5 * MIB + 1, 8 * MIB, 16 * MIB + 7]) {
    const data = pattern(size);
    for (const part of [1, 2, 4, 8].map((n) => n * MIB)) {
      const nodes = [];
      for (let at = 0; at < size; at += part) nodes.push(await treeHash(data.subarray(at, at + part)));
      assert.equal(hex(root(nodes)), treeOf(data), `${size} bytes in parts of ${part}`);
    }
  }
});

test("root of up to 70 nodes against all levels, and the nodes are left as they were", () => {
  const nodes = Array.from({ length: 70 }, (_, i) => sha(Uint8Array.of(i)));
  const above = (level) => (level.length === 1 ? level[0] : above(Array.from({ length: Math.ceil(level.length / 2) }, (_, i) => (level[2 * i + 1] ? sha(level[2 * i], level[2 * i + 1]) : level[2 * i]))));
  for (let n = 1; n <= nodes.length; n++) {
    const some = nodes.slice(0, n);
    assert.equal(hex(root(some)), above(some).toString("hex"), `${n} nodes`);
    assert.equal(some.length, n);
  }
});
