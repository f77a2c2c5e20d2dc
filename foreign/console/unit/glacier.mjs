// A Glacier in memory that uploads can be tried with, and a clock that does not wait. Its hashes are Node's own.

import { createHash } from "node:crypto";
import { APIError, refusalOf } from "../../../internal/console/assets/transport.js";
import { hashBlob } from "../../../internal/console/assets/hasher.js";
import { Memory } from "../../../internal/console/assets/memory.js";
import { Upload } from "../../../internal/console/assets/upload.js";

export const MIB = 1 << 20;

export const sha = (...pieces) => pieces.reduce((hash, piece) => hash.update(piece), createHash("sha256")).digest();

// treeOf is the definition of the tree hash, level by level.
export function treeOf(data) {
  let level = [];
  for (let at = 0; at < data.length || at === 0; at += MIB) level.push(sha(data.subarray(at, at + MIB)));
  while (level.length > 1) {
    level = Array.from({ length: Math.ceil(level.length / 2) }, (_, i) => (level[2 * i + 1] ? sha(level[2 * i], level[2 * i + 1]) : level[2 * i]));
  }
  return level[0].toString("hex");
}

// pattern returns n bytes that differ from leaf to leaf.
export const pattern = (n, salt = 0) => new Uint8Array(n).map((_, o) => o + Math.floor(o / MIB) + salt);

export const fileOf = (data, name = "film.mkv") => new File([data], name, { lastModified: Date.UTC(2026, 10, 25, 12) });

// Storage is a localStorage.
export class Storage {
  #items = new Map();

  get length() {
    return this.#items.size;
  }

  key = (i) => [...this.#items.keys()][i] ?? null;
  getItem = (key) => this.#items.get(key) ?? null;
  setItem = (key, value) => void this.#items.set(key, value);
  removeItem = (key) => void this.#items.delete(key);
}

// refuse makes a reply of the API's.
const refuse = (status, code, message) => {
  throw refusalOf({ status, header: () => null, text: JSON.stringify({ code, message, type: "Client" }) });
};

export const broken = () => {
  throw new APIError(0, "", "The connection to the server broke.");
};

export const refusing = (status, code, message) => () => refuse(status, code, message);

// plain is a reply that is not the API's.
export const plain = (status, headers = {}) => () => {
  throw refusalOf({ status, header: (name) => headers[name] ?? null, text: "<html>" });
};

// Glacier has one vault, v. trouble(call) is asked before each request, where call is a word and a number, as "part
// 8388608" or "complete"; it may throw, or return a promise to wait for. calls is the list of all.
export class Glacier {
  uploads = new Map(); // id to {partSize, description, parts: Map of first to {data, tree}}
  archives = [];
  calls = [];
  pages = 2; // parts on a page of ListParts
  trouble = () => {};
  after = () => {}; // the same, when the request has been done but the reply is not on its way
  inFlight = 0;
  most = 0;
  renewed = 0;
  #completed = new Map();

  async send({ method, path, headers, body, signal, onSent }) {
    signal?.throwIfAborted();
    const call = this.#name(method, path, headers);
    this.calls.push(call);
    this.most = Math.max(this.most, ++this.inFlight);
    try {
      await orAborted(this.trouble(call), signal);
      const data = body ? new Uint8Array(await body.arrayBuffer()) : null;
      onSent?.(data?.length ?? 0);
      const reply = this.#answer(method, path, headers, data);
      await this.after(call);
      return { status: 200, header: (name) => reply[name], text: JSON.stringify(reply) };
    } finally {
      this.inFlight--;
    }
  }

  async renew() {
    this.renewed++;
  }

  #name(method, path, headers) {
    if (path.endsWith("/archives")) return "archive";
    if (path.endsWith("/multipart-uploads")) return "initiate";
    if (method === "PUT") return `part ${/ (\d+)-/.exec(headers["Content-Range"])[1]}`;
    return { GET: "list", POST: "complete", DELETE: "abort" }[method] + (path.endsWith("limit=1") ? " one" : "");
  }

  #answer(method, path, headers, data) {
    if (data) this.#check(headers, data);
    const description = headers["x-amz-archive-description"];
    if (path === "/-/vaults/v/archives") return this.#store(data, description);
    if (path === "/-/vaults/v/multipart-uploads") {
      const id = `upload-${this.uploads.size + 1}`;
      this.uploads.set(id, { partSize: Number(headers["x-amz-part-size"]), description, parts: new Map() });
      return { "x-amz-multipart-upload-id": id };
    }
    const [, id, query] = /^\/-\/vaults\/v\/multipart-uploads\/([^?]+)(?:\?(.*))?$/.exec(path) ?? refuse(404, "ResourceNotFoundException", "Vault not found.");
    if (method === "POST" && this.#completed.has(id)) return this.#completed.get(id);
    const upload = this.uploads.get(id) ?? refuse(404, "ResourceNotFoundException", `The upload ID was not found: ${id}`);
    if (method === "PUT") return this.#put(upload, headers, data);
    if (method === "GET") return this.#list(upload, new URLSearchParams(query).get("marker"));
    if (method === "POST") this.#completed.set(id, this.#complete(upload, headers));
    this.uploads.set(id, undefined);
    return this.#completed.get(id) ?? {};
  }

  #check(headers, data) {
    const [linear, tree] = [sha(data).toString("hex"), treeOf(data)];
    if (headers["x-amz-content-sha256"] !== linear) refuse(403, "InvalidSignatureException", "The value passed in as x-amz-content-sha256 does not match the computed payload hash.");
    if (headers["x-amz-sha256-tree-hash"] !== tree) refuse(400, "InvalidParameterValueException", `Checksum mismatch: expected ${headers["x-amz-sha256-tree-hash"]}, computed ${tree}`);
  }

  #store(data, description) {
    this.archives.push({ data, description });
    return { "x-amz-archive-id": `archive-${this.archives.length}` };
  }

  #put(upload, headers, data) {
    const [, first, last] = /^bytes (\d+)-(\d+)\/\*$/.exec(headers["Content-Range"]).map(Number);
    if (first % upload.partSize !== 0 || last - first + 1 !== data.length || data.length > upload.partSize) refuse(400, "InvalidParameterValueException", "Invalid Content-Range");
    upload.parts.set(first, { data, tree: treeOf(data) });
    return {};
  }

  #list(upload, marker) {
    const all = [...upload.parts].sort(([a], [b]) => a - b).map(([first, { data, tree }]) => ({ RangeInBytes: `${first}-${first + data.length - 1}`, SHA256TreeHash: tree }));
    const from = Number(marker ?? 0);
    const Marker = from + this.pages < all.length ? String(from + this.pages) : null;
    return { PartSizeInBytes: upload.partSize, ArchiveDescription: upload.description, Parts: all.slice(from, from + this.pages), Marker };
  }

  #complete(upload, headers) {
    const data = Buffer.concat([...upload.parts].sort(([a], [b]) => a - b).map(([, part]) => part.data));
    if (Number(headers["x-amz-archive-size"]) !== data.length || headers["x-amz-sha256-tree-hash"] !== treeOf(data)) refuse(400, "InvalidParameterValueException", "Invalid x-amz-sha256-tree-hash");
    return this.#store(data, upload.description);
  }
}

async function orAborted(promise, signal) {
  const seen = new AbortController();
  const aborted = new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason), { signal: seen.signal }));
  signal?.throwIfAborted();
  await Promise.race([promise, aborted]);
  seen.abort();
  signal?.throwIfAborted();
}

// clockOf is a clock whose waits are noted, and over at once.
export function clockOf() {
  const clock = {
    waits: [],
    time: 0,
    network: true,
    now: () => clock.time,
    random: () => 1,
    wait: async (ms, signal) => {
      signal.throwIfAborted();
      clock.waits.push(ms);
      clock.time += ms;
    },
    offline: () => !clock.network,
    online: async () => {
      clock.waits.push("online");
      clock.network = true;
    },
  };
  return clock;
}

// surroundings are a Glacier, a memory and a clock, and begin makes an Upload among them.
export function surroundings() {
  const s = { glacier: new Glacier(), storage: new Storage(), clock: clockOf() };
  s.begin = (file, options = {}) =>
    new Upload(file, { vault: "v", transport: s.glacier, hash: hashBlob, memory: new Memory(s.storage), clock: s.clock, ...options });
  return s;
}
