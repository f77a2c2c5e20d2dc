// A session with @aws-sdk/client-glacier, version 3.

import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import {
  Glacier, paginateListJobs, paginateListMultipartUploads, paginateListParts, paginateListVaults,
  waitUntilVaultExists, waitUntilVaultNotExists,
} from "@aws-sdk/client-glacier";
import {
  AWS_REGION, ENDPOINT, FIRN_TAR, MIB, collect, csv, descriptions, finished, isNode, keys, refused, same, sameBytes, tar, treeHash, walk,
} from "./compare.mjs";

const connect = (credentials = keys) => new Glacier({ endpoint: ENDPOINT, region: AWS_REGION, credentials });

const client = connect();
const [vaultName, other, kept, missing] = ["jssdk.session", "jssdk.other", "jssdk.kept", "jssdk.none"];
const book = []; // what the inventory of the vault must say, in order
let account;

const arn = (name) => `arn:aws:glacier:${AWS_REGION}:${account}:vaults/${name}`;

async function createVault() {
  const { location } = await client.createVault({ vaultName });
  [, account] = location.match(/^\/(\d{12})\/vaults\/jssdk\.session$/);
  await waitUntilVaultExists({ client, maxWaitTime: 30 }, { vaultName });
  const { $metadata: _, ...before } = await client.describeVault({ vaultName });
  same("second location", (await client.createVault({ vaultName })).location, location);
  const { $metadata: __, ...after } = await client.describeVault({ accountId: account, vaultName });
  same("vault after the second createVault", after, before);
  assert.match(after.CreationDate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  same("ARN", after.VaultARN, arn(vaultName));
  same("fresh counters", [after.NumberOfArchives, after.SizeInBytes, after.LastInventoryDate ?? null], [0, 0, null]);
}

async function listVaults() {
  const paged = Array.from({ length: 11 }, (_, n) => `jssdk.page-${n}`);
  const mine = [vaultName, other, kept, ...paged].sort();
  for (const name of mine) await client.createVault({ vaultName: name });
  for (const pageSize of [undefined, 1, 3]) {
    const names = (await collect(paginateListVaults({ client, pageSize }, { accountId: "-" }), "VaultList")).map((v) => v.VaultName);
    same("vaults in order of name", names, [...names].sort());
    same(`vaults by pages of ${pageSize}`, names.filter((name) => name.startsWith("jssdk.")), mine);
  }
  for (const name of paged) await client.deleteVault({ vaultName: name });
}

async function oddNames() {
  for (const name of ["...", "-", "_.-"]) {
    await client.createVault({ vaultName: name });
    same("name", (await client.describeVault({ vaultName: name })).VaultName, name);
    await client.deleteVault({ vaultName: name });
  }
}

async function tags() {
  const want = { colour: "green", Größe: "XL +-=._/@", empty: "" };
  await client.addTagsToVault({ vaultName, Tags: { ...want, colour: "blue" } });
  await client.addTagsToVault({ vaultName, Tags: { colour: "green" } });
  same("tags", (await client.listTagsForVault({ vaultName })).Tags, want);
  await client.removeTagsFromVault({ vaultName, TagKeys: ["empty", "never"] });
  delete want.empty;
  same("tags after removing one", (await client.listTagsForVault({ vaultName })).Tags, want);
}

// Enters an archive into the book after looking at what the answer says of it.
function keep(answer, data, description = "") {
  assert.match(answer.archiveId, /^[A-Za-z0-9_][A-Za-z0-9_-]{137}$/);
  same("checksum", answer.checksum, treeHash(data));
  same("location", answer.location, `/${account}/vaults/${vaultName}/archives/${answer.archiveId}`);
  book.push({ ArchiveId: answer.archiveId, ArchiveDescription: description, Size: data.length, SHA256TreeHash: treeHash(data), data });
}

async function upload() {
  const archiveDescription = descriptions[0];
  keep(await client.uploadArchive({ vaultName, archiveDescription, body: createReadStream(FIRN_TAR) }), tar, archiveDescription);
  for (const [i, description] of descriptions.entries()) {
    if (i === 0) continue;
    const body = tar.subarray(i, i + 1 + (i - 1) * (MIB - 7));
    keep(await client.uploadArchive({ vaultName, archiveDescription: description, body }), body, description);
  }
}

async function uploadRefused() {
  const [checksum, body] = ["0".repeat(64), Buffer.from("bytes")];
  await refused("wrong tree hash", "InvalidParameterValueException", `Checksum mismatch: expected ${checksum}, computed ${treeHash(body)}`,
    () => client.uploadArchive({ vaultName, body, checksum }));
  await refused("missing vault", "ResourceNotFoundException", `Vault not found for ARN: ${arn(missing)}`,
    () => client.uploadArchive({ vaultName: missing, body }));
}

async function putPart(uploadId, at, body) {
  const range = `bytes ${at}-${at + body.length - 1}/*`;
  same("checksum of a part", (await client.uploadMultipartPart({ vaultName, uploadId, range, body })).checksum, treeHash(body));
}

async function smallParts() {
  const data = tar.subarray(3 * MIB + 11, 3 * MIB + 11 + 6 * MIB + MIB / 2 + 3);
  const { uploadId } = await client.initiateMultipartUpload({ vaultName, partSize: `${MIB}`, archiveDescription: descriptions[3] });
  assert.match(uploadId, /^[A-Za-z0-9_][A-Za-z0-9_-]{91}$/);
  await putPart(uploadId, 2 * MIB, Buffer.alloc(MIB));
  for (const n of [6, 2, 0, 5, 1, 4, 3]) await putPart(uploadId, n * MIB, data.subarray(n * MIB, (n + 1) * MIB));
  await refused("part off its place", "InvalidParameterValueException", "Invalid Content-Range: bytes 1-1048576/*",
    () => putPart(uploadId, 1, data.subarray(0, MIB)));
  const want = Array.from({ length: 7 }, (_, n) => ({
    RangeInBytes: `${n * MIB}-${Math.min((n + 1) * MIB, data.length) - 1}`,
    SHA256TreeHash: treeHash(data.subarray(n * MIB, (n + 1) * MIB)),
  }));
  for (const pageSize of [undefined, 1, 3]) {
    same(`parts by pages of ${pageSize}`, await collect(paginateListParts({ client, pageSize }, { vaultName, uploadId }), "Parts"), want);
  }
  await complete(uploadId, data, descriptions[3]);
}

async function complete(uploadId, data, description) {
  const whole = { vaultName, uploadId, archiveSize: `${data.length}`, checksum: treeHash(data) };
  const wrong = "1".repeat(64);
  await refused("wrong tree hash", "InvalidParameterValueException", `Invalid x-amz-sha256-tree-hash: ${wrong}`,
    () => client.completeMultipartUpload({ ...whole, checksum: wrong }));
  await refused("wrong size", "InvalidParameterValueException", undefined,
    () => client.completeMultipartUpload({ ...whole, archiveSize: `${data.length - 1}` }));
  const answer = await client.completeMultipartUpload(whole);
  same("archive id of the second complete", (await client.completeMultipartUpload(whole)).archiveId, answer.archiveId);
  keep(answer, data, description);
  await refused("parts of a completed upload", "ResourceNotFoundException", `The upload ID was not found: ${uploadId}`,
    () => client.listParts({ vaultName, uploadId }));
}

async function bigParts() {
  const part = 8 * MIB;
  const data = tar.subarray(0, 5 * part + 5);
  const { uploadId } = await client.initiateMultipartUpload({ vaultName, partSize: `${part}` });
  await Promise.all([5, 3, 1, 0, 2, 4].map((n) => putPart(uploadId, n * part, data.subarray(n * part, (n + 1) * part))));
  await complete(uploadId, data);
}

async function uploads() {
  await refused("part size of 10 MiB", "InvalidParameterValueException",
    "Invalid part size: 10485760. Part size must not be null, must be a power of two and be between 1048576 and 4294967296 bytes.",
    () => client.initiateMultipartUpload({ vaultName, partSize: `${10 * MIB}` }));
  const open = [];
  for (let n = 0; n < 3; n++) open.push((await client.initiateMultipartUpload({ vaultName, partSize: `${MIB}` })).uploadId);
  const listed = async () => {
    const all = await collect(paginateListMultipartUploads({ client, pageSize: 2 }, { vaultName }), "UploadsList");
    return all.map((u) => u.MultipartUploadId).sort();
  };
  same("uploads by pages of 2", await listed(), [...open].sort());
  while (open.length) {
    const uploadId = open.pop();
    await client.abortMultipartUpload({ vaultName, uploadId });
    await client.abortMultipartUpload({ vaultName, uploadId });
    same("uploads after an abort", await listed(), [...open].sort());
  }
}

async function start(jobParameters) {
  const { jobId, location } = await client.initiateJob({ vaultName, jobParameters });
  same("location", location, `/${account}/vaults/${vaultName}/jobs/${jobId}`);
  return finished(() => client.describeJob({ vaultName, jobId }));
}

// Fetches a span of a job's output and compares bytes, Content-Range and checksum.
async function output(jobId, data, tree, span) {
  const range = span && `bytes=${span[0]}-${span[1]}`;
  const [first, last] = span ? [span[0], Math.min(span[1], data.length - 1)] : [0, data.length - 1];
  const want = data.subarray(first, last + 1);
  const answer = await client.getJobOutput({ vaultName, jobId, range });
  sameBytes(`output ${range}`, Buffer.from(await answer.body.transformToByteArray()), want);
  same(`output ${range}`, [answer.status, answer.acceptRanges, answer.contentRange, answer.checksum], [
    span ? 206 : 200, "bytes", span && `bytes ${first}-${last}/${data.length}`,
    tree && isNode(first, last, data.length) ? treeHash(want) : undefined,
  ]);
  return answer;
}

async function retrieve() {
  const [{ ArchiveId, SHA256TreeHash }] = book;
  const size = tar.length;
  const { JobId, ...job } = await start({ Type: "archive-retrieval", ArchiveId, Tier: "Expedited", Description: '"quoted" \\ job' });
  const want = {
    Action: "ArchiveRetrieval", ArchiveId, ArchiveSHA256TreeHash: SHA256TreeHash, ArchiveSizeInBytes: size, SHA256TreeHash,
    RetrievalByteRange: `0-${size - 1}`, Tier: "Expedited", JobDescription: '"quoted" \\ job', VaultARN: arn(vaultName),
  };
  for (const [key, value] of Object.entries(want)) same(key, job[key], value);
  const answer = await output(JobId, tar, true);
  same("contentType", answer.contentType, "application/octet-stream");
  same("archiveDescription", answer.archiveDescription, descriptions[0]);
  const spans = [
    [0, MIB - 1], [2 * MIB, 4 * MIB - 1], [64 * MIB, 128 * MIB - 1], [0, size - 1], [0, size + 9], [size - 1 - ((size - 1) % MIB), size - 1],
    [1, 1000], [MIB, 3 * MIB - 1], [0, 3 * MIB - 1], [size - 10, size + 1000], [size - 1, size - 1],
  ];
  for (const span of spans) await output(JobId, tar, true, span);
  const past = `bytes=${size}-${size + 1}`;
  await refused("range past the end", "InvalidParameterValueException", `The start of the range is larger than size of retrieved data: ${past}`,
    () => client.getJobOutput({ vaultName, jobId: JobId, range: past }));
}

async function retrieveRanges() {
  const { ArchiveId, SHA256TreeHash, data } = book[descriptions.length];
  for (const [first, last] of [[MIB, 2 * MIB - 1], [4 * MIB, data.length - 1], [0, 4 * MIB - 1], [MIB, 3 * MIB - 1]]) {
    const RetrievalByteRange = `${first}-${last}`;
    const job = await start({ Type: "archive-retrieval", ArchiveId, RetrievalByteRange });
    const piece = data.subarray(first, last + 1);
    const node = isNode(first, last, data.length);
    same("described range", [job.RetrievalByteRange, job.ArchiveSHA256TreeHash, job.SHA256TreeHash ?? null],
      [RetrievalByteRange, SHA256TreeHash, node ? treeHash(piece) : null]);
    for (const span of [undefined, [0, MIB - 1], [1, 2]]) await output(job.JobId, piece, node, span);
  }
  await refused("range off the MiB", "InvalidParameterValueException", undefined,
    () => start({ Type: "archive-retrieval", ArchiveId, RetrievalByteRange: "1-1048575" }));
}

async function jobs() {
  const listed = async (query) => (await collect(paginateListJobs({ client, pageSize: 2 }, { vaultName, ...query }), "JobList")).map((job) => job.JobId);
  const all = await listed({});
  same("number of jobs", all.length, 5);
  for (const [query, want] of [
    [{ completed: "true" }, all], [{ completed: "false" }, []], [{ statuscode: "Succeeded" }, all], [{ statuscode: "InProgress" }, []],
    [{ statuscode: "Failed", completed: "true" }, []], [{ statuscode: "Succeeded", completed: "true" }, all],
  ]) same(`jobs ${JSON.stringify(query)}`, await listed(query), want);
  await refused("bad status code", "InvalidParameterValueException", "The job status code is not valid: Done", () => listed({ statuscode: "Done" }));
  await refused("unknown job", "ResourceNotFoundException", undefined, () => client.describeJob({ vaultName, jobId: "j".repeat(92) }));
}

async function inventory(parameters) {
  const job = await start({ Type: "inventory-retrieval", ...parameters });
  const answer = await client.getJobOutput({ vaultName, jobId: job.JobId });
  const text = await answer.body.transformToString();
  same("size, type and checksum of an inventory", [job.InventorySizeInBytes, answer.contentType, answer.checksum],
    [Buffer.byteLength(text), parameters.Format === "CSV" ? "text/csv" : "application/json", undefined]);
  await output(job.JobId, Buffer.from(text), false, [3, text.length + 9]);
  return { job, text };
}

async function inventories() {
  const taken = JSON.parse((await inventory({})).text);
  same("vault of the inventory", taken.VaultARN, arn(vaultName));
  same("inventory", taken.ArchiveList.map(({ CreationDate, ...archive }) => archive), book.map(({ data, ...archive }) => archive));
  for (const { CreationDate } of taken.ArchiveList) assert.match(CreationDate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  same("inventory in CSV", (await inventory({ Format: "CSV" })).text, csv(taken.ArchiveList));
}

async function rangedInventories() {
  const ids = [];
  let Marker;
  do {
    const { job, text } = await inventory({ InventoryRetrievalParameters: { Limit: "3", Marker } });
    const page = JSON.parse(text).ArchiveList.map((archive) => archive.ArchiveId);
    assert.ok(page.length > 0 && page.length <= 3, `a page of ${page.length} archives`);
    ids.push(...page);
    Marker = job.InventoryRetrievalParameters.Marker ?? undefined;
  } while (Marker);
  same("inventory by pages of 3", ids, book.map((archive) => archive.ArchiveId));
  const { text } = await inventory({ Format: "JSON", InventoryRetrievalParameters: { EndDate: "2012-08-20T00:00:00Z" } });
  same("archives before 2012", JSON.parse(text).ArchiveList, []);
}

async function query() {
  const { archiveId } = await client.uploadArchive({ vaultName, body: "name,age\nAnn,31\nBob,45\n" });
  const SelectParameters = {
    Expression: "SELECT s.name FROM archive s WHERE s.age > 40", ExpressionType: "SQL",
    InputSerialization: { csv: { FileHeaderInfo: "USE" } }, OutputSerialization: { csv: { QuoteFields: "ALWAYS" } },
  };
  const OutputLocation = { S3: { BucketName: "answers", Prefix: "jssdk", CannedACL: "private", Tagging: { a: "b" } } };
  const parameters = { Type: "select", ArchiveId: archiveId, Tier: "Expedited", SelectParameters, OutputLocation };
  const job = await start(parameters);
  same("action and output path", [job.Action, job.JobOutputPath], ["Select", `jssdk/${job.JobId}/`]);
  same("what was asked for", [job.SelectParameters, job.OutputLocation], [SelectParameters, OutputLocation]);
  const answer = await client.getJobOutput({ vaultName, jobId: job.JobId });
  same("rows", [await answer.body.transformToString(), answer.contentType], ['"Bob"\n', "text/csv"]);
  SelectParameters.Expression = "SELECT name FROM archive GROUP BY name";
  await refused("GROUP BY", "InvalidParameterValueException", undefined, () => start(parameters));
  await client.deleteArchive({ vaultName, archiveId });
}

async function refusals() {
  await refused("missing vault", "ResourceNotFoundException", `Vault not found for ARN: ${arn(missing)}`, () => client.describeVault({ vaultName: missing }));
  await refused("another vault's archive", "InvalidParameterValueException", `Invalid vault name: ${arn(other)}`,
    () => client.deleteArchive({ vaultName: other, archiveId: book[1].ArchiveId }));
  await refused("vault with archives", "InvalidParameterValueException", `Vault not empty or recently written to: ${arn(vaultName)}`,
    () => client.deleteVault({ vaultName }));
  await refused("another account", "AccessDeniedException", "Access denied for account ID: 999999999999",
    () => client.describeVault({ accountId: "999999999999", vaultName }));
  await refused("wrong secret", "InvalidSignatureException", undefined, () => connect({ ...keys, secretAccessKey: "w".repeat(40) }).listVaults({}));
  await refused("unknown key", "UnrecognizedClientException", undefined, () => connect({ ...keys, accessKeyId: "AKIAIOSFODNN7NOTHERE" }).listVaults({}));
}

async function remove() {
  const { ArchiveId, data } = book[descriptions.length];
  const { JobId } = await start({ Type: "archive-retrieval", ArchiveId });
  for (const archive of [...book, book[0]]) await client.deleteArchive({ vaultName, archiveId: archive.ArchiveId });
  await refused("job for a deleted archive", "ResourceNotFoundException", `The archive ID was not found: ${ArchiveId}`,
    () => start({ Type: "archive-retrieval", ArchiveId }));
  await output(JobId, data, true);
  for (const name of [vaultName, other, vaultName]) await client.deleteVault({ vaultName: name });
  await waitUntilVaultNotExists({ client, maxWaitTime: 30 }, { vaultName });
}

async function leave() {
  await client.uploadArchive({ vaultName: kept, body: tar.subarray(0, 3 * MIB + 1) });
  const { uploadId } = await client.initiateMultipartUpload({ vaultName: kept, partSize: `${MIB}` });
  await client.uploadMultipartPart({ vaultName: kept, uploadId, range: "bytes 0-1048575/*", body: tar.subarray(0, MIB) });
}

await walk([
  ["create a vault, twice, describe it, waiter vaultExists", createVault],
  ["list vaults by pages of 10, 1 and 3", listVaults],
  ["vaults named ..., - and _.-", oddNames],
  ["add, list and remove tags", tags],
  ["upload a tar whole, 1 byte, and every kind of description", upload],
  ["uploads refused: wrong tree hash, missing vault", uploadRefused],
  ["7 parts of 1 MiB out of order, one replaced; list parts by pages; complete wrongly, rightly, twice", smallParts],
  ["parts of 8 MiB, six at a time", bigParts],
  ["list multipart uploads by pages, abort each twice", uploads],
  ["retrieve the tar whole and in ranges, checksums on exactly the aligned ones", retrieve],
  ["ranged retrievals, aligned and not", retrieveRanges],
  ["list jobs by pages and filters", jobs],
  ["inventories in JSON and CSV", inventories],
  ["ranged inventories with Limit and Marker", rangedInventories],
  ["ask an archive a question", query],
  ["errors: missing vault, another vault's archive, full vault, account, secret, key", refusals],
  ["delete archives, twice one; their finished output stays; delete vaults, waiter vaultNotExists", remove],
  ["leave a vault with an archive and an open upload", leave],
]);
