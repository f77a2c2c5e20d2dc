"""A session with boto3 and the AWS CLI about topics.

Takes ENDPOINT, SUBSCRIBER (an HTTP endpoint), SUBSCRIBED (which gives back what that has received, one message at a time),
and the usual variables of a key and a region.
"""

import json
import os
import subprocess
import urllib.error
import urllib.request

import boto3
import botocore.config
import botocore.exceptions

ENDPOINT = os.environ["ENDPOINT"]
SUBSCRIBER = os.environ["SUBSCRIBER"]


def aws(*arguments):
    """Runs the CLI, and returns its document."""
    out = subprocess.run(["/usr/bin/aws", "--endpoint-url", ENDPOINT, "--output", "json", "sns", *arguments], capture_output=True, text=True)
    if out.returncode:
        raise RuntimeError(out.stderr.strip())
    return json.loads(out.stdout) if out.stdout.strip() else None


def received():
    """What the subscriber has received next. It waits."""
    with urllib.request.urlopen(os.environ["SUBSCRIBED"], timeout=60) as reply:
        return json.load(reply)


def same(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def refused(code, status, action, **parameters):
    try:
        action(**parameters)
    except botocore.exceptions.ClientError as e:
        same((e.response["Error"]["Code"], e.response["ResponseMetadata"]["HTTPStatusCode"]), (code, status))
        return e
    raise AssertionError(f"not refused: {parameters}")


def with_cli():
    topic = aws("create-topic", "--name", "cli", "--attributes", "DisplayName=Firn", "--tags", "Key=a,Value=1")["TopicArn"]
    same(aws("list-topics"), {"Topics": [{"TopicArn": topic}]})
    same(aws("get-topic-attributes", "--topic-arn", topic)["Attributes"]["DisplayName"], "Firn")
    aws("set-topic-attributes", "--topic-arn", topic, "--attribute-name", "DisplayName", "--attribute-value", "Snow")
    same(aws("get-topic-attributes", "--topic-arn", topic)["Attributes"]["DisplayName"], "Snow")
    aws("tag-resource", "--resource-arn", topic, "--tags", "Key=b,Value=2")
    aws("untag-resource", "--resource-arn", topic, "--tag-keys", "a")
    same(aws("list-tags-for-resource", "--resource-arn", topic), {"Tags": [{"Key": "b", "Value": "2"}]})

    reply = aws("subscribe", "--topic-arn", topic, "--protocol", "http", "--notification-endpoint", SUBSCRIBER)
    same(reply, {"SubscriptionArn": "pending confirmation"})
    request = received()
    same(request["Type"], "SubscriptionConfirmation")
    same(aws("list-subscriptions-by-topic", "--topic-arn", topic)["Subscriptions"][0]["SubscriptionArn"], "PendingConfirmation")
    subscription = aws("confirm-subscription", "--topic-arn", topic, "--token", request["Token"])["SubscriptionArn"]
    same(aws("list-subscriptions")["Subscriptions"], [
        {"SubscriptionArn": subscription, "Owner": topic.split(":")[4], "Protocol": "http", "Endpoint": SUBSCRIBER, "TopicArn": topic},
    ])
    attributes = {"color": {"DataType": "String", "StringValue": "red"}, "raw": {"DataType": "Binary", "BinaryValue": "AP8="}}
    published = aws("publish", "--topic-arn", topic, "--subject", "hello", "--message", "line 1\nline 2 & <more> ü",
                    "--message-attributes", json.dumps(attributes))
    note = received()
    same((note["Type"], note["MessageId"], note["Subject"], note["Message"]),
         ("Notification", published["MessageId"], "hello", "line 1\nline 2 & <more> ü"))
    same(note["MessageAttributes"], {"color": {"Type": "String", "Value": "red"}, "raw": {"Type": "Binary", "Value": "AP8="}})
    with urllib.request.urlopen(note["SigningCertURL"]) as reply:
        assert reply.read().startswith(b"-----BEGIN CERTIFICATE-----")
    try:
        urllib.request.urlopen(note["UnsubscribeURL"])
        raise AssertionError("anybody may unsubscribe")
    except urllib.error.HTTPError as e:
        same(e.code, 403)
        assert b"<Code>AuthorizationError</Code>" in e.read()

    aws("set-subscription-attributes", "--subscription-arn", subscription, "--attribute-name", "RawMessageDelivery", "--attribute-value", "true")
    same(aws("get-subscription-attributes", "--subscription-arn", subscription)["Attributes"]["RawMessageDelivery"], "true")
    aws("publish", "--topic-arn", topic, "--message", json.dumps({"raw": True}))
    same(received(), {"raw": True})
    aws("unsubscribe", "--subscription-arn", subscription)
    same(aws("list-subscriptions")["Subscriptions"], [])
    try:
        aws("publish", "--topic-arn", topic + "x", "--message", "m")
        raise AssertionError("published to nothing")
    except RuntimeError as e:
        same(str(e).split("\n")[-1].replace("aws: [ERROR]: ", ""), "An error occurred (NotFound) when calling the Publish operation: Topic does not exist")
    aws("delete-topic", "--topic-arn", topic)
    same(aws("list-topics"), {"Topics": []})


def with_boto3():
    sns = boto3.client("sns", endpoint_url=ENDPOINT, config=botocore.config.Config(retries={"total_max_attempts": 1}))
    topic = sns.create_topic(Name="boto3", Attributes={}, Tags=[])["TopicArn"]
    same(sns.create_topic(Name="boto3")["TopicArn"], topic)
    resource = boto3.resource("sns", endpoint_url=ENDPOINT).Topic(topic)
    same([t.arn for t in boto3.resource("sns", endpoint_url=ENDPOINT).topics.all()], [topic])
    same(sns.list_tags_for_resource(ResourceArn=topic)["Tags"], [])

    subscription = resource.subscribe(Protocol="http", Endpoint=SUBSCRIBER, Attributes={"FilterPolicyScope": "MessageBody"}, ReturnSubscriptionArn=True)
    assert subscription.arn.startswith(topic + ":"), subscription.arn
    with urllib.request.urlopen(received()["SubscribeURL"]) as reply:
        assert b"<ConfirmSubscriptionResult><SubscriptionArn>" + subscription.arn.encode() + b"<" in reply.read()
    same([s.arn for s in resource.subscriptions.all()], [subscription.arn])
    same(subscription.attributes["PendingConfirmation"], "false")
    one = resource.publish(Message='{"default": "d", "http": "h"}', MessageStructure="json")
    same((lambda m: (m["MessageId"], m["Message"]))(received()), (one["MessageId"], "h"))
    batch = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[
        {"Id": "a", "Message": "1", "MessageAttributes": {"n": {"DataType": "Number", "StringValue": "7"}}},
        {"Id": "b", "Message": "2", "Subject": "no\nline"},
        {"Id": "c", "Message": "3"},
    ])
    same([s["Id"] for s in batch["Successful"]], ["a", "c"])
    same(batch["Failed"], [{"Id": "b", "Code": "InvalidParameter", "Message": "Invalid parameter: Subject", "SenderFault": True}])
    same([received()["Message"] for _ in "ac"], ["1", "3"])

    for n in range(120):
        sns.create_topic(Name=f"many-{n}")
    pages = [len(page["Topics"]) for page in sns.get_paginator("list_topics").paginate()]
    same(pages, [100, 21])
    same([len(page["Subscriptions"]) for page in sns.get_paginator("list_subscriptions").paginate()], [1])
    same([len(page["Subscriptions"]) for page in sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)], [1])

    refused("NotFound", 404, sns.get_topic_attributes, TopicArn=topic + "x")
    refused("InvalidParameter", 400, sns.create_topic, Name="a b")
    refused("InvalidParameter", 400, sns.subscribe, TopicArn=topic, Protocol="sms", Endpoint="+46123")
    refused("AuthorizationError", 403, sns.publish, TopicArn=topic.replace(topic.split(":")[4], "999999999999"), Message="m")
    refused("ResourceNotFound", 404, sns.tag_resource, ResourceArn=topic + "x", Tags=[{"Key": "k", "Value": "v"}])
    refused("EmptyBatchRequest", 400, sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=[])
    assert isinstance(refused("InvalidParameter", 400, sns.publish, TopicArn=topic, Message=""), sns.exceptions.InvalidParameterException)
    assert isinstance(refused("AuthorizationError", 403, sns.delete_topic, TopicArn=topic.replace(topic.split(":")[4], "999999999999")),
                      sns.exceptions.AuthorizationErrorException)
    subscription.delete()
    resource.delete()
    refused("NotFound", 404, sns.publish, TopicArn=topic, Message="m")
    stranger = boto3.client("sns", endpoint_url=ENDPOINT, aws_access_key_id="AKIANOBODY", aws_secret_access_key="x")
    refused("InvalidClientTokenId", 403, stranger.list_topics)


with_cli()
with_boto3()
print("done")
