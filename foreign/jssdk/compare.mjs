// What the JavaScript sessions share: their surroundings, their comparisons, and a tree hash of their own, written from the
// definition so that neither client nor server is its own judge.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

export const MIB = 1 << 20;
export const { ENDPOINT, AWS_REGION, FIRN_TAR } = process.env;
export const keys = { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY };
export const tar = readFileSync(FIRN_TAR);

export const descriptions = [
  `the Go tree, "src",  with \\ and 'quotes'`,
  undefined,
  "double  space  and, a comma",
  'back\\slash \\" and end\\',
  "~".repeat(1024),
];

export const same = (what, got, want) => assert.deepEqual(got, want, `${what}: got ${brief(got)}, want ${brief(want)}`);

const brief = (value) => (JSON.stringify(value) ?? "undefined").slice(0, 400);

export function sameBytes(what, got, want) {
  assert.ok(Buffer.compare(got, want) === 0, `${what}: ${got.length} bytes differ from the ${want.length} expected`);
}

// The call must fail with this code and, if one is given, this message.
export async function refused(what, code, message, call) {
  let error;
  try {
    await call();
  } catch (caught) {
    error = caught;
  }
  assert.ok(error, `${what}: not refused`);
  same(`${what}: code`, error.code ?? error.name, code);
  if (message !== undefined) same(`${what}: message`, error.message, message);
}

export function treeHash(data) {
  const sha256 = (...pieces) => pieces.reduce((hash, piece) => hash.update(piece), createHash("sha256")).digest();
  let level = [];
  for (let at = 0; at < data.length; at += MIB) level.push(sha256(data.subarray(at, at + MIB)));
  while (level.length > 1) {
    const next = [];
    for (let i = 0; i < level.length; i += 2) next.push(i + 1 < level.length ? sha256(level[i], level[i + 1]) : level[i]);
    level = next;
  }
  return level[0].toString("hex");
}

// Whether bytes first..last of size bytes are one node of its hash tree, and so have a checksum.
export function isNode(first, last, size) {
  if (first % MIB || (last !== size - 1 && (last + 1) % MIB)) return false;
  const leaves = Math.ceil(size / MIB);
  const [start, end] = [first / MIB, Math.ceil((last + 1) / MIB)];
  for (let width = 1; ; width *= 2) {
    if (start % width === 0 && end === Math.min(start + width, leaves)) return true;
    if (width >= leaves) return false;
  }
}

// The CSV that Amazon writes for the archives of a JSON inventory.
export function csv(archives) {
  const row = (a) => `${a.ArchiveId},"${a.ArchiveDescription.replaceAll('"', '\\"')}",${a.CreationDate},${a.Size},${a.SHA256TreeHash}\n`;
  return "ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n" + archives.map(row).join("");
}

// Polls until the job has come to its end, as a client must.
export async function finished(describe) {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await pause(100)) {
    const job = await describe();
    if (job.Completed) {
      same("StatusCode", job.StatusCode, "Succeeded");
      return job;
    }
  }
  assert.fail("the job is not done within 60 s");
}

export async function collect(pages, list) {
  const all = [];
  for await (const page of pages) all.push(...page[list]);
  return all;
}

// Runs the steps in order; the first difference ends the session.
export async function walk(steps) {
  for (const [what, step] of steps) {
    try {
      await step();
    } catch (error) {
      console.log("DIFFERENT", `${what}: ${error.message}`);
      process.exit(1);
    }
    console.log("ok", what);
  }
}
