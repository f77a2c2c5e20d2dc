// The way to the vault API: the console's pass-through, which signs what it is given with the key of the session.

// APIError is a refusal: the API's own code and message, or what can be said of a reply that is not the API's.
// status is 0 if there was no reply at all, or not all of it.
export class APIError extends Error {
  constructor(status, code, message, retryAfter = 0) {
    super(message);
    this.name = "APIError";
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter; // seconds, if the reply named them
  }

  // temporary: the same request may succeed later.
  get temporary() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500 || this.code === "ThrottlingException";
  }

  // ofSession: whoever asked is no longer signed in, or has signed in again meanwhile. The API's own 403 has a code.
  get ofSession() {
    return this.status === 401 || (this.status === 403 && this.code === "");
  }

  get gone() {
    return this.status === 404;
  }

  // spoiled: the bytes that arrived are not those that were hashed.
  get spoiled() {
    return /^(Checksum mismatch|The value passed in as x-amz-content-sha256)/.test(this.message);
  }
}

const PLAIN = {
  403: "The session of this page has ended.",
  413: "Something between this browser and Firn does not let a request of this size through (413).",
};

const CONSOLE = "Console"; // the code of what the console refuses by itself

// refusalOf makes an APIError of a reply. What the console says by itself has no code.
export function refusalOf({ status, header, text }) {
  let said = {};
  try {
    said = JSON.parse(text) ?? {};
  } catch {
    // A proxy's page, say. Its status has to do.
  }
  const retryAfter = Number(header("Retry-After")) || 0;
  if (status === 401) return new APIError(status, "", "The session has ended.", retryAfter);
  if (typeof said.code !== "string") return new APIError(status, "", PLAIN[status] ?? `The server answered ${status}.`, retryAfter);
  return new APIError(status, said.code === CONSOLE ? "" : said.code, String(said.message), retryAfter);
}

const through = (path) => `/console/api?path=${encodeURIComponent(path)}`;

const metaOf = (page) => page.querySelector('meta[name="firn-csrf"]');
const whoOf = (page) => page.querySelector('meta[name="firn-who"]')?.content;

// Transport sends with XMLHttpRequest: fetch does not tell how much of a body is on its way, and a part may take
// minutes. Browsers stream a Blob from the disk, so a part's size costs no memory.
export class Transport {
  // send resolves to {status, header(name), text} of a reply in the 200s and fails with an APIError otherwise, or with
  // the reason of signal when that is aborted. onSent is told how many bytes of the body are out.
  send({ method, path, headers = {}, body = null, signal, onSent }) {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const xhr = new XMLHttpRequest();
      const abort = () => xhr.abort();
      signal?.addEventListener("abort", abort, { once: true });
      xhr.open(method, through(path));
      xhr.setRequestHeader("X-Firn-CSRF", metaOf(document)?.content ?? "");
      for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
      if (onSent) xhr.upload.onprogress = (event) => onSent(event.loaded);
      xhr.onload = () => {
        const reply = { status: xhr.status, header: (name) => xhr.getResponseHeader(name), text: xhr.responseText };
        if (xhr.status >= 200 && xhr.status < 300) resolve(reply);
        else reject(refusalOf(reply));
      };
      xhr.onerror = () => reject(new APIError(0, "", "The connection to the server broke."));
      xhr.onabort = () => reject(signal.reason);
      xhr.onloadend = () => signal?.removeEventListener("abort", abort);
      xhr.send(body);
    });
  }

  // renew takes the token of the session that is signed in now from this page as it would be loaded again. If that is somebody else's,
  // the old one stays, and the next request is refused: an upload must not end up in another account.
  async renew() {
    try {
      const reply = await fetch(location.href, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      const fresh = metaOf(page);
      const mine = metaOf(document);
      if (fresh && mine && whoOf(page) === whoOf(document)) mine.content = fresh.content;
    } catch {
      // The next request will say what is wrong.
    }
  }
}
