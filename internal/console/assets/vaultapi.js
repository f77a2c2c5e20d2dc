// The requests of Glacier's API that an upload is made of.

const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"; // SHA-256 of nothing

// VaultAPI asks for one vault. Its transport is told {method, path, headers, body, signal, onSent}, resolves to
// {header(name), text} and fails with an APIError.
export class VaultAPI {
  #transport;
  #vault;

  constructor(transport, vault) {
    this.#transport = transport;
    this.#vault = `/-/vaults/${encodeURIComponent(vault)}`;
  }

  #send(method, path, headers, rest) {
    return this.#transport.send({ method, path: this.#vault + path, headers, ...rest });
  }

  #upload = (id) => `/multipart-uploads/${encodeURIComponent(id)}`;

  // archive stores a small file and resolves to the id of the archive.
  async archive(blob, { linear, tree }, description, signal, onSent) {
    const headers = { "x-amz-content-sha256": linear, "x-amz-sha256-tree-hash": tree, "x-amz-archive-description": description };
    const reply = await this.#send("POST", "/archives", headers, { body: blob, signal, onSent });
    return reply.header("x-amz-archive-id");
  }

  async initiate(partSize, description, signal) {
    const headers = { "x-amz-content-sha256": EMPTY, "x-amz-part-size": String(partSize), "x-amz-archive-description": description };
    const reply = await this.#send("POST", "/multipart-uploads", headers, { signal });
    return reply.header("x-amz-multipart-upload-id");
  }

  async part(id, first, blob, { linear, tree }, signal, onSent) {
    const headers = {
      "Content-Range": `bytes ${first}-${first + blob.size - 1}/*`, "x-amz-content-sha256": linear, "x-amz-sha256-tree-hash": tree,
    };
    await this.#send("PUT", this.#upload(id), headers, { body: blob, signal, onSent });
  }

  // parts is a page of what is there: {partSize, description, parts: [{first, size, tree}], marker}. The marker of
  // the last page is null.
  async parts(id, marker, signal) {
    const query = marker === null ? "" : `?marker=${encodeURIComponent(marker)}`;
    const said = JSON.parse((await this.#send("GET", this.#upload(id) + query, {}, { signal })).text);
    const parts = said.Parts.map(({ RangeInBytes, SHA256TreeHash }) => {
      const [first, last] = RangeInBytes.split("-").map(Number);
      return { first, size: last - first + 1, tree: SHA256TreeHash };
    });
    return { partSize: said.PartSizeInBytes, description: said.ArchiveDescription ?? "", parts, marker: said.Marker };
  }

  // complete resolves to the id of the archive. Asked again it answers the same.
  async complete(id, size, tree, signal) {
    const headers = { "x-amz-content-sha256": EMPTY, "x-amz-archive-size": String(size), "x-amz-sha256-tree-hash": tree };
    const reply = await this.#send("POST", this.#upload(id), headers, { signal });
    return reply.header("x-amz-archive-id");
  }

  // probe fails as a request with a body would, if the upload or, without an id, the vault is not there.
  async probe(id, signal) {
    await this.#send("GET", id === "" ? "" : `${this.#upload(id)}?limit=1`, {}, { signal });
  }

  async abort(id) {
    await this.#send("DELETE", this.#upload(id), {}, {});
  }
}
