// What is remembered of uploads that have begun, so that the same file can go on after its page was closed. It is in
// localStorage, which is this browser's and survives; the file itself cannot be kept and has to be chosen again.

const PREFIX = "firn.upload:";
const MOST = 200;

const keyOf = (vault, { name, size, lastModified }) => PREFIX + JSON.stringify([vault, name, size, lastModified]);

// Memory keeps {uploadId, partSize, description, begun} for a file and a vault. A browser that lets nothing be kept
// makes it forgetful, not broken. Beyond 200 the oldest are forgotten.
export class Memory {
  #storage;

  constructor(storage) {
    this.#storage = storage;
  }

  recall(vault, file) {
    return this.#read(keyOf(vault, file));
  }

  keep(vault, file, upload) {
    try {
      this.#storage.setItem(keyOf(vault, file), JSON.stringify(upload));
      this.#trim();
    } catch {
      // Full, or not allowed.
    }
  }

  forget(vault, file) {
    try {
      this.#storage.removeItem(keyOf(vault, file));
    } catch {
      // Not allowed: then there is nothing either.
    }
  }

  #read(key) {
    try {
      const kept = JSON.parse(this.#storage.getItem(key));
      return typeof kept?.uploadId === "string" && Number.isInteger(kept.partSize) && typeof kept.description === "string" ? kept : null;
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

// browserMemory is the memory of this browser.
export function browserMemory() {
  try {
    return new Memory(localStorage);
  } catch {
    return new Memory(null); // reading localStorage is refused in some private windows
  }
}
