// The upload page: files come in by drop or choice, wait for their turn, and show how they do.
//
// What the page has to have, inside one element with data-upload and data-vault="NAME", is in the template
// upload-section:
//
//   [data-upload-ready]         everything that needs JavaScript; hidden until it is there
//   [data-upload-resume]        a sentence; hidden unless the address names an upload to go on with: …&upload=ID
//   [data-upload-description]   an input: the description of the files that are added next
//   [data-upload-drop]          where files are dropped; it has data-over while something is held over it
//   [data-upload-files]         <input type=file multiple>, in it
//   [data-upload-fault]         role=alert: what was not taken, and why
//   [data-upload-totals]        a line about all of them
//   [data-upload-status]        role=status, for screen readers: what ended, and now and then how far it is
//   [data-uploads]              the list; its rows are made of
//   template[data-upload-row]   with [data-name], [data-size], progress[data-progress], [data-text], and buttons
//                               [data-do=pause|resume|retry|cancel]; the row has data-state
//
// and the page has <meta name="firn-csrf">.

import { Hashers } from "./hashers.js";
import { descriptionFault } from "./plan.js";
import { Transport } from "./transport.js";
import { Upload } from "./upload.js";
import { UploadRow } from "./uploadrow.js";
import { bytes, percent, seconds } from "./words.js";

// AT_ONCE is how many files are on their way at once. One file has three connections; browsers have six for a server,
// and the page needs some.
const AT_ONCE = 1;
const REPAINT = 250; // ms
const SPEAK = 3000; // ms between two announcements
const STEP = 25; // percent between two announcements of progress

const same = (a, b) => a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;

class Dropzone {
  #section;
  #rows = [];
  #held = false; // an upload paused by itself: the others would fare alike
  #dirty = new Set();
  #painting = 0;
  #transport = new Transport();
  #hashers = new Hashers();
  #spoken = 0;
  #unsaid = "";
  #speaking = 0;
  #told = 0; // percent

  constructor(section) {
    this.#section = section;
    this.uploadId = new URLSearchParams(location.search).get("upload") ?? "";
    this.#at("ready").hidden = false;
    this.#at("resume").hidden = this.uploadId === "";
    this.#at("files").multiple = this.uploadId === "";
    this.#at("files").addEventListener("change", ({ target }) => {
      this.#add([...target.files].map((file) => ({ file })));
      target.value = ""; // the same file may be chosen again
    });
    this.#at("description").addEventListener("input", ({ target }) => this.#checkDescription(target));
    this.#takeDrops(this.#at("drop"));
    addEventListener("beforeunload", (event) => {
      if (this.#rows.some(({ state }) => state === "running" || state === "waiting")) event.preventDefault();
    });
  }

  #at(name) {
    return this.#section.querySelector(`[data-upload-${name}]`);
  }

  #checkDescription(input) {
    const fault = descriptionFault(input.value.trim());
    input.setCustomValidity(fault);
    input.setAttribute("aria-invalid", String(fault !== ""));
    this.#at("fault").textContent = fault;
    return fault === "";
  }

  // takeDrops lets nothing that was dropped beside the area open in place of the page.
  #takeDrops(area) {
    const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
    addEventListener("dragover", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      const over = area.contains(event.target);
      area.toggleAttribute("data-over", over);
      event.dataTransfer.dropEffect = over ? "copy" : "none";
    });
    addEventListener("dragleave", (event) => {
      if (!area.contains(event.relatedTarget)) area.removeAttribute("data-over");
    });
    addEventListener("drop", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      area.removeAttribute("data-over");
      if (area.contains(event.target)) this.#add(dropped(event.dataTransfer));
    });
  }

  // add takes {file, fresh, folder}s.
  #add(items) {
    const field = this.#at("description");
    if (!this.#checkDescription(field)) return field.focus();
    const faults = [];
    const wanted = this.uploadId === "" ? items : items.slice(0, 1);
    if (wanted.length < items.length) faults.push("An upload is gone on with by one file. The others were not taken.");
    for (const { file, fresh, folder } of wanted) {
      if (folder) faults.push(`${folder} is a folder. Drop the files that are in it, or pack it first.`);
      else if (this.#rows.some((row) => !["done", "cancelled"].includes(row.state) && same(row.upload.file, file))) faults.push(`${file.name} is in the list already.`);
      else this.#enlist(file, fresh, field.value.trim());
    }
    this.#at("fault").textContent = faults.join(" ");
    this.#held = false;
    this.#next();
  }

  #enlist(file, fresh, description) {
    const upload = new Upload(file, {
      vault: this.#section.dataset.vault, description, uploadId: this.uploadId, fresh, transport: this.#transport, hash: this.#hashers.hash,
    });
    const row = new UploadRow(this.#section.querySelector("template[data-upload-row]"), upload, (what, of) => this.#act(what, of));
    row.waiting = true;
    upload.addEventListener("change", () => this.#changed(row));
    upload.addEventListener("progress", () => this.#repaint(row));
    this.#rows.push(row);
    this.#section.querySelector("[data-uploads]").append(row.element);
    this.#repaint(row);
  }

  #act(what, row) {
    if (what === "pause") row.upload.pause();
    if (what === "cancel") {
      row.waiting = false;
      void row.upload.cancel();
    }
    if (what === "resume" || what === "retry") {
      row.waiting = true;
      this.#held = false;
    }
    row.show();
    this.#next();
  }

  // next starts what may go.
  #next() {
    const running = this.#rows.filter(({ upload }) => upload.state === "running").length;
    if (!this.#held && running < AT_ONCE) {
      const row = this.#rows.find(({ waiting }) => waiting);
      if (row) {
        row.waiting = false;
        void row.upload.start();
      } else if (running === 0) {
        this.#hashers.close();
      }
    }
    this.#repaint();
  }

  #changed(row) {
    const { state, note } = row.upload;
    if (state === "paused" && note !== "") this.#held = true;
    if (state !== "running") {
      const said = { done: "stored", paused: "paused", failed: "not stored", cancelled: "cancelled" }[state];
      this.#announce(`${row.name}: ${said}. ${note}`);
      this.#next();
    }
    this.#repaint(row);
  }

  // repaint shows a row, and the totals, soon, and not more often than eyes can follow.
  #repaint(row) {
    if (row) this.#dirty.add(row);
    this.#painting ||= setTimeout(() => {
      this.#painting = 0;
      for (const each of this.#dirty) each.show();
      this.#dirty.clear();
      this.#total();
    }, REPAINT);
  }

  #total() {
    const rows = this.#rows.filter(({ state }) => state !== "cancelled" && state !== "failed");
    const sum = { size: 0, there: 0, rate: 0, stored: 0 };
    for (const { state, upload } of rows) {
      const { size, sent, kept, rate } = upload.progress;
      sum.size += size;
      sum.there += sent + kept;
      sum.rate += rate;
      if (state === "done") sum.stored++;
    }
    const done = percent(sum.there, sum.size);
    const left = sum.rate > 0 && sum.there < sum.size ? `, ${bytes(sum.rate)}/s, ${seconds((sum.size - sum.there) / sum.rate)} left` : "";
    this.#at("totals").textContent = rows.length === 0 ? "" : `${sum.stored} of ${rows.length} stored, ${bytes(sum.there)} of ${bytes(sum.size)}${left}`;
    if (done < this.#told) this.#told = 0; // files were added
    if (done >= this.#told + STEP) {
      this.#told = done - (done % STEP);
      this.#announce(`${done} % sent.`);
    }
  }

  // announce says something to who cannot see it. What comes within three seconds is said together.
  #announce(text) {
    this.#unsaid = `${this.#unsaid} ${text}`.slice(-500);
    this.#speaking ||= setTimeout(() => {
      this.#at("status").textContent = this.#unsaid.trim();
      [this.#unsaid, this.#speaking, this.#spoken] = ["", 0, performance.now()];
    }, Math.max(0, this.#spoken + SPEAK - performance.now()));
  }
}

// dropped lists what came, with a way to look at each file again where the browser has one.
function dropped(transfer) {
  return [...transfer.items].filter(({ kind }) => kind === "file").map((item) => {
    const entry = item.webkitGetAsEntry?.();
    if (entry?.isDirectory) return { folder: entry.name };
    const fresh = entry?.file ? () => new Promise((resolve, reject) => entry.file(resolve, reject)) : undefined;
    return { file: item.getAsFile(), fresh };
  });
}

for (const section of document.querySelectorAll("[data-upload]")) new Dropzone(section);
