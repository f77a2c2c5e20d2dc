// Time: waiting between tries, and how fast something goes.

const FIRST = 1000; // ms
const LONGEST = 60_000;
const LONGEST_ASKED = 300_000;

// delay returns how many ms to wait after so many failed tries: twice as long each time, up to a minute, and between
// half and all of that, so that those who failed together do not come back together. A server that asked for a time
// gets it, up to five minutes. random is in [0, 1).
export function delay(tries, random, asked = 0) {
  const most = Math.min(LONGEST, FIRST * 2 ** (tries - 1));
  return Math.max(most * (0.5 + random / 2), Math.min(LONGEST_ASKED, asked * 1000));
}

// clock is the time of the browser. Tests have their own.
export const clock = {
  now: () => performance.now(),
  random: () => Math.random(),

  // wait resolves after ms, or fails with the reason of signal.
  wait: (ms, signal) => new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const end = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", end);
      resolve();
    }, ms);
    signal.addEventListener("abort", end, { once: true });
  }),

  offline: () => globalThis.navigator?.onLine === false,

  // online resolves when the browser says that there is a network.
  online: (signal) => new Promise((resolve, reject) => {
    signal.throwIfAborted();
    addEventListener("online", resolve, { once: true, signal });
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  }),
};

const WINDOW = 10_000; // ms
const STEP = 250;

// Rate is bytes per second over the last ten seconds.
export class Rate {
  #now;
  #total = 0;
  #marks = []; // [time, total], at most one every 250 ms

  constructor(now) {
    this.#now = now;
    this.restart();
  }

  // restart forgets what was, after a pause.
  restart() {
    this.#total = 0;
    this.#marks = [[this.#now(), 0]];
  }

  add(bytes) {
    this.#total += bytes;
    const now = this.#now();
    if (now - this.#marks.at(-1)[0] >= STEP) this.#marks.push([now, this.#total]);
    while (this.#marks.length > 1 && this.#marks[1][0] <= now - WINDOW) this.#marks.shift();
  }

  // perSecond is 0 until a second has passed.
  perSecond() {
    const [since, before] = this.#marks[0];
    const time = this.#now() - since;
    return time < 1000 ? 0 : ((this.#total - before) * 1000) / time;
  }
}
