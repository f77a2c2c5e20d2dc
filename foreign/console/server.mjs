// A server of a test's own: firn dev on a free port of the loopback address, with a data directory that goes with it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "./client.mjs";

export const firn = process.env.FIRN_BIN || fileURLToPath(new URL("../../build/firn", import.meta.url));
export const region = "us-east-1";
export const account = "111122223333";
export const root = { id: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };

const patience = 60_000; // milliseconds until a server must have started or ended
const logged = 400; // lines of a server's log that are kept

// Whatever ends this process ends its servers, at once, and takes their data away.
const running = new Set();
process.on("exit", () => {
  for (const server of running) server.abandon();
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));

// Server is one firn. Its data stay over kill and restart, and go with stop.
export class Server {
  #process;
  #ended;
  #options;
  #port = 0;
  #lines = [];

  // profile is firn's own; flags are more of its flags.
  constructor({ profile = "fast", flags = [] } = {}) {
    this.data = mkdtempSync(join(tmpdir(), "firn-console-"));
    this.#options = ["--data", this.data, "--profile", profile, "--region", region, "--account", account,
      "--access-key", root.id, "--secret-key", root.secret, ...flags];
    this.client = new Client(this, root);
    running.add(this);
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  // as: a client that signs with another key.
  as(key) {
    return new Client(this, key);
  }

  // What the server logged, the last of it.
  get log() {
    return this.#lines.join("\n");
  }

  // start returns when the server is ready. The first time it takes a free port, which it keeps.
  async start() {
    assert.ok(!this.#process, "the server runs already");
    const child = spawn(firn, ["dev", "--listen", `127.0.0.1:${this.#port}`, ...this.#options], { stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    this.#ended = once(child, "exit").catch((error) => [error.message]);
    for (const stream of [child.stdout, child.stderr]) this.#follow(stream);
    for (const end = Date.now() + patience; !(await this.#ready()); await pause(20)) {
      if (child.exitCode !== null || child.pid === undefined || Date.now() > end) throw new Error(`${firn} dev is not ready:\n${this.log}`);
    }
    return this;
  }

  #follow(stream) {
    let rest = "";
    stream.setEncoding("utf8").on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines) this.#port ||= Number(line.match(/ at http:\/\/127\.0\.0\.1:(\d+)$/)?.[1] ?? 0);
      this.#lines.push(...lines);
      this.#lines.splice(0, this.#lines.length - logged);
    });
  }

  #ready() {
    if (!this.#port) return false;
    return new Promise((resolve) => {
      // From another address: a connection to a port that nobody listens on may meet itself, and would keep the port and never answer.
      const asked = get(`${this.url}/readyz`, { agent: false, localAddress: "127.0.0.2", timeout: 5000 }, (answer) => resolve(answer.resume().statusCode === 200));
      asked.on("error", () => resolve(false)).on("timeout", () => asked.destroy());
    });
  }

  // kill takes the power away: SIGKILL.
  kill() {
    return this.#end("SIGKILL");
  }

  // halt ends the server in good order, and leaves its data.
  async halt() {
    const [code] = await this.#end("SIGTERM");
    assert.equal(code, 0, `firn ended with ${code}:\n${this.log}`);
  }

  async restart() {
    await this.halt();
    return this.start();
  }

  // stop ends the server in good order, if it runs, and takes its data away.
  async stop() {
    try {
      if (this.#process) await this.halt();
    } finally {
      this.abandon();
    }
  }

  async #end(signal) {
    this.#process.kill(signal);
    const late = setTimeout(() => this.#process.kill("SIGKILL"), patience);
    const how = await this.#ended;
    clearTimeout(late);
    this.#process = undefined;
    return how;
  }

  // abandon does what stop does, without waiting.
  abandon() {
    this.#process?.kill("SIGKILL");
    running.delete(this);
    rmSync(this.data, { recursive: true, force: true, maxRetries: 5 });
  }
}
