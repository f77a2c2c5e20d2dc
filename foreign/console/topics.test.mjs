// Topics and queues: made, subscribed, heard, given up and replayed; with JavaScript and without.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { allow, axe, check, harness, looks, root } from "./harness.mjs";

const { server, visit } = await harness();
const { client } = server;

// A subscriber who takes what he is sent, once he is well.
let well = false;
const bodies = [];
const hook = createServer(async (request, answer) => {
  const body = (await request.toArray()).join("");
  if (well) bodies.push(body);
  answer.writeHead(well ? 200 : 403).end();
});
await new Promise((resolve) => hook.listen(0, "127.0.0.1", resolve));
after(() => hook.close());
const endpoint = `http://user:hushhush@127.0.0.1:${hook.address().port}/here`;

for (const [how, options] of looks({ "with JavaScript": {}, "in the dark": { dark: true }, "without JavaScript": { script: false } })) {
  test(`a topic from first to last, ${how}`, async (t) => {
    well = false;
    const name = `done-${how.split(" ").at(-1)}`;
    const page = await visit(t, { as: root, ...options });
    page.on("dialog", (dialog) => dialog.accept());
    await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: "Topics" }).click();
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByRole("button", { name: "Create topic" }).click();
    await page.getByText("Nobody has subscribed.").waitFor();

    await page.getByLabel("Protocol").selectOption("webhook");
    await page.getByLabel("Endpoint", { exact: true }).fill(endpoint);
    await page.getByRole("button", { name: "Subscribe", exact: true }).click();
    await page.getByText("The subscription is there.").waitFor();
    assert.ok(!(await page.content()).includes("hushhush"));
    await page.getByLabel("Protocol").selectOption("kafka");
    await page.getByLabel("Endpoint", { exact: true }).fill("nonsense");
    allow(page, /^answer: 400 POST .*\/topic/);
    await page.getByRole("button", { name: "Subscribe", exact: true }).click();
    await page.getByRole("alert").getByText("Invalid parameter").waitFor();
    assert.equal(await page.getByLabel("Protocol").inputValue(), "kafka");

    await page.getByLabel("Subject, if any").fill("Lost");
    await page.getByLabel("Message", { exact: true }).fill("a message");
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByText("is on its way.").waitFor();
    const letters = page.getByRole("link", { name: "See the dead letters" });
    for (const end = Date.now() + 30_000; Date.now() < end && !(await letters.count()); ) await page.reload();
    await letters.click();
    await page.getByRole("rowheader", { name: /Lost/ }).waitFor();
    await page.getByText("with status 403").waitFor();
    if (options.script !== false) await check(page);

    well = true;
    bodies.length = 0;
    await page.getByRole("button", { name: "Replay all" }).click();
    await page.getByText("1 letter is tried anew.").waitFor();
    for (const end = Date.now() + 30_000; Date.now() < end && !bodies.length; ) await page.reload();
    assert.match(bodies[0], /a message/);

    await page.getByRole("link", { name }).click();
    await page.getByRole("link", { name: "Settings of webhook" }).click();
    await page.getByLabel("Filter policy").fill('{"kind": ["tape"]}');
    await page.getByRole("button", { name: "Save settings" }).click();
    await page.getByText("The subscription is changed.").waitFor();
    if (options.script !== false) await check(page);
    await page.getByRole("link", { name }).click();
    await page.getByLabel("Display name").fill("All that is done");
    await page.getByRole("button", { name: "Save attributes" }).click();
    await page.getByText("The topic is changed.").waitFor();
    if (options.script !== false) await axe(page);
    await page.getByRole("link", { name: /^Unsubscribe webhook/ }).click();
    await page.getByText("127.0.0.1").waitFor();
    if (options.script !== false) await check(page);
    await page.getByRole("button", { name: "Unsubscribe" }).click();
    await page.getByText("Nobody has subscribed.").waitFor();
    await page.getByRole("link", { name: "Delete topic" }).click();
    await page.getByLabel("Type the topic’s name").fill(name);
    await page.getByRole("button", { name: `Delete topic ${name}` }).click();
    await page.getByText(`The topic ${name} is deleted.`).waitFor();
  });
}

test("what somebody else has changed of a topic is not undone unseen", async (t) => {
  const topic = (await client.query("sns", "CreateTopic", { Name: "shared" }))("TopicArn");
  const set = (AttributeValue) => client.query("sns", "SetTopicAttributes", { TopicArn: topic, AttributeName: "DisplayName", AttributeValue });
  const page = await visit(t, { as: root });
  await page.goto(`/console/topic?topic=${encodeURIComponent(topic)}`);
  await page.getByRole("button", { name: "Save attributes" }).click();
  await page.getByText("Nothing was changed.").waitFor();
  await set("Theirs");
  await page.getByLabel("Display name").fill("Mine");
  allow(page, /^answer: 409 POST .*\/topic/);
  await page.getByRole("button", { name: "Save attributes" }).click();
  await page.getByRole("alert").getByText("somebody else has changed the display name").waitFor();
  assert.ok(await page.getByRole("alert").evaluate((alert) => alert === document.activeElement));
  assert.equal(await page.getByLabel("What is there now").innerText(), "Theirs");
  assert.equal(await page.getByLabel("Display name", { exact: true }).inputValue(), "Mine");
  await check(page);
  await page.getByRole("button", { name: "Save attributes" }).click();
  await page.getByText("The topic is changed.").waitFor();
  await page.getByRole("button", { name: "Save attributes" }).click();
  await page.getByText("Nothing was changed.").waitFor();
});

test("a queue is made, filled by a topic, emptied and deleted", async (t) => {
  const page = await visit(t, { as: root });
  await page.goto("/console/topics");
  await page.getByRole("link", { name: "see the queues" }).click();
  await page.getByLabel("Name", { exact: true }).fill("inbox");
  await page.getByRole("button", { name: "Create queue" }).click();
  await page.getByText("The queue inbox is there.").waitFor();
  await client.query("sqs", "SendMessage", { QueueUrl: "/111122223333/inbox", MessageBody: "hello" });
  await page.goto("/console/queues");
  assert.equal(await page.getByRole("row", { name: /inbox/ }).getByRole("cell").first().innerText(), "1");
  await check(page);
  await page.getByRole("link", { name: "inbox" }).click();
  await check(page);
  await page.getByLabel("Type the queue’s name").first().fill("inbox");
  await page.getByRole("button", { name: "Delete all messages" }).click();
  await page.getByText("All messages of the queue are deleted.").waitFor();
  await page.getByLabel("Type the queue’s name").last().fill("inbox");
  await page.getByRole("button", { name: "Delete queue" }).click();
  await page.getByText("There is no queue yet.").waitFor();
});
