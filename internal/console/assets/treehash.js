// Glacier's tree hash: SHA-256 of every MiB, and then of each two neighbours together, up to one. A node without a
// neighbour goes up as it is.

import { Sha256, digest, sha256 } from "./sha256.js";

// LEAF is how many bytes a leaf of the tree has. The last may have fewer.
export const LEAF = 1 << 20;

// root is the hash over nodes, 32 bytes each, in order. The nodes may be the leaves of some data, or the tree hashes
// of its parts, if all parts but the last have the same power of two of leaves. The root of nothing is the hash of
// nothing.
export function root(nodes) {
  if (nodes.length === 0) return sha256(new Uint8Array(0));
  let level = nodes;
  while (level.length > 1) {
    const above = [];
    for (let i = 0; i + 1 < level.length; i += 2) above.push(new Sha256().update(level[i]).update(level[i + 1]).digest());
    if (level.length % 2 === 1) above.push(level.at(-1));
    level = above;
  }
  return level[0];
}

// treeHash resolves to the tree hash of a Blob, an ArrayBuffer or a Uint8Array. It holds one leaf at a time.
export async function treeHash(data) {
  const blob = data instanceof Blob ? data : new Blob([data]);
  const leaves = [];
  for (let at = 0; at < blob.size; at += LEAF) {
    leaves.push(await digest(new Uint8Array(await blob.slice(at, at + LEAF).arrayBuffer())));
  }
  return root(leaves);
}
