// Hashes a slice of a file both ways in one reading: as the signature wants it (linear), and as Glacier does (tree).
// Loaded as a module worker it takes a blob at a time and answers {linear, tree} or {error: {name, message}}.

import { Sha256, digest, hex, native } from "./sha256.js";
import { LEAF, root } from "./treehash.js";

// HELD is the largest blob that is read as a whole: crypto.subtle takes its bytes in one piece only. The linear hash
// of a larger one is done in JavaScript, so that a part of 4 GiB needs no more memory than a small one.
export const HELD = 32 * LEAF;

const WINDOW = 4 * LEAF;

// hashBlob resolves to the two hashes in hexadecimal. It fails with the browser's NotReadableError or NotFoundError
// if the file has changed or gone since it was chosen. With subtle false it uses JavaScript throughout.
export async function hashBlob(blob, { subtle = native() } = {}) {
  const whole = subtle && blob.size <= HELD;
  const window = whole ? HELD : WINDOW;
  const running = new Sha256();
  const leaves = [];
  let linear;
  for (let at = 0; at < blob.size; at += window) {
    const bytes = new Uint8Array(await blob.slice(at, at + window).arrayBuffer());
    if (whole) linear = await digest(bytes);
    else running.update(bytes);
    for (let leaf = 0; leaf < bytes.length; leaf += LEAF) {
      const piece = bytes.subarray(leaf, leaf + LEAF);
      leaves.push(subtle ? await digest(piece) : new Sha256().update(piece).digest());
    }
  }
  return { linear: hex(linear ?? running.digest()), tree: hex(root(leaves)) };
}

async function answer({ data: blob }) {
  try {
    postMessage(await hashBlob(blob));
  } catch ({ name, message }) {
    postMessage({ error: { name, message } });
  }
}

if (globalThis.WorkerGlobalScope !== undefined && globalThis instanceof WorkerGlobalScope) addEventListener("message", answer);
