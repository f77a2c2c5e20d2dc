// A session with @aws-sdk/client-sns, which speaks the Query protocol, and @aws-sdk/client-sqs, which speaks JSON: a topic, a
// queue, and a job that tells when it is done.

import assert from "node:assert/strict";
import { Glacier } from "@aws-sdk/client-glacier";
import { SNS, paginateListTopics } from "@aws-sdk/client-sns";
import { SQS, paginateListQueues } from "@aws-sdk/client-sqs";
import { AWS_REGION, ENDPOINT, collect, keys, refused, same, walk } from "./compare.mjs";

const options = { endpoint: ENDPOINT, region: AWS_REGION, credentials: keys };
const [glacier, sns, sqs] = [new Glacier(options), new SNS(options), new SQS(options)];
const vaultName = "jssdk.told";
let topic, queue, queueArn;

async function receive(count = 1) {
  const got = [];
  while (got.length < count) {
    const { Messages = [] } = await sqs.receiveMessage({
      QueueUrl: queue, WaitTimeSeconds: 20, MaxNumberOfMessages: 10, MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["All"],
    });
    assert.ok(Messages.length > 0, `a message within 20 s, after ${got.length} of ${count}`);
    for (const { ReceiptHandle } of Messages) await sqs.deleteMessage({ QueueUrl: queue, ReceiptHandle });
    got.push(...Messages);
  }
  return got;
}

async function topics() {
  topic = (await sns.createTopic({ Name: "jssdk-done", Tags: [{ Key: "a", Value: "b" }] })).TopicArn;
  same("topics", (await collect(paginateListTopics({ client: sns }, {}), "Topics")).some((t) => t.TopicArn === topic), true);
  same("tags", (await sns.listTagsForResource({ ResourceArn: topic })).Tags, [{ Key: "a", Value: "b" }]);
  await refused("a topic that is not there", "NotFoundException", undefined, () => sns.publish({ TopicArn: `${topic}x`, Message: "x" }));
}

async function queues() {
  queue = (await sqs.createQueue({ QueueName: "jssdk-done", Attributes: { VisibilityTimeout: "20" } })).QueueUrl;
  queueArn = (await sqs.getQueueAttributes({ QueueUrl: queue, AttributeNames: ["All"] })).Attributes.QueueArn;
  same("queues", (await collect(paginateListQueues({ client: sqs }, {}), "QueueUrls")).includes(queue), true);
  const { Successful } = await sqs.sendMessageBatch({ QueueUrl: queue, Entries: ["1", "2"].map((Id) => ({ Id, MessageBody: `body ${Id}` })) });
  same("sent", Successful.map((s) => s.Id), ["1", "2"]);
  same("received", (await receive(2)).map((m) => m.Body), ["body 1", "body 2"]);
  await refused("a queue that is not there", "QueueDoesNotExist", undefined, () => sqs.getQueueUrl({ QueueName: "missing" }));
  await refused("a receipt that is none", "ReceiptHandleIsInvalid", undefined, () => sqs.deleteMessage({ QueueUrl: queue, ReceiptHandle: "x" }));
}

async function jobs() {
  const { SubscriptionArn } = await sns.subscribe({ TopicArn: topic, Protocol: "sqs", Endpoint: queueArn, ReturnSubscriptionArn: true });
  assert.ok(SubscriptionArn.startsWith(`${topic}:`), SubscriptionArn);
  await glacier.createVault({ vaultName });
  await glacier.setVaultNotifications({ vaultName, vaultNotificationConfig: { SNSTopic: topic, Events: ["InventoryRetrievalCompleted"] } });
  const { jobId } = await glacier.initiateJob({ vaultName, jobParameters: { Type: "inventory-retrieval" } });
  const { Message } = JSON.parse((await receive())[0].Body);
  const { $metadata: _, ...described } = await glacier.describeJob({ vaultName, jobId });
  const told = JSON.parse(Message);
  for (const name of ["JobId", "StatusCode", "CompletionDate", "InventorySizeInBytes"]) same(name, told[name], described[name]);
  await sns.setSubscriptionAttributes({ SubscriptionArn, AttributeName: "RawMessageDelivery", AttributeValue: "true" });
  await sns.publish({ TopicArn: topic, Message: "raw", MessageAttributes: { n: { DataType: "Number", StringValue: "7" } } });
  const [raw] = await receive();
  same("raw", [raw.Body, raw.MessageAttributes.n.StringValue], ["raw", "7"]);
}

async function leave() {
  await sns.deleteTopic({ TopicArn: topic });
  await sqs.deleteQueue({ QueueUrl: queue });
  await glacier.deleteVault({ vaultName });
  await refused("a topic that is gone", "NotFoundException", undefined, () => sns.getTopicAttributes({ TopicArn: topic }));
}

await walk([
  ["topics", topics],
  ["queues, in JSON", queues],
  ["a job tells a topic, and the topic a queue; raw delivery", jobs],
  ["all of it ends", leave],
]);
