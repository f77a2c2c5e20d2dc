// A small pool of workers that hash, so that the page stays quick to the touch.

import { hashBlob } from "./hasher.js";

const MOST = 4;

const spawnWorker = () => new Worker(new URL("./hasher.js", import.meta.url), { type: "module" });

// Hashers is the pool. Its hash may be handed to as many uploads as there are.
export class Hashers {
  #spawn;
  #most;
  #idle = [];
  #count = 0;
  #waiting = [];

  constructor({ most = Math.min(MOST, globalThis.navigator?.hardwareConcurrency || 2), spawn = spawnWorker } = {}) {
    this.#most = most;
    this.#spawn = spawn;
  }

  // hash resolves to {linear, tree} of a blob. If signal is aborted it fails with the signal's reason, and the worker
  // that is at it ends, because a blob being hashed cannot be taken back otherwise.
  hash = (blob, signal) => new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const job = { blob, signal, resolve, reject };
    job.abort = () => this.#drop(job);
    signal?.addEventListener("abort", job.abort, { once: true });
    this.#waiting.push(job);
    this.#hand();
  });

  // close ends the workers that have nothing to do.
  close() {
    for (const worker of this.#idle.splice(0)) this.#end(worker);
  }

  #end(worker) {
    worker.terminate();
    this.#count--;
  }

  // hand gives waiting blobs to idle workers.
  #hand() {
    while (this.#waiting.length > 0) {
      if (this.#idle.length === 0 && this.#count === this.#most) return;
      const worker = this.#idle.pop() ?? this.#start();
      const job = this.#waiting.shift();
      if (worker === null) this.#inPlace(job);
      else this.#give(worker, job);
    }
  }

  // start returns a new worker, or null in a browser that has no module workers.
  #start() {
    try {
      const worker = this.#spawn();
      this.#count++;
      return worker;
    } catch {
      return null;
    }
  }

  #give(worker, job) {
    job.worker = worker;
    worker.onmessage = ({ data }) => {
      this.#idle.push(worker);
      if (data.error) this.#settle(job, () => job.reject(new DOMException(data.error.message, data.error.name)));
      else this.#settle(job, () => job.resolve(data));
    };
    // The script of the worker did not load or broke. The page can do its work.
    worker.onerror = (event) => {
      event.preventDefault?.();
      this.#end(worker);
      this.#most = Math.max(1, this.#most - 1);
      job.worker = undefined;
      this.#inPlace(job);
    };
    worker.postMessage(job.blob);
  }

  #inPlace(job) {
    hashBlob(job.blob).then(
      (hashes) => this.#settle(job, () => job.resolve(hashes)),
      (error) => this.#settle(job, () => job.reject(error)),
    );
  }

  #settle(job, how) {
    job.signal?.removeEventListener("abort", job.abort);
    how();
    this.#hand();
  }

  #drop(job) {
    const at = this.#waiting.indexOf(job);
    if (at >= 0) this.#waiting.splice(at, 1);
    if (job.worker) this.#end(job.worker);
    this.#settle(job, () => job.reject(job.signal.reason));
  }
}
