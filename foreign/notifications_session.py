"""A session with boto3 and the AWS CLI about topics and queues, and about jobs that tell when they are done.

Takes ENDPOINT, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and ACCOUNT. It is what the high-level helpers of
the Java and .NET SDKs do: a topic, a queue, a subscription, a job, and a wait for its message.
"""

import json
import os
import subprocess

import boto3
import botocore.config
import botocore.exceptions

from session import Difference, ENDPOINT, REGION, ok, run, same, true

KEY = (os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
ACCOUNT = os.environ["ACCOUNT"]


def client(service):
    return boto3.client(
        service, region_name=REGION, endpoint_url=ENDPOINT, aws_access_key_id=KEY[0], aws_secret_access_key=KEY[1],
        config=botocore.config.Config(retries={"max_attempts": 0}, read_timeout=60),
    )


glacier, sns, sqs = client("glacier"), client("sns"), client("sqs")


def cli(*arguments):
    environment = dict(os.environ, AWS_PAGER="")
    done = subprocess.run(
        ["/usr/bin/aws", "--endpoint-url", ENDPOINT, "--region", REGION, "--output", "json", *arguments],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )
    true("aws %s: %s" % (" ".join(arguments[:2]), done.stdout), done.returncode == 0)
    return json.loads(done.stdout) if done.stdout.strip() else None


def refused(what, call, code, **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        same(what, error.response["Error"]["Code"], code)
        return
    raise Difference(what + ": not refused")


def receive(url, count=1, attributes=("All",)):
    """Long polling, until there are so many messages; they are deleted."""
    got = []
    while len(got) < count:
        batch = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=20,
                                    AttributeNames=["All"], MessageAttributeNames=list(attributes)).get("Messages", [])
        true("a message within 20 s, after %d of %d" % (len(got), count), batch)
        for message in batch:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        got += batch
    return got


def nothing(what, url):
    same(what, sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []), [])


def topics():
    topic = sns.create_topic(Name="done")["TopicArn"]
    same("a topic's ARN", topic, "arn:aws:sns:%s:%s:done" % (REGION, ACCOUNT))
    same("the topic again", sns.create_topic(Name="done")["TopicArn"], topic)
    true("topics", topic in [t["TopicArn"] for t in sns.list_topics()["Topics"]])
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="Done")
    attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    same("attributes", (attributes["DisplayName"], attributes["Owner"], attributes["TopicArn"]), ("Done", ACCOUNT, topic))
    json.loads(attributes["Policy"])
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": "b"}])
    same("tags", sns.list_tags_for_resource(ResourceArn=topic)["Tags"], [{"Key": "a", "Value": "b"}])
    refused("an unknown topic", sns.get_topic_attributes, "NotFound", TopicArn=topic + "-not")
    refused("a topic of another region", sns.publish, "InvalidParameter", TopicArn=topic.replace(REGION, "xx-north-9"), Message="x")
    refused("no ARN", sns.publish, "InvalidParameter", TopicArn="done", Message="x")
    ok("topics")
    return topic


def queues():
    url = sqs.create_queue(QueueName="waiting", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
    true("the queue's URL %s points back" % url, url.startswith(ENDPOINT + "/"))
    same("its URL by name", sqs.get_queue_url(QueueName="waiting")["QueueUrl"], url)
    true("queues", url in sqs.list_queues()["QueueUrls"])
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    same("its attributes", (attributes["VisibilityTimeout"], attributes["QueueArn"]), ("30", "arn:aws:sqs:%s:%s:waiting" % (REGION, ACCOUNT)))
    sent = sqs.send_message(QueueUrl=url, MessageBody="hello", MessageAttributes={"n": {"DataType": "Number", "StringValue": "7"}})
    got = receive(url)[0]
    same("what was sent", (got["MessageId"], got["Body"], got["MessageAttributes"]["n"]["StringValue"]), (sent["MessageId"], "hello", "7"))
    nothing("after its deletion", url)
    sqs.send_message(QueueUrl=url, MessageBody="again")
    first = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]
    nothing("while somebody has it", url)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
    second = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5, AttributeNames=["ApproximateReceiveCount"])["Messages"][0]
    same("received again", (second["MessageId"], second["Attributes"]["ApproximateReceiveCount"]), (first["MessageId"], "2"))
    same("deleted in a batch", [s["Id"] for s in sqs.delete_message_batch(
        QueueUrl=url, Entries=[{"Id": "x", "ReceiptHandle": second["ReceiptHandle"]}])["Successful"]], ["x"])
    sqs.send_message(QueueUrl=url, MessageBody="to be purged")
    sqs.purge_queue(QueueUrl=url)
    nothing("after a purge", url)
    refused("an unknown queue", sqs.get_queue_url, "AWS.SimpleQueueService.NonExistentQueue", QueueName="missing")
    ok("queues")
    return url, attributes["QueueArn"]


def jobs(topic, url, queue):
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, ReturnSubscriptionArn=True)["SubscriptionArn"]
    true("confirmed at once: " + subscription, subscription.startswith(topic + ":"))
    glacier.create_vault(vaultName="telling")
    glacier.set_vault_notifications(vaultName="telling", vaultNotificationConfig={
        "SNSTopic": topic, "Events": ["ArchiveRetrievalCompleted", "InventoryRetrievalCompleted"]})
    same("notifications", glacier.get_vault_notifications(vaultName="telling")["vaultNotificationConfig"]["SNSTopic"], topic)
    archive = glacier.upload_archive(vaultName="telling", archiveDescription="<d> & \"q\"", body=b"ice")["archiveId"]

    job = glacier.initiate_job(vaultName="telling", jobParameters={"Type": "archive-retrieval", "ArchiveId": archive})["jobId"]
    envelope = json.loads(receive(url)[0]["Body"])
    same("the envelope", (envelope["Type"], envelope["TopicArn"]), ("Notification", topic))
    message = json.loads(envelope["Message"])
    same("compact and sorted", json.dumps(message, sort_keys=True, separators=(",", ":"), ensure_ascii=False), envelope["Message"])
    described = glacier.describe_job(vaultName="telling", jobId=job)
    for name in ("JobId", "Completed", "StatusCode", "CompletionDate", "ArchiveId", "SHA256TreeHash", "ArchiveSizeInBytes"):
        same(name, message[name], described[name])
    same("its output is there", glacier.get_job_output(vaultName="telling", jobId=job)["body"].read(), b"ice")
    ok("an archive job tells the vault's topic, with DescribeJob's document")

    job = glacier.initiate_job(vaultName="telling", jobParameters={"Type": "inventory-retrieval", "SNSTopic": topic})["jobId"]
    messages = [json.loads(json.loads(m["Body"])["Message"]) for m in receive(url, 2)]
    same("both, to the same topic", [m["JobId"] for m in messages], [job, job])
    same("the size of the inventory", messages[0]["InventorySizeInBytes"], len(glacier.get_job_output(vaultName="telling", jobId=job)["body"].read()))
    glacier.delete_vault_notifications(vaultName="telling")
    glacier.initiate_job(vaultName="telling", jobParameters={"Type": "inventory-retrieval"})
    nothing("nobody asked", url)
    ok("an inventory job tells both topics")
    return subscription


def subscriptions(topic, url, subscription):
    sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName="RawMessageDelivery", AttributeValue="true")
    sns.publish(TopicArn=topic, Message="raw", MessageAttributes={"kind": {"DataType": "String", "StringValue": "a"}})
    got = receive(url)[0]
    same("raw", (got["Body"], got["MessageAttributes"]["kind"]["StringValue"]), ("raw", "a"))
    sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName="FilterPolicy", AttributeValue='{"kind":["b",{"prefix":"c"}]}')
    for kind in ("a", "b", "cc"):
        sns.publish(TopicArn=topic, Message="kind " + kind, MessageAttributes={"kind": {"DataType": "String", "StringValue": kind}})
    same("filtered", [m["Body"] for m in receive(url, 2)], ["kind b", "kind cc"])
    nothing("the other one", url)
    refused("a filter that is none", sns.set_subscription_attributes, "InvalidParameter",
            SubscriptionArn=subscription, AttributeName="FilterPolicy", AttributeValue="{")
    attributes = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    same("attributes", (attributes["RawMessageDelivery"], attributes["PendingConfirmation"]), ("true", "false"))
    same("subscriptions", [s["SubscriptionArn"] for s in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]], [subscription])
    pending = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint="http://127.0.0.1:9/nobody")["SubscriptionArn"]
    same("not confirmed", pending.lower().replace(" ", ""), "pendingconfirmation")
    refused("a token that was made up", sns.confirm_subscription, "InvalidParameter", TopicArn=topic, Token="0" * 64)
    sns.unsubscribe(SubscriptionArn=subscription)
    sns.publish(TopicArn=topic, Message="nobody hears")
    nothing("after the end of the subscription", url)
    ok("raw delivery, filters, confirmation, the end of a subscription")


def by_the_cli():
    topic = cli("sns", "create-topic", "--name", "cli-topic")["TopicArn"]
    url = cli("sqs", "create-queue", "--queue-name", "cli-queue")["QueueUrl"]
    queue = cli("sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names", "QueueArn")["Attributes"]["QueueArn"]
    cli("sns", "subscribe", "--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint", queue)
    cli("sns", "publish", "--topic-arn", topic, "--subject", "greetings", "--message", "from the CLI")
    message = cli("sqs", "receive-message", "--queue-url", url, "--wait-time-seconds", "20")["Messages"][0]
    envelope = json.loads(message["Body"])
    same("by the CLI", (envelope["Subject"], envelope["Message"]), ("greetings", "from the CLI"))
    cli("sqs", "delete-message", "--queue-url", url, "--receipt-handle", message["ReceiptHandle"])
    same("topics by the CLI", topic in [t["TopicArn"] for t in cli("sns", "list-topics")["Topics"]], True)
    cli("sns", "delete-topic", "--topic-arn", topic)
    cli("sqs", "delete-queue", "--queue-url", url)
    same("queues by the CLI", url in (cli("sqs", "list-queues") or {}).get("QueueUrls", []), False)
    ok("aws sns and aws sqs")


def session():
    topic = topics()
    url, queue = queues()
    subscription = jobs(topic, url, queue)
    subscriptions(topic, url, subscription)
    by_the_cli()
    sns.delete_topic(TopicArn=topic)
    sns.delete_topic(TopicArn=topic)
    sqs.delete_queue(QueueUrl=url)
    refused("a topic that is gone", sns.get_topic_attributes, "NotFound", TopicArn=topic)
    ok("they end")


run(session)
