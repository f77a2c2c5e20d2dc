// Keeps parts of a page as the server has them: elements with an id and data-live, the address of a page that has them, too. It is asked
// for every data-every seconds, which each answer says anew; without data-every, or with 0, not any more. A page that nobody sees, or
// that cannot be had, is asked for less often. What data-say says is read out when it changes.
//
// The answers are pages of the console, made on the server, and take the place of what was there: focus, scrolling and what was
// unfolded stay. Nothing is replaced while somebody types or selects in it.

const slowest = 60; // seconds
const patience = 20_000; // ms for an answer
const given = new WeakMap(); // region: what it was last replaced with

let timer;
let failures = 0;
let over = false;
let asking = false;

const regions = () => [...document.querySelectorAll("[data-live][id]")].filter((region) => Number(region.dataset.every) > 0);

const status = document.createElement("p");
status.className = "unseen";
status.setAttribute("role", "status");
document.querySelector("main").append(status);

function plan() {
  clearTimeout(timer);
  const pace = Math.min(...regions().map((region) => Number(region.dataset.every)));
  if (over || !Number.isFinite(pace)) return;
  const seconds = Math.min(pace * 2 ** failures, Math.max(pace, slowest));
  timer = setTimeout(refresh, 1000 * (document.hidden ? Math.max(seconds, slowest) : seconds));
}

async function refresh() {
  if (asking || over) return;
  asking = true;
  try {
    for (const address of new Set(regions().map((region) => region.dataset.live))) await ask(address);
    failures = 0;
  } catch {
    failures = Math.min(failures + 1, 5); // the server may be starting anew
  }
  asking = false;
  plan();
}

async function ask(address) {
  const answer = await fetch(address, { headers: { "X-Firn-Live": "1" }, redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(patience) });
  if (answer.type === "opaqueredirect" || answer.status === 401) return end("The session has ended, and what stands here is not renewed. Sign in again.", true);
  if (answer.status === 403 || answer.status === 404) return end("What was shown here is not there any more.");
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const region of regions()) {
    const other = region.dataset.live === address && fresh.getElementById(region.id);
    if (other) replace(region, other);
  }
}

// end stops, and says why where everybody sees it.
function end(text, again) {
  over = true;
  const notice = document.createElement("p");
  notice.className = "notice warn";
  notice.setAttribute("role", "alert");
  notice.append(text);
  if (again) {
    const link = document.createElement("a");
    link.href = location.href; // leads to the first page, and back
    link.textContent = "Load this page again";
    notice.append(" ", link);
  }
  document.querySelector("h1").after(notice);
}

function replace(region, fresh) {
  const busy = document.activeElement;
  if (region.contains(busy) && busy.matches("input, select, textarea")) return;
  const selected = getSelection();
  if (!selected.isCollapsed && region.contains(selected.anchorNode)) return;
  const said = region.dataset.say;
  for (const name of ["every", "say"]) {
    if (name in fresh.dataset) region.dataset[name] = fresh.dataset[name];
    else delete region.dataset[name];
  }
  if (region.dataset.say && region.dataset.say !== said) status.textContent = region.dataset.say;
  const source = fresh.innerHTML;
  if (given.get(region) === source) return;
  given.set(region, source);
  const restore = [keepFocus(region), keepScroll(region), keepOpen(region)];
  region.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
  for (const back of restore) back();
  region.dispatchEvent(new CustomEvent("firn:live", { bubbles: true }));
}

const likeness = (e) => [e.tagName, e.id, ...["href", "name", "aria-label"].map((name) => e.getAttribute(name))].join(" ");

function keepFocus(region) {
  const focused = document.activeElement;
  if (!region.contains(focused) || focused === region) return () => {};
  const alike = () => [...region.querySelectorAll(focused.tagName)].filter((e) => likeness(e) === likeness(focused));
  const n = alike().indexOf(focused);
  return () => alike().at(n)?.focus({ preventScroll: true });
}

function keepScroll(region) {
  const boxes = () => [...region.querySelectorAll(".scroll")];
  const places = boxes().map((box) => [box.scrollLeft, box.scrollTop]);
  return () => boxes().forEach((box, n) => places[n] && box.scrollTo(...places[n]));
}

function keepOpen(region) {
  const folds = () => [...region.querySelectorAll("details")];
  const open = folds().map((fold) => fold.open);
  return () => folds().forEach((fold, n) => open[n] !== undefined && (fold.open = open[n]));
}

document.addEventListener("visibilitychange", () => (document.hidden ? plan() : refresh()));
plan();
