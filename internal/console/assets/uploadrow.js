// A row of the list of uploads: its markup is the template data-upload-row of the page.

import { bytes, percent, seconds } from "./words.js";

const OFFERED = {
  waiting: ["cancel"], running: ["pause", "cancel"], paused: ["resume", "cancel"], failed: ["retry", "cancel"], done: [], cancelled: [],
};

// UploadRow shows one upload. act(what, row) is called with what a button does: pause, resume, retry or cancel.
export class UploadRow {
  waiting = false; // for its turn

  #buttons;

  constructor(template, upload, act) {
    this.upload = upload;
    this.element = template.content.firstElementChild.cloneNode(true);
    this.name = upload.file.name;
    this.#at("[data-name]").textContent = this.name;
    this.#at("[data-size]").textContent = bytes(upload.file.size);
    this.#at("[data-progress]").setAttribute("aria-label", `${this.name}, sent`);
    this.#buttons = [...this.element.querySelectorAll("[data-do]")];
    for (const button of this.#buttons) {
      button.setAttribute("aria-label", `${button.textContent} ${this.name}`);
      button.addEventListener("click", () => act(button.dataset.do, this));
    }
    this.show();
  }

  // state is the upload's, or waiting.
  get state() {
    return this.waiting || this.upload.state === "new" ? "waiting" : this.upload.state;
  }

  #at(selector) {
    return this.element.querySelector(selector);
  }

  // show brings the row up to date.
  show() {
    const { state } = this;
    const { size, sent, kept } = this.upload.progress;
    this.element.dataset.state = state;
    this.#at("[data-progress]").value = state === "done" ? 1 : (sent + kept) / Math.max(1, size);
    this.#at("[data-text]").textContent = this.#text(state);
    const focused = this.#buttons.find((button) => button === document.activeElement);
    for (const button of this.#buttons) button.hidden = !OFFERED[state].includes(button.dataset.do);
    if (focused?.hidden) (this.#buttons.find((button) => !button.hidden) ?? this.element).focus();
  }

  #text(state) {
    const { upload } = this;
    const reason = [upload.code, upload.note].filter(Boolean).join(": ");
    switch (state) {
      case "waiting":
        return "Waiting for its turn.";
      case "running":
        return [this.#going(), upload.note].filter(Boolean).join(" ");
      case "paused":
        return `Paused. ${reason}`;
      case "failed":
        return `Not stored. ${reason}`;
      case "cancelled":
        return `Cancelled. ${reason}`;
      default:
        return `Stored as archive ${upload.archiveId}, “${upload.description}”, tree hash ${upload.treeHash}.`;
    }
  }

  #going() {
    const { size, hashed, sent, kept, rate, eta } = this.upload.progress;
    const there = sent + kept;
    if (there === size) return "Completing.";
    if (sent === 0) return `Hashing, ${percent(hashed, size)} %.${kept > 0 ? ` ${bytes(kept)} had arrived before.` : ""}`;
    return `${percent(there, size)} %, ${bytes(there)}${rate > 0 ? ` at ${bytes(rate)}/s` : ""}${eta === null ? "" : `, ${seconds(eta)} left`}.`;
  }
}
