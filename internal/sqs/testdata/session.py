# A session with queues by boto3: whichever protocol it speaks.
import os
import sys
import threading
import time

import boto3
import botocore

sqs = boto3.client("sqs", endpoint_url=os.environ["ENDPOINT"])
print("botocore", botocore.__version__, sqs.meta.service_model.metadata["protocol"])


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as e:
        got = e.response["Error"]["Code"]
        assert got == code, f"{got}, want {code}"
        return e
    raise AssertionError(f"not refused with {code}")


name = "boto-" + sys.argv[1]
url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "30"}, tags={"made": "by boto"})["QueueUrl"]
assert url.startswith(os.environ["ENDPOINT"]), url
assert sqs.create_queue(QueueName=name)["QueueUrl"] == url
assert sqs.get_queue_url(QueueName=name)["QueueUrl"] == url
assert sqs.list_queues(QueueNamePrefix=name)["QueueUrls"] == [url]
assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"made": "by boto"}
sqs.tag_queue(QueueUrl=url, Tags={"also": "this"})
sqs.untag_queue(QueueUrl=url, TagKeys=["made"])
assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"also": "this"}
e = refused("QueueAlreadyExists", sqs.create_queue, QueueName=name, Attributes={"VisibilityTimeout": "31"})
assert isinstance(e, sqs.exceptions.QueueNameExists), type(e)
e = refused("AWS.SimpleQueueService.NonExistentQueue", sqs.get_queue_url, QueueName="none")
assert isinstance(e, sqs.exceptions.QueueDoesNotExist), type(e)

sqs.set_queue_attributes(QueueUrl=url, Attributes={"ReceiveMessageWaitTimeSeconds": "1"})
attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
assert attributes["ReceiveMessageWaitTimeSeconds"] == "1" and attributes["QueueArn"].endswith(":" + name), attributes

# boto3 compares the digests by itself.
body = "a\r\n<ä> & \U0001F9CA"
sqs.send_message(
    QueueUrl=url,
    MessageBody=body,
    MessageAttributes={
        "text": {"DataType": "String", "StringValue": "ö"},
        "number": {"DataType": "Number.int", "StringValue": "12"},
        "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    },
)
(m,) = sqs.receive_message(QueueUrl=url, AttributeNames=["All"], MessageAttributeNames=["All"])["Messages"]
assert m["Body"] == body, m
assert m["Attributes"]["ApproximateReceiveCount"] == "1", m
assert m["MessageAttributes"]["bytes"]["BinaryValue"] == b"\x00\xff", m
assert m["MessageAttributes"]["text"]["StringValue"] == "ö", m
sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=m["ReceiptHandle"], VisibilityTimeout=0)
(again,) = sqs.receive_message(QueueUrl=url)["Messages"]
assert again["MessageId"] == m["MessageId"]
sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
e = refused("ReceiptHandleIsInvalid", sqs.delete_message, QueueUrl=url, ReceiptHandle="none")
assert isinstance(e, sqs.exceptions.ReceiptHandleIsInvalid), type(e)
assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=0)

# A receive that waits gets a message at once.
timer = threading.Timer(1, lambda: boto3.client("sqs", endpoint_url=os.environ["ENDPOINT"]).send_message(QueueUrl=url, MessageBody="at last"))
timer.start()
began = time.monotonic()
(m,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
assert m["Body"] == "at last" and time.monotonic() - began < 15, time.monotonic() - began
timer.join()
sqs.delete_message(QueueUrl=url, ReceiptHandle=m["ReceiptHandle"])

sent = sqs.send_message_batch(
    QueueUrl=url,
    Entries=[{"Id": str(i), "MessageBody": f"message {i}", "MessageAttributes": {"i": {"DataType": "Number", "StringValue": str(i)}}} for i in range(10)],
)
assert len(sent["Successful"]) == 10 and "Failed" not in sent, sent
refused("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", sqs.send_message_batch, QueueUrl=url, Entries=[{"Id": str(i), "MessageBody": "a"} for i in range(11)])
messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
assert [m["Body"] for m in messages] == [f"message {i}" for i in range(10)], messages
changed = sqs.change_message_visibility_batch(
    QueueUrl=url, Entries=[{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"], "VisibilityTimeout": 60} for i, m in enumerate(messages)]
)
assert len(changed["Successful"]) == 10, changed
ended = sqs.delete_message_batch(
    QueueUrl=url, Entries=[{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages[1:])] + [{"Id": "bad", "ReceiptHandle": "none"}]
)
assert len(ended["Successful"]) == 9 and [f["Id"] for f in ended["Failed"]] == ["bad"], ended
sqs.purge_queue(QueueUrl=url)
e = refused("AWS.SimpleQueueService.PurgeQueueInProgress", sqs.purge_queue, QueueUrl=url)
assert isinstance(e, sqs.exceptions.PurgeQueueInProgress), type(e)
counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"])["Attributes"]
assert set(counts.values()) == {"0"}, counts

# The resource interface, which takes the account and the name from the URL.
queue = boto3.resource("sqs", endpoint_url=os.environ["ENDPOINT"]).get_queue_by_name(QueueName=name)
queue.send_message(MessageBody="by resource")
(m,) = queue.receive_messages(WaitTimeSeconds=1)
assert m.body == "by resource"
m.delete()
queue.delete()
refused("AWS.SimpleQueueService.NonExistentQueue", sqs.send_message, QueueUrl=url, MessageBody="a")
print("done")
