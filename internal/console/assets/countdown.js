// Counts down what is left of a lock's time, as the server had it when it made the page: the visitor's clock may be wrong.
// That clock goes on while the computer sleeps, and the page's own may not: what has gone further counts.

const began = { page: performance.now(), clock: Date.now() };
const gone = () => Math.max(performance.now() - began.page, Date.now() - began.clock) / 1000;

function show(time) {
  const left = Math.max(0, Math.floor(Number(time.dataset.left) - gone()));
  const hours = Math.floor(left / 3600), minutes = Math.floor(left / 60) % 60;
  time.textContent = left > 0 ? `${hours} h ${minutes} min ${left % 60} s` : "no time";
  return left > 0;
}

for (const time of document.querySelectorAll("time.countdown[data-left]")) {
  show(time);
  const timer = setInterval(() => show(time) || clearInterval(timer), 1000);
}
