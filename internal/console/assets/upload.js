// One file on its way to one vault. Nothing here knows of a page: dropzone.js shows what happens.

import { clock as browserClock, Rate, delay } from "./clock.js";
import { browserMemory } from "./memory.js";
import { MOST_PARTS, SINGLE, describe, descriptionFault, lanes, partSize, refusal } from "./plan.js";
import { hex, unhex } from "./sha256.js";
import { APIError } from "./transport.js";
import { root } from "./treehash.js";
import { VaultAPI } from "./vaultapi.js";

const TRIES = 10; // of one request, before the upload pauses
const RENEWALS = 3; // of uploads that were gone, in one run
const CHANGED = "The file changed, or can no longer be read. Nothing was stored of it. Choose it again to send it as it is now.";
const OTHER = "These are not the bytes with which the upload was begun. Choose the file that it was begun with.";
const LONG_NAME = "The file's name is too long for a description. Type one.";
const BEYOND = "The upload was begun with a file larger than this one. Choose the file that it was begun with.";

// A Stop ends a run with a state.
class Stop extends Error {
  constructor(state, message = "", code = "") {
    super(message);
    this.state = state;
    this.code = code;
  }
}

const isUnreadable = (error) => ["NotReadableError", "NotFoundError", "SecurityError"].includes(error?.name);

// Upload sends a file to a vault. It is "new", then "running", and comes to "done", "paused", "failed" or "cancelled";
// from paused and failed it may run again. A "change" event tells of a new state, description or note, "progress" of
// bytes. It fails with the API's own code and message, and never stores anything but the whole file as it was when it
// was chosen.
//
// An archive of up to 8 MiB goes in one request. If the connection breaks before the answer, that request is repeated,
// and may then have made two archives: UploadArchive has no way to ask. Larger files go in parts, and are stored once.
//
// Options: vault; description, "" for the file's name; uploadId, to go on with an upload that is there; parallel, how
// many parts at once; fresh, a function that resolves to the file as it is on the disk now, where the browser has one;
// and what the page provides: transport, hash(blob, signal), memory, clock.
export class Upload extends EventTarget {
  state = "new";
  note = ""; // a sentence for the user, or ""
  code = ""; // the API's, of a refusal
  archiveId = "";
  treeHash = "";

  #file; #name; #size; #modified; #fresh; #vault; #api; #transport; #hash; #memory; #clock; #parallel;
  #typed; // the description is the user's
  #foreign; // the id came from the user: nothing says that its bytes are this file's
  #uploadId;
  #partSize = 0; // 0: not opened, nothing known of the parts
  #listed = new Map(); // what was there: part number to {size, tree}
  #trees = []; // of the parts that are there and right
  #kept = 0; // bytes that were there
  #confirmed = 0; // bytes that this object sent
  #flying = new Map(); // part number to bytes on their way
  #hashes = new Map(); // of parts that have not arrived, by number: a pause does not cost them
  #hashed = 0;
  #rate;
  #control = new AbortController();
  #running = Promise.resolve();
  #renewToken = false;
  #completing = false;

  constructor(file, { vault, description = "", uploadId = "", parallel = 3, fresh, transport, hash, memory = browserMemory(), clock = browserClock }) {
    super();
    [this.#file, this.#name, this.#size, this.#modified] = [file, file.name, file.size, file.lastModified];
    [this.#vault, this.#api, this.#transport, this.#hash] = [vault, new VaultAPI(transport, vault), transport, hash];
    [this.#memory, this.#clock, this.#parallel, this.#fresh] = [memory, clock, parallel, fresh];
    [this.#typed, this.description] = [description !== "", description || describe(file)];
    [this.#uploadId, this.#foreign] = [uploadId, uploadId !== ""];
    this.#rate = new Rate(clock.now);
  }

  get file() {
    return this.#file;
  }

  get uploadId() {
    return this.#uploadId;
  }

  // progress is {size, hashed, sent, kept, rate, eta}, in bytes, bytes per second and seconds; kept bytes were there
  // before. eta is null while nobody knows.
  get progress() {
    const flying = [...this.#flying.values()].reduce((sum, n) => sum + n, 0);
    const sent = this.#confirmed + flying;
    const rate = this.state === "running" ? this.#rate.perSecond() : 0;
    const eta = rate > 0 ? Math.ceil((this.#size - this.#kept - sent) / rate) : null;
    return { size: this.#size, hashed: this.#hashed, sent, kept: this.#kept, rate, eta };
  }

  // start runs until the upload is done or stops, and resolves then. It never fails; state says what came of it.
  start() {
    if (!["new", "paused", "failed"].includes(this.state)) return this.#running;
    const before = this.#running;
    this.#control = new AbortController();
    this.#rate.restart();
    this.#become("running");
    this.#running = before.then(() => this.#run(this.#control));
    return this.#running;
  }

  resume() {
    return this.start();
  }

  // pause gives up the parts that are on their way; those that have arrived stay.
  pause(note = "") {
    if (this.state === "running") this.#halt(new Stop("paused", note));
  }

  // cancel ends the upload and gives its parts up. It resolves when that is done or has failed.
  async cancel() {
    if (this.state === "done" || this.state === "cancelled") return;
    this.#halt(new Stop("cancelled"));
    await this.#running;
    if (this.state === "done" || this.#partSize === 0) return;
    this.#memory.forget(this.#vault, this.#file);
    try {
      await this.#api.abort(this.#uploadId);
    } catch (error) {
      const late = error.gone && this.#completing;
      this.#become("cancelled", late ? "It was too late: the archive may have been stored." : `Its parts stay until they expire: ${error.message}`);
    }
  }

  #become(state, note = "", code = "") {
    [this.state, this.note, this.code] = [state, note, code];
    this.dispatchEvent(new Event("change"));
  }

  // say puts another note to a run, if it still goes.
  #say(note) {
    if (this.state !== "running") return;
    this.note = note;
    this.dispatchEvent(new Event("change"));
  }

  #moved() {
    this.dispatchEvent(new Event("progress"));
  }

  // halt takes effect at once for who looks; the run ends when everything on its way has.
  #halt(stop) {
    this.#become(stop.state, stop.message, stop.code);
    this.#control.abort(stop);
  }

  async #run(control) {
    if (this.state === "done") return; // the run before was too far to be paused
    try {
      control.signal.throwIfAborted();
      if (this.#renewToken) await this.#transport.renew?.();
      this.#renewToken = false;
      await this.#send(control);
      this.#memory.forget(this.#vault, this.#file);
      this.#become("done");
    } catch (error) {
      if (!control.signal.aborted) this.#halt(this.#stopOf(error));
    } finally {
      this.#flying.clear();
    }
  }

  #stopOf(error) {
    if (error instanceof Stop) return error;
    if (isUnreadable(error)) return new Stop("failed", CHANGED);
    return new Stop("failed", error.message, error.code ?? "");
  }

  async #send(control) {
    const fault = refusal(this.#size) || this.#descriptionFault();
    if (fault) throw new Stop("failed", fault);
    if (this.#uploadId === "" && this.#size <= SINGLE) return this.#single(control.signal);
    for (let renewals = 0; ; renewals++) {
      try {
        if (this.#partSize === 0) await this.#open(control.signal);
        await this.#sendParts(control);
        return await this.#complete(control.signal);
      } catch (error) {
        control.signal.throwIfAborted();
        if (!(error instanceof APIError && error.gone) || renewals === RENEWALS) throw error;
        this.#beginAnew();
      }
    }
  }

  #descriptionFault() {
    const fault = descriptionFault(this.description);
    return fault && !this.#typed ? LONG_NAME : fault;
  }

  // beginAnew forgets an upload that is gone.
  #beginAnew() {
    this.#memory.forget(this.#vault, this.#file);
    [this.#uploadId, this.#foreign, this.#partSize, this.#completing] = ["", false, 0, false];
    [this.#kept, this.#confirmed, this.#hashed, this.#trees] = [0, 0, 0, []];
    for (const map of [this.#listed, this.#flying, this.#hashes]) map.clear();
    this.#say("The upload was no longer there, and begins anew.");
  }

  async #single(signal) {
    const part = { index: 0, blob: this.#file, hashes: await this.#hashOf(0, this.#file, signal) };
    await this.#checkUnchanged();
    this.archiveId = await this.#carry(part, signal, (onSent) => this.#api.archive(part.blob, part.hashes, this.description, signal, onSent));
    this.treeHash = part.hashes.tree;
  }

  // open finds the upload that there is, or begins one.
  async #open(signal) {
    const known = this.#uploadId === "" ? this.#memory.recall(this.#vault, this.#file) : null;
    this.#uploadId ||= known?.uploadId ?? "";
    const part = this.#uploadId === "" ? await this.#initiate(signal) : await this.#list(signal);
    signal.throwIfAborted();
    this.#partSize = part;
    this.#memory.keep(this.#vault, this.#file, { uploadId: this.#uploadId, begun: Date.now() });
    this.#say(this.note);
  }

  async #initiate(signal) {
    const part = partSize(this.#size);
    try {
      this.#uploadId = await this.#persist(signal, () => this.#api.initiate(part, this.description, signal));
    } catch (error) {
      // What is missing here is the vault.
      throw error instanceof APIError ? this.#stopOf(error) : error;
    }
    return part;
  }

  async #list(signal) {
    let page = { marker: null };
    do {
      const { marker } = page;
      page = await this.#persist(signal, () => this.#api.parts(this.#uploadId, marker, signal));
      for (const { first, size, tree } of page.parts) this.#listed.set(first / page.partSize, { size, tree });
    } while (page.marker !== null);
    if (page.description !== this.description && this.#typed) this.note = "It keeps the description with which it was begun.";
    this.description = page.description;
    await this.#checkListed(page.partSize, signal);
    return page.partSize;
  }

  // checkListed looks whether the parts that are there can be of this file. Of an upload that the user pointed at it
  // tries three, so that a file chosen by mistake does not overwrite the right one.
  async #checkListed(part, signal) {
    const there = [...this.#listed.keys()];
    if (there.some((index) => index * part >= this.#size) || this.#size > part * MOST_PARTS) {
      throw this.#foreign ? new Stop("failed", BEYOND) : new APIError(404, "", BEYOND);
    }
    if (!this.#foreign || there.length === 0) return;
    for (const index of new Set([there[0], there[there.length >> 1], there.at(-1)])) {
      const { tree } = await this.#hashOf(index, this.#slice(index, part), signal);
      if (this.#listed.get(index).tree === tree) return;
    }
    throw new Stop("failed", OTHER);
  }

  #slice(index, part = this.#partSize) {
    return this.#file.slice(index * part, Math.min((index + 1) * part, this.#size));
  }

  // sendParts has some parts on their way at a time. The first that cannot be sent stops the others, and all have
  // ended when it returns.
  async #sendParts(control) {
    const count = Math.ceil(this.#size / this.#partSize);
    let next = 0;
    const lane = async () => {
      while (next < count) {
        const index = next++;
        if (this.#trees[index] === undefined) await this.#part(index, stop.signal);
      }
    };
    control.signal.throwIfAborted();
    const stop = new AbortController();
    const end = () => stop.abort(control.signal.reason);
    control.signal.addEventListener("abort", end);
    const guarded = () => lane().catch((error) => {
      stop.abort(error);
      throw error;
    });
    await Promise.allSettled(Array.from({ length: lanes(this.#partSize, this.#parallel) }, guarded));
    control.signal.removeEventListener("abort", end);
    if (stop.signal.aborted) throw stop.signal.reason;
  }

  async #hashOf(index, blob, signal) {
    const known = this.#hashes.get(index);
    if (known) return known;
    const hashes = await this.#hash(blob, signal);
    signal.throwIfAborted();
    this.#hashes.set(index, hashes);
    this.#hashed += blob.size;
    this.#moved();
    return hashes;
  }

  async #part(index, signal) {
    const part = { index, blob: this.#slice(index) };
    part.hashes = await this.#hashOf(index, part.blob, signal);
    const there = this.#listed.get(index);
    if (there?.size === part.blob.size && there.tree === part.hashes.tree) {
      this.#kept += part.blob.size;
    } else {
      const first = index * this.#partSize;
      await this.#carry(part, signal, (onSent) => this.#api.part(this.#uploadId, first, part.blob, part.hashes, signal, onSent));
    }
    this.#trees[index] = part.hashes.tree;
    this.#hashes.delete(index);
    this.#moved();
  }

  // carry repeats a request with a body until it has arrived.
  async #carry(part, signal, request) {
    const { index, blob } = part;
    const onSent = (bytes) => {
      const sent = Math.min(bytes, blob.size);
      this.#rate.add(Math.max(0, sent - (this.#flying.get(index) ?? 0)));
      this.#flying.set(index, sent);
      this.#moved();
    };
    const reply = await this.#persist(signal, async () => {
      try {
        return await request(onSent);
      } catch (error) {
        this.#flying.delete(index);
        if (error instanceof APIError && !signal.aborted) await this.#inquire(error, part, signal);
        throw error;
      }
    });
    onSent(blob.size);
    this.#flying.delete(index);
    this.#confirmed += blob.size;
    return reply;
  }

  // inquire looks for the reason of a failure, and fails with it. The file may have changed after it was hashed. And
  // a server that refuses before it has read the whole body closes the connection, so that browsers see the reply
  // seldom: a request without a body gets to know.
  async #inquire(error, { blob, hashes }, signal) {
    if (error.spoiled && (await this.#hash(blob, signal)).tree !== hashes.tree) throw new Stop("failed", CHANGED);
    if (error.status !== 0) return;
    await blob.slice(0, 1).arrayBuffer();
    try {
      await this.#api.probe(this.#uploadId, signal);
    } catch (reason) {
      if (signal.aborted || reason.gone || reason.ofSession) throw reason;
    }
  }

  async #complete(signal) {
    await this.#checkUnchanged();
    const tree = hex(root(this.#trees.map(unhex)));
    this.#completing = true;
    this.archiveId = await this.#persist(signal, () => this.#api.complete(this.#uploadId, this.#size, tree, signal));
    this.treeHash = tree;
  }

  // checkUnchanged asks the disk where the browser lets it; the File itself goes on saying what it was.
  async #checkUnchanged() {
    const now = (await this.#fresh?.()) ?? this.#file;
    if (now.size !== this.#size || now.lastModified !== this.#modified) throw new Stop("failed", CHANGED);
  }

  // persist repeats what fails for a time.
  async #persist(signal, request) {
    for (let tries = 1; ; tries++) {
      try {
        const reply = await request();
        if (tries > 1) this.#say("");
        return reply;
      } catch (error) {
        if (!(error instanceof APIError) || signal.aborted) throw error;
        if (error.ofSession) {
          this.#renewToken = true;
          throw new Stop("paused", `${error.message} Sign in again in another tab, then resume here.`);
        }
        if (!error.temporary && !error.spoiled) throw error;
        if (tries === TRIES) throw new Stop("paused", `${error.message} It was tried ${TRIES} times. Resume when you like.`, error.code);
        await this.#rest(error, tries, signal);
      }
    }
  }

  async #rest(error, tries, signal) {
    if (this.#clock.offline()) {
      this.#say("There is no network. It goes on when there is.");
      await this.#clock.online(signal);
    }
    const ms = delay(tries, this.#clock.random(), error.retryAfter);
    this.#say(`${error.message} Trying again in ${Math.ceil(ms / 1000)} s.`);
    await this.#clock.wait(ms, signal);
  }
}
