// A session with aws-sdk, version 2, in the manner of the tools that were written for it: an empty range, streamed output whose
// length comes from the job's description, errors known by their code.

import assert from "node:assert/strict";
import AWS from "aws-sdk";
import { AWS_REGION, ENDPOINT, MIB, csv, descriptions, finished, isNode, keys, refused, same, sameBytes, tar, treeHash, walk } from "./compare.mjs";

const connect = (credentials = keys) => new AWS.Glacier({ endpoint: ENDPOINT, region: AWS_REGION, credentials });

const glacier = connect();
const [vaultName, kept, missing] = ["jssdk2.session", "jssdk2.kept", "jssdk2.none"];
const call = (operation, parameters) => glacier[operation]({ vaultName, ...parameters }).promise();
const book = [];
let account;

const arn = (name) => `arn:aws:glacier:${AWS_REGION}:${account}:vaults/${name}`;

async function vaults() {
  const { location } = await call("createVault");
  [, account] = location.match(/^\/(\d{12})\/vaults\/jssdk2\.session$/);
  same("second location", (await call("createVault")).location, location);
  await call("createVault", { vaultName: kept });
  await glacier.waitFor("vaultExists", { vaultName }).promise();
  const vault = await call("describeVault");
  same("vault", [vault.VaultARN, vault.NumberOfArchives, vault.SizeInBytes], [arn(vaultName), 0, 0]);
  const names = [];
  await new Promise((resolve, reject) => glacier.listVaults({ limit: "1" }).eachPage((error, page, done) => {
    if (error) return reject(error);
    if (!page) return resolve();
    names.push(...page.VaultList.map((v) => v.VaultName));
    return done();
  }));
  same("vaults by pages of 1", names.filter((name) => name.startsWith("jssdk2.")), [kept, vaultName]);
  await call("addTagsToVault", { Tags: { colour: "blue", empty: "" } });
  await call("removeTagsFromVault", { TagKeys: ["empty"] });
  same("tags", (await call("listTagsForVault")).Tags, { colour: "blue" });
}

function keep(answer, data, description = "") {
  same("checksum", answer.checksum, treeHash(data));
  same("SDK's own tree hash", glacier.computeChecksums(data).treeHash, answer.checksum);
  same("location", answer.location, `/${account}/vaults/${vaultName}/archives/${answer.archiveId}`);
  book.push({ ArchiveId: answer.archiveId, ArchiveDescription: description, Size: data.length, SHA256TreeHash: treeHash(data), data });
}

async function upload() {
  for (const [i, archiveDescription] of descriptions.entries()) {
    const body = i === 0 ? tar : tar.subarray(i, i + 1 + (i - 1) * (MIB - 7));
    keep(await call("uploadArchive", { archiveDescription, body }), body, archiveDescription);
  }
  const [checksum, body] = ["0".repeat(64), Buffer.from("bytes")];
  await refused("wrong tree hash", "InvalidParameterValueException", `Checksum mismatch: expected ${checksum}, computed ${treeHash(body)}`,
    () => call("uploadArchive", { body, checksum }));
}

async function parts() {
  const data = tar.subarray(MIB / 2, MIB / 2 + 5 * MIB + 77);
  const { uploadId } = await call("initiateMultipartUpload", { partSize: `${2 * MIB}`, archiveDescription: descriptions[3] });
  for (const at of [4 * MIB, 0, 2 * MIB]) {
    const body = data.subarray(at, at + 2 * MIB);
    await call("uploadMultipartPart", { uploadId, body, range: `bytes ${at}-${at + body.length - 1}/*` });
  }
  const listed = await call("listParts", { uploadId, limit: "2" });
  const rest = await call("listParts", { uploadId, marker: listed.Marker });
  same("parts by pages of 2", [...listed.Parts, ...rest.Parts].map((part) => part.RangeInBytes), ["0-2097151", "2097152-4194303", `4194304-${data.length - 1}`]);
  same("uploads", (await call("listMultipartUploads")).UploadsList.map((u) => u.MultipartUploadId), [uploadId]);
  const whole = { uploadId, archiveSize: `${data.length}`, checksum: treeHash(data) };
  await refused("wrong tree hash", "InvalidParameterValueException", `Invalid x-amz-sha256-tree-hash: ${"1".repeat(64)}`,
    () => call("completeMultipartUpload", { ...whole, checksum: "1".repeat(64) }));
  const answer = await call("completeMultipartUpload", whole);
  same("second complete", (await call("completeMultipartUpload", whole)).archiveId, answer.archiveId);
  keep(answer, data, descriptions[3]);
  const aborted = await call("initiateMultipartUpload", { partSize: `${MIB}` });
  await call("abortMultipartUpload", { uploadId: aborted.uploadId });
  same("uploads after an abort", (await call("listMultipartUploads")).UploadsList, []);
}

async function start(jobParameters) {
  const { jobId } = await call("initiateJob", { jobParameters });
  return finished(() => call("describeJob", { jobId }));
}

// Streams a job's output and compares it; an empty range goes out as an empty Range header, signed.
async function stream(jobId, want, range = "") {
  const chunks = [];
  for await (const chunk of glacier.getJobOutput({ vaultName, jobId, range }).createReadStream()) chunks.push(chunk);
  sameBytes(`streamed output ${range}`, Buffer.concat(chunks), want);
}

async function retrieve() {
  const { ArchiveId, SHA256TreeHash } = book[0];
  const job = await start({ Type: "archive-retrieval", ArchiveId, Tier: "Bulk" });
  same("job", [job.ArchiveSizeInBytes, job.SHA256TreeHash, job.Tier], [tar.length, SHA256TreeHash, "Bulk"]);
  await stream(job.JobId, tar);
  const size = tar.length;
  for (const [first, last] of [[0, 4 * MIB - 1], [64 * MIB, size - 1], [5, 7], [MIB, 3 * MIB - 1], [0, size - 1], [size - 3, size + 3]]) {
    const range = `bytes=${first}-${last}`;
    const end = Math.min(last, size - 1);
    const want = tar.subarray(first, end + 1);
    const answer = await call("getJobOutput", { jobId: job.JobId, range });
    sameBytes(`output ${range}`, answer.body, want);
    same(`output ${range}`, [answer.status, answer.contentRange, answer.checksum],
      [206, `bytes ${first}-${end}/${size}`, isNode(first, end, size) ? treeHash(want) : undefined]);
  }
  same("jobs", (await call("listJobs", { completed: "true", statuscode: "Succeeded" })).JobList.map((j) => j.JobId), [job.JobId]);
  same("jobs in progress", (await call("listJobs", { statuscode: "InProgress" })).JobList, []);
}

async function inventories() {
  const text = async (Format) => {
    const { JobId, InventorySizeInBytes } = await start({ Type: "inventory-retrieval", Format });
    const answer = await call("getJobOutput", { jobId: JobId });
    same("size of the inventory", answer.body.length, InventorySizeInBytes);
    await stream(JobId, answer.body);
    await stream(JobId, answer.body.subarray(10), `bytes=10-${answer.body.length - 1}`);
    return answer.body.toString();
  };
  const { ArchiveList } = JSON.parse(await text("JSON"));
  same("inventory", ArchiveList.map(({ CreationDate, ...archive }) => archive), book.map(({ data, ...archive }) => archive));
  same("inventory in CSV", await text("CSV"), csv(ArchiveList));
}

async function refusals() {
  await refused("missing vault", "ResourceNotFoundException", `Vault not found for ARN: ${arn(missing)}`, () => call("describeVault", { vaultName: missing }));
  await refused("vault with archives", "InvalidParameterValueException", `Vault not empty or recently written to: ${arn(vaultName)}`, () => call("deleteVault"));
  await refused("another vault's archive", "InvalidParameterValueException", `Invalid vault name: ${arn(kept)}`,
    () => call("deleteArchive", { vaultName: kept, archiveId: book[0].ArchiveId }));
  await refused("wrong secret", "InvalidSignatureException", undefined, () => connect({ ...keys, secretAccessKey: "w".repeat(40) }).listVaults().promise());
}

async function remove() {
  for (const archive of [...book, book[0]]) await call("deleteArchive", { archiveId: archive.ArchiveId });
  await call("deleteVault");
  await glacier.waitFor("vaultNotExists", { vaultName }).promise();
  await call("deleteVault");
  const body = tar.subarray(0, MIB + 1);
  assert.equal((await call("uploadArchive", { vaultName: kept, body })).checksum, treeHash(body));
}

await walk([
  ["vaults: create twice, waiter vaultExists, describe, list by pages, tags", vaults],
  ["upload a tar whole, 1 byte, and every kind of description; a wrong tree hash is refused", upload],
  ["parts of 2 MiB out of order; lists; complete wrongly, rightly, twice; abort", parts],
  ["retrieve the tar whole as a stream with an empty range, and in ranges", retrieve],
  ["inventories in JSON and CSV", inventories],
  ["errors: missing vault, full vault, another vault's archive, secret", refusals],
  ["delete archives and the vault, waiter vaultNotExists; leave another vault", remove],
]);
