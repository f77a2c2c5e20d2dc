// What tests need of Firn's APIs to lay out what the console is to show: a signer of version 4 and a few calls.

import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

const region = "us-east-1";
const MIB = 1 << 20;
const versions = { iam: "2010-05-08", sns: "2010-03-31", sqs: "2012-11-05" };

const sha256 = (...pieces) => pieces.reduce((hash, piece) => hash.update(piece), createHash("sha256")).digest();
const hmac = (key, text) => createHmac("sha256", key).update(text).digest();
const escape = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

// sign returns the headers with an Authorization. path is escaped; query is an object.
export function sign(key, service, method, path, query, headers, body) {
  const now = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const all = { ...headers, "x-amz-date": now, "x-amz-content-sha256": sha256(body).toString("hex") };
  const names = Object.keys(all).map((name) => name.toLowerCase()).sort();
  const lines = names.map((name) => `${name}:${String(all[name]).trim().replace(/ +/g, " ")}\n`);
  const canonical = [method, path, queryString(query), lines.join(""), names.join(";"), all["x-amz-content-sha256"]].join("\n");
  const scope = [now.slice(0, 8), region, service, "aws4_request"];
  const signing = scope.reduce(hmac, `AWS4${key.secret}`);
  const signature = hmac(signing, ["AWS4-HMAC-SHA256", now, scope.join("/"), sha256(canonical).toString("hex")].join("\n")).toString("hex");
  all.authorization = `AWS4-HMAC-SHA256 Credential=${key.id}/${scope.join("/")}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return all;
}

const queryString = (query) => Object.entries(query).map(([k, v]) => `${escape(k)}=${escape(v)}`).sort().join("&");

export function treeHash(data) {
  let level = [];
  for (let at = 0; at < data.length || at === 0; at += MIB) level.push(sha256(data.subarray(at, at + MIB)));
  for (; level.length > 1; level = level.flatMap((_, i) => (i % 2 ? [] : [i + 1 < level.length ? sha256(level[i], level[i + 1]) : level[i]])));
  return level[0].toString("hex");
}

// parallel calls work(0) … work(count-1), width at a time.
export async function parallel(count, width, work) {
  let next = 0;
  const results = new Array(count);
  const worker = async () => {
    while (next < count) {
      const n = next++;
      results[n] = await work(n);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker));
  return results;
}

// Client signs with one key. Calls that are refused throw an Error with status and the API's text.
export class Client {
  #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(server, key) {
    this.server = server;
    this.key = key;
  }

  // request sends one request, signed, and returns {status, headers, body}, whatever the answer.
  request(method, path, { service = "glacier", query = {}, headers = {}, body = "" } = {}) {
    const { port, host } = new URL(this.server.url);
    const bytes = Buffer.from(body);
    const signed = sign(this.key, service, method, path, query, { host, ...headers }, bytes);
    const target = Object.keys(query).length ? `${path}?${queryString(query)}` : path;
    return new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port, method, path: target, agent: this.#agent, headers: { ...signed, "content-length": bytes.length } };
      request(options, (answer) => {
        const pieces = [];
        answer.on("data", (piece) => pieces.push(piece)).on("error", reject)
          .on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(pieces) }));
      }).on("error", reject).end(bytes);
    });
  }

  async #good(...call) {
    const answer = await this.request(...call);
    if (answer.status < 300) return answer;
    throw Object.assign(new Error(`${call[0]} ${call[1]}: ${answer.status} ${answer.body}`), { status: answer.status });
  }

  // glacier calls the vault API below the account: path is a list of what goes between the slashes. It returns {headers, body},
  // the body parsed if it is JSON.
  async glacier(method, path, { headers = {}, json, ...rest } = {}) {
    const call = { headers: { "x-amz-glacier-version": "2012-06-01", ...headers }, ...rest };
    if (json !== undefined) call.body = JSON.stringify(json);
    const { headers: got, body } = await this.#good(method, ["/-", ...path.map(escape)].join("/"), call);
    return { headers: got, body: got["content-type"]?.startsWith("application/json") ? JSON.parse(body) : body };
  }

  // query calls IAM, SNS or SQS, and returns a function that takes values out of the XML: get("Arn").
  async query(service, Action, parameters = {}) {
    const body = queryString({ Action, Version: versions[service], ...parameters });
    const answer = await this.#good("POST", "/", { service, body, headers: { "content-type": "application/x-www-form-urlencoded" } });
    return (name) => answer.body.toString().match(new RegExp(`<${name}>([^<]*)</${name}>`))?.[1];
  }

  createVault(name) {
    return this.glacier("PUT", ["vaults", name]);
  }

  // upload returns the archive's id.
  async upload(vault, body, description = "") {
    const bytes = Buffer.from(body);
    const headers = { "x-amz-sha256-tree-hash": treeHash(bytes), "x-amz-archive-description": description };
    return (await this.glacier("POST", ["vaults", vault, "archives"], { headers, body: bytes })).headers["x-amz-archive-id"];
  }

  // uploadParts uploads in parts of a size, four at a time, and returns the archive's id.
  async uploadParts(vault, data, description, partSize) {
    const uploads = ["vaults", vault, "multipart-uploads"];
    const begin = { "x-amz-part-size": partSize, "x-amz-archive-description": description };
    const upload = [...uploads, (await this.glacier("POST", uploads, { headers: begin })).headers["x-amz-multipart-upload-id"]];
    await parallel(Math.ceil(data.length / partSize), 4, (n) => {
      const body = data.subarray(n * partSize, (n + 1) * partSize);
      const range = `bytes ${n * partSize}-${n * partSize + body.length - 1}/*`;
      return this.glacier("PUT", upload, { headers: { "content-range": range, "x-amz-sha256-tree-hash": treeHash(body) }, body });
    });
    const whole = { "x-amz-archive-size": data.length, "x-amz-sha256-tree-hash": treeHash(data) };
    return (await this.glacier("POST", upload, { headers: whole })).headers["x-amz-archive-id"];
  }

  // fill uploads count small archives, many at a time, and returns their ids. describe(n) is the description of the n-th.
  fill(vault, count, describe = (n) => `archive ${n}`, body = (n) => `archive ${n}`) {
    return parallel(count, 64, (n) => this.upload(vault, body(n), describe(n)));
  }

  // job starts a job and returns its id.
  async job(vault, parameters) {
    return (await this.glacier("POST", ["vaults", vault, "jobs"], { json: parameters })).headers["x-amz-job-id"];
  }

  // finished waits until the job is done and returns its description.
  async finished(vault, id) {
    for (const end = Date.now() + 60_000; Date.now() < end; await pause(50)) {
      const { body } = await this.glacier("GET", ["vaults", vault, "jobs", id]);
      if (body.Completed) return body;
    }
    assert.fail(`job ${id} is not done`);
  }

  // lock locks a vault with a policy; with complete false it stays in the 24 hours of trial. It returns the lock's id.
  async lock(vault, policy, complete = true) {
    const json = { Policy: JSON.stringify(policy) };
    const id = (await this.glacier("POST", ["vaults", vault, "lock-policy"], { json })).headers["x-amz-lock-id"];
    if (complete) await this.glacier("POST", ["vaults", vault, "lock-policy", id]);
    return id;
  }

  // createUser makes a user with attached policies (names) and one of his own (a document), and returns a key of his.
  async createUser(UserName, { attach = [], policy } = {}) {
    await this.query("iam", "CreateUser", { UserName });
    for (const name of attach) await this.query("iam", "AttachUserPolicy", { UserName, PolicyArn: `arn:aws:iam::aws:policy/${name}` });
    if (policy) await this.query("iam", "PutUserPolicy", { UserName, PolicyName: "own", PolicyDocument: JSON.stringify(policy) });
    return this.createKey(UserName);
  }

  async createKey(UserName) {
    const get = await this.query("iam", "CreateAccessKey", { UserName });
    return { id: get("AccessKeyId"), secret: get("SecretAccessKey"), user: UserName };
  }

  setKey(UserName, AccessKeyId, Status) {
    return this.query("iam", "UpdateAccessKey", { UserName, AccessKeyId, Status });
  }
}
