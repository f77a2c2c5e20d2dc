import assert from "node:assert/strict";
import test from "node:test";
import { Hashers } from "../../../internal/console/assets/hashers.js";
import { hashBlob } from "../../../internal/console/assets/hasher.js";

const blob = (text) => new Blob([text]);

// A Fake is a worker that answers when it is told to.
class Fake {
  static all = [];
  ended = false;

  constructor() {
    Fake.all.push(this);
  }

  postMessage(data) {
    this.data = data;
  }

  terminate() {
    this.ended = true;
  }

  async finish() {
    this.onmessage({ data: await hashBlob(this.data) });
  }
}

const fakes = (most) => {
  Fake.all = [];
  return new Hashers({ most, spawn: () => new Fake() });
};

test("workers: no more than allowed, used again, first come first served", async () => {
  const hashers = fakes(2);
  const [a, b, c] = ["a", "b", "c"].map((text) => hashers.hash(blob(text)));
  assert.equal(Fake.all.length, 2);
  await Fake.all[1].finish();
  assert.deepEqual(await b, await hashBlob(blob("b")));
  await Fake.all[1].finish();
  assert.deepEqual(await c, await hashBlob(blob("c")));
  await Fake.all[0].finish();
  assert.deepEqual(await a, await hashBlob(blob("a")));
  assert.equal(Fake.all.length, 2);
  hashers.close();
  assert.ok(Fake.all.every((worker) => worker.ended));
});

test("workers: an aborted job ends its worker, and the next gets a new one", async () => {
  const hashers = fakes(1);
  const control = new AbortController();
  const first = hashers.hash(blob("a"), control.signal);
  const waiting = new AbortController();
  const second = hashers.hash(blob("b"), waiting.signal);
  const third = hashers.hash(blob("c"));
  waiting.abort(new Error("not wanted"));
  await assert.rejects(second, /not wanted/);
  control.abort(new Error("paused"));
  await assert.rejects(first, /paused/);
  assert.deepEqual(Fake.all.map((worker) => worker.ended), [true, false]);
  await Fake.all[1].finish();
  assert.deepEqual(await third, await hashBlob(blob("c")));
  await assert.rejects(hashers.hash(blob("d"), control.signal), /paused/);
});

test("workers: an error of the file keeps its name", async () => {
  const hashers = fakes(1);
  const job = hashers.hash(blob("a"));
  Fake.all[0].onmessage({ data: { error: { name: "NotReadableError", message: "changed" } } });
  await assert.rejects(job, { name: "NotReadableError", message: "changed" });
});

test("workers: a script that does not load, and a browser without any", async () => {
  const hashers = fakes(1);
  const job = hashers.hash(blob("a"));
  Fake.all[0].onerror({ preventDefault() {} });
  assert.deepEqual(await job, await hashBlob(blob("a")));
  const none = new Hashers({
    spawn: () => {
      throw new TypeError("no workers");
    },
  });
  assert.deepEqual(await none.hash(blob("a")), await hashBlob(blob("a")));
});
