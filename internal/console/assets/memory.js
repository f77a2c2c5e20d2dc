// What is remembered of uploads that have begun, so that the same file can go on after its page was closed. It is in
// localStorage, which is this browser's and survives; the file itself cannot be kept and has to be chosen again.
//
// Whoever uses the browser next can read it. So the names of files, vaults and accounts are in it only as a hash.

import { hex, sha256 } from "./sha256.js";

const PREFIX = "firn.upload:";
const MOST = 200;

// Memory keeps {uploadId, begun} for a file, a vault, and who uploads. A browser that lets nothing be kept makes it
// forgetful, not broken. Beyond 200 the oldest are forgotten.
export class Memory {
  #storage;
  #who;

  constructor(storage, who = "") {
    this.#storage = storage;
    this.#who = who;
  }

  recall(vault, file) {
    return this.#read(this.#keyOf(vault, file));
  }

  keep(vault, file, { uploadId, begun }) {
    try {
      this.#storage.setItem(this.#keyOf(vault, file), JSON.stringify({ uploadId, begun }));
      this.#trim();
    } catch {
      // Full, or not allowed.
    }
  }

  forget(vault, file) {
    try {
      this.#storage.removeItem(this.#keyOf(vault, file));
    } catch {
      // Not allowed: then there is nothing either.
    }
  }

  #keyOf(vault, { name, size, lastModified }) {
    return PREFIX + hex(sha256(new TextEncoder().encode(JSON.stringify([this.#who, vault, name, size, lastModified]))));
  }

  #read(key) {
    try {
      const kept = JSON.parse(this.#storage.getItem(key));
      return typeof kept?.uploadId === "string" ? kept : null;
    } catch {
      return null;
    }
  }

  #trim() {
    const keys = Array.from({ length: this.#storage.length }, (_, i) => this.#storage.key(i)).filter((key) => key.startsWith(PREFIX));
    if (keys.length <= MOST) return;
    const age = new Map(keys.map((key) => [key, this.#read(key)?.begun ?? 0]));
    keys.sort((a, b) => age.get(a) - age.get(b));
    for (const key of keys.slice(0, keys.length - MOST)) this.#storage.removeItem(key);
  }
}

// browserMemory is the memory of this browser, of who has signed in.
export function browserMemory() {
  const who = document.querySelector('meta[name="firn-who"]')?.content;
  try {
    return new Memory(localStorage, who);
  } catch {
    return new Memory(null, who); // reading localStorage is refused in some private windows
  }
}
