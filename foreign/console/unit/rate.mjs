// Measures how many MB/s the hashes do here: node foreign/console/unit/rate.mjs

import { Sha256, digest } from "../../../internal/console/assets/sha256.js";
import { hashBlob } from "../../../internal/console/assets/hasher.js";

const MIB = 1 << 20;
const data = new Uint8Array(64 * MIB).map((_, i) => i * 31 + (i >> 13));
const blob = new Blob([data]);

// best runs work five times and prints the best: on a busy machine the others say more of its neighbours.
async function best(name, work) {
  let least = Infinity;
  for (let i = 0; i < 5; i++) {
    const began = performance.now();
    await work();
    least = Math.min(least, performance.now() - began);
  }
  console.log(`${name.padEnd(42)} ${(data.length / 1e3 / least).toFixed(0).padStart(6)} MB/s`);
}

await best("SHA-256, plain JavaScript", () => new Sha256().update(data).digest());
await best("SHA-256, crypto.subtle", () => digest(data));
await best("linear and tree, plain JavaScript", () => hashBlob(blob, { subtle: false }));
await best("linear and tree, crypto.subtle, streamed", () => hashBlob(blob));
await best("linear and tree, crypto.subtle, 32 MiB", () => hashBlob(blob.slice(0, 32 * MIB)).then(() => hashBlob(blob.slice(32 * MIB))));
