// A server that looks lived in: what the pictures show.

import { randomBytes } from "node:crypto";
import { Server, account, region } from "./server.mjs";

const MIB = 1 << 20;
const arn = (service, name) => `arn:aws:${service}:${region}:${account}:${name}`;

// Expedited retrievals and inventories are done at once; others are on their way.
export const flags = ["--standard-delay", "4h", "--bulk-delay", "9h"];

const places = ["Lofoten", "Trieste", "the allotment", "Anna's wedding", "Hokkaido", "school fair", "Isle of Skye", "Grandma's 90th"];
const ledgers = ["general ledger", "payroll", "invoices out", "invoices in", "VAT returns", "bank statements"];
const month = (n) => `${2019 + Math.floor(n / 12)}-${String((n % 12) + 1).padStart(2, "0")}`;

// What is in each vault: descriptions, and sizes in bytes.
const contents = {
  photos: Array.from({ length: 72 }, (_, n) => [`${month(n)} ${places[(n * 5) % places.length]}, raw.tar`, (1 + (n * 7) % 5) * 211_337]),
  records: Array.from({ length: 36 }, (_, n) => [`${2020 + Math.floor(n / 6)} ${ledgers[n % 6]}.pdf.gpg`, 83_411 + n * 1_913]),
  video: [["2023 Skye, drone, 4K.mov", 41 * MIB + 777], ["2024 school play, both cameras.tar", 28 * MIB + 4_321], ["VHS 01-12, digitised.tar", 19 * MIB]],
  "mail-archive": Array.from({ length: 24 }, (_, n) => [`${month(n + 48)} all mailboxes.mbox.zst`, 391_113 + n * 7_919]),
  contracts: [["leases, signed.zip", 612_115], ["insurance policies.zip", 204_511], ["employment, former staff.zip", 1_310_720]],
  "db-nightly": Array.from({ length: 30 }, (_, n) => [`shop.dump 2026-10-${String(n + 1).padStart(2, "0")}`, 512_000 + n * 3_301]),
  scratch: [],
};

const names = ["Ada", "Ben", "Chloe", "Dai", "Elif", "Femi", "Greta", "Hugo"];
const towns = ["Leeds", "Ghent", "Porto", "Turku"];
const table = (year) => ["date,customer,town,items,total", ...Array.from({ length: 400 }, (_, n) =>
  `${year}-${String((n % 12) + 1).padStart(2, "0")}-${String((n % 28) + 1).padStart(2, "0")},${names[n % 8]},${towns[(n * 3) % 4]},${1 + (n % 9)},${((n * 37) % 900) + 0.5}`)].join("\n");

const select = (ArchiveId, Expression) => ({
  Type: "select", ArchiveId, Tier: "Expedited", Description: "orders over 800",
  SelectParameters: { Expression, ExpressionType: "SQL", InputSerialization: { csv: { FileHeaderInfo: "USE" } }, OutputSerialization: { csv: {} } },
  OutputLocation: { S3: { BucketName: "results", Prefix: "orders" } },
});

const keepForYears = {
  Version: "2012-10-17",
  Statement: [{
    Sid: "keep-ten-years", Principal: "*", Effect: "Deny", Action: "glacier:DeleteArchive", Resource: arn("glacier", "vaults/records"),
    Condition: { NumericLessThan: { "glacier:ArchiveAgeInDays": "3650" } },
  }],
};

// furnish starts a server with all of it, and returns {server, and the ids that pages are about}.
export async function furnish() {
  const server = await new Server({ flags }).start();
  const { client } = server;
  const ids = {};
  for (const [vault, archives] of Object.entries(contents)) {
    await client.createVault(vault);
    ids[vault] = [];
    for (const [description, size] of archives) ids[vault].push(await upload(client, vault, description, size));
  }
  await client.createVault("reports");
  ids.reports = [];
  for (const year of [2022, 2023, 2024, 2025]) ids.reports.push(await client.upload("reports", table(year), `orders-${year}.csv`));
  const topic = await tell(server);
  await govern(client);
  await people(client);
  const jobs = await work(client, ids);
  await deliver(server, topic);
  return { server, archive: ids.photos[7], csv: ids.reports[3], user: "backup-agent", topic, ...jobs };
}

// upload takes big ones in parts, as a page does.
async function upload(client, vault, description, size) {
  const data = randomBytes(size);
  if (size < 8 * MIB) return client.upload(vault, data, description);
  return client.uploadParts(vault, data, description, 4 * MIB);
}

async function tell({ client, url }) {
  const topic = (await client.query("sns", "CreateTopic", { Name: "archive-jobs" }))("TopicArn");
  await client.query("sqs", "CreateQueue", { QueueName: "restored" });
  await client.query("sns", "Subscribe", { TopicArn: topic, Protocol: "sqs", Endpoint: arn("sqs", "restored") });
  await client.query("sns", "Subscribe", { TopicArn: topic, Protocol: "webhook", Endpoint: `${url}/intranet/hooks/glacier` });
  for (const vault of ["photos", "reports"]) {
    const json = { SNSTopic: topic, Events: ["ArchiveRetrievalCompleted", "InventoryRetrievalCompleted"] };
    await client.glacier("PUT", ["vaults", vault, "notification-configuration"], { json });
  }
  return topic;
}

async function govern(client) {
  const tags = { photos: { owner: "family", cost: "private" }, records: { owner: "accounts", retention: "10 years" }, video: { owner: "family" } };
  for (const [vault, Tags] of Object.entries(tags)) {
    await client.glacier("POST", ["vaults", vault, "tags"], { query: { operation: "add" }, json: { Tags } });
  }
  await client.lock("records", keepForYears);
  await client.lock("contracts", JSON.parse(JSON.stringify(keepForYears).replaceAll("vaults/records", "vaults/contracts")), false);
  const statement = { Sid: "auditors-read", Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: ["glacier:InitiateJob", "glacier:GetJobOutput"], Resource: arn("glacier", "vaults/reports") };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  await client.glacier("PUT", ["vaults", "reports", "access-policy"], { json: { Policy } });
  await client.glacier("PUT", ["policies", "data-retrieval"], { json: { Policy: { Rules: [{ Strategy: "BytesPerHour", BytesPerHour: 50 * 1024 * MIB }] } } });
  await client.glacier("POST", ["provisioned-capacity"]);
}

async function people(client) {
  await client.createUser("anna", { attach: ["AdministratorAccess"] });
  await client.createUser("auditor", { attach: ["AmazonGlacierReadOnlyAccess", "IAMReadOnlyAccess"] });
  const statement = { Effect: "Allow", Action: ["glacier:UploadArchive", "glacier:*Multipart*", "glacier:DescribeVault"], Resource: arn("glacier", "vaults/db-nightly") };
  await client.createUser("backup-agent", { policy: { Version: "2012-10-17", Statement: [statement] } });
  const old = await client.createKey("backup-agent");
  await client.setKey("backup-agent", old.id, "Inactive");
}

// work begins jobs that are done, that fail and that wait.
async function work(client, { photos, video, reports, records }) {
  const retrieve = (vault, ArchiveId, Tier, Description) => client.job(vault, { Type: "archive-retrieval", ArchiveId, Tier, Description });
  const job = await retrieve("photos", photos[7], "Expedited", "for the slide show");
  const inventory = await client.job("photos", { Type: "inventory-retrieval", Format: "JSON", Description: "monthly inventory" });
  const found = await client.job("reports", select(reports[3], "SELECT s.customer, s.town, s.total FROM archive s WHERE CAST(s.total AS DECIMAL) > 800"));
  const failed = await client.job("reports", select(reports[2], "SELECT CAST(s.customer AS INT) FROM archive s"));
  for (const [vault, id] of [["photos", job], ["photos", inventory], ["reports", found], ["reports", failed]]) await client.finished(vault, id);
  const waiting = await retrieve("video", video[0], "Standard", "cut for the reunion");
  await retrieve("video", video[2], "Bulk", "move to the new disks");
  await retrieve("records", records[9], "Standard", "tax office, case 4711");
  await client.job("records", { Type: "inventory-retrieval", Format: "CSV" });
  return { job, waiting, found, failed };
}

// deliver waits for the messages that the dead subscriber has not had.
async function deliver({ client }, TopicArn) {
  await client.query("sns", "Publish", { TopicArn, Subject: "Maintenance", Message: "Retrievals pause on Sunday from 02:00 to 04:00 UTC." });
}
