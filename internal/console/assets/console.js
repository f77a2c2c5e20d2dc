// What every page has beside its forms: copying commands, asking before what
// cannot be undone and before typed text is lost, what an action came to, and
// times in the visitor's own zone.

for (const pre of document.querySelectorAll("pre[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(pre.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(pre); // no clipboard without TLS: ready for Ctrl+C
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  pre.after(button);
}

for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(form.dataset.confirm)) event.preventDefault();
  });
}

// Who leaves a page with a text that he has changed and not sent is asked first, as who leaves one that came back without having
// been saved: data-unsaved.
let sent; // the form that is on its way
document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented) sent = event.target;
});
addEventListener("pageshow", () => (sent = undefined));
addEventListener("beforeunload", (event) => {
  const typed = [...document.querySelectorAll("textarea:not([readonly])")];
  if (typed.some((field) => field.form !== sent && ("unsaved" in field.dataset || field.value !== field.defaultValue))) event.preventDefault();
});

// What an action came to is read out because the focus goes there: what is in a page from its beginning is mostly not.
document.querySelector("[data-said]")?.focus({ preventScroll: true });

function localTimes(part) {
  for (const time of part.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!isNaN(at)) time.title = at.toLocaleString();
  }
}
localTimes(document);
document.addEventListener("firn:live", (event) => localTimes(event.target)); // what live.js has replaced
